package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
)

func newQuickstartCommand(a *app) *cobra.Command {
	var o quickstartOptions
	c := &cobra.Command{
		Use:     "quickstart",
		GroupID: groupStart,
		Short:   "A guided tour on a throw-away repository, no cloud needed",
		Long: `Create a small repository in its own directory and show how reconcile works: a
first pass, a change to a shared module, which workspaces become stale and why,
a second pass. It needs no cloud and no account. It uses the network only to
install Terraform if there is none on the PATH. Of the settings, only
--terraform and --work are used.`,
		Args:        noArgs,
		Annotations: map[string]string{annotationOutputs: "text"},
		RunE: func(c *cobra.Command, _ []string) error {
			return runQuickstart(c.Context(), a, o)
		},
	}
	c.Flags().StringVar(&o.dir, "dir", "", "directory to make (default: a new one in the system's temporary directory)")
	return c
}

type quickstartOptions struct{ dir string }

func runQuickstart(ctx context.Context, a *app, o quickstartOptions) error {
	dir, err := quickstartDir(o.dir)
	if err != nil {
		return err
	}
	t := &quickstart{
		app:       *a,
		repo:      filepath.Join(dir, "estate"),
		dir:       dir,
		stepCount: 6,
	}
	t.app.log = ui.NewTextLogger(a.logs)
	t.app.settings = settings{}
	t.app.settings.bind(pflag.NewFlagSet("quickstart", pflag.ContinueOnError)) // the defaults
	t.app.settings.Repo, t.app.settings.State = t.repo, filepath.Join(dir, "state")
	t.app.settings.Terraform, t.app.settings.Work = a.settings.Terraform, a.settings.Work
	t.app.settings.Parallelism, t.app.settings.Wait = a.settings.Parallelism, a.settings.Wait
	return t.run(ctx)
}

// quickstartDir creates the directory: path, which must be absent or empty, or a new one.
func quickstartDir(path string) (string, error) {
	if path == "" {
		return newDir(os.TempDir())
	}
	dir, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = usage.Errorf("name a directory that does not exist, or is empty", "--dir %s is not empty", dir)
	}
	return dir, err
}

// newDir creates reconcile-1 or the next free name: a short path is easier to copy from
// a terminal.
func newDir(parent string) (string, error) {
	for n := 1; ; n++ {
		dir := filepath.Join(parent, fmt.Sprintf("reconcile-%d", n))
		err := os.Mkdir(dir, 0o700)
		if err == nil || !errors.Is(err, os.ErrExist) {
			return dir, err
		}
	}
}
