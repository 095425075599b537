package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/internal/commitid"
)

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		GroupID: groupStart,
		Short:   "Show the version of this program",
		Example: `  reconcile version
  reconcile version -o json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return runVersion(a) },
	}
}

// versionJSON is what `version -o json` prints.
type versionJSON struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"` // "" if the build does not know it
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func runVersion(a *app) error {
	v := versionJSON{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, v)
	}
	text := "reconcile " + v.Version
	if v.Commit != "" {
		text += " (" + ui.AbbrevCommit(commitid.ID(v.Commit)) + ")"
	}
	fmt.Fprintf(a.out, "%s %s %s\n", text, v.Go, v.Platform)
	return nil
}
