package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/failure"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
)

func newValidateCommand(a *app) *cobra.Command {
	var o validateOptions
	c := &cobra.Command{
		Use:     "validate [PATH]",
		GroupID: groupInspect,
		Short:   "Check settings and workspaces of the work tree, offline",
		Long: `Check the settings, the workspaces, their dependencies and inputs as they are in
the work tree around PATH (default: the current directory), with changes that
are not committed. Files that Git ignores are left out. With --commit it checks
a commit of the repository instead.

Each finding has its file and line. No remote is asked, no record is read and no
Terraform runs, so it fits a pull request and an editor.

Exits 1 when a finding is an error.`,
		Example: `  reconcile validate
  reconcile validate -o json ../infra
  reconcile validate --settings draft.hcl`,
		Args: rangeArgs(0, 1, "one path"),

		ValidArgsFunction: completeDirectory,
		Annotations:       map[string]string{annotationTriesSettings: "yes"},
		RunE: func(c *cobra.Command, args []string) error {
			o.path = "."
			if len(args) > 0 {
				o.path = args[0]
			}
			return runValidate(c.Context(), a, o)
		},
	}
	c.Flags().StringVar(&o.commit, "commit", "", "check this commit instead of the work tree")
	return c
}

type validateOptions struct{ path, commit string }

func runValidate(ctx context.Context, a *app, o validateOptions) error {
	if o.commit != "" {
		return validateCommit(ctx, a, o.commit)
	}
	top, _, err := findTop(o.path)
	if err != nil {
		return err
	}
	tree, leftOut, err := source.ReadWorkTree(ctx, top)
	if err != nil {
		return err
	}
	deps := wire.New(ctx, &a.settings, a.log)
	defer a.closeDeps(deps)
	c, err := deps.OfflineConfig()
	if err != nil {
		return err
	}
	v, err := inspect.Validate(ctx, c, tree)
	if err != nil {
		return err
	}
	for _, name := range leftOut {
		fmt.Fprintln(a.err, a.tr.Sprintf("warning: %s", a.tr.Sprintf("%s is too large and was left out", name)))
	}
	return showValidation(a, v)
}

func validateCommit(ctx context.Context, a *app, rev string) error {
	deps, err := a.open(ctx, wire.Git)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	c := deps.RunConfig(nil)
	id, err := c.Source.Resolve(ctx, rev)
	if err != nil {
		return err
	}
	commit, err := c.Source.Fetch(ctx, id)
	if err != nil {
		return err
	}
	defer c.CloseCommit(commit)
	v, err := inspect.Validate(ctx, c, commit)
	if err != nil {
		return err
	}
	return showValidation(a, v)
}

// findTop returns the top of the Git work tree around path; path itself and false outside of one.
func findTop(path string) (top string, inGit bool, err error) {
	start, err := filepath.Abs(path)
	if err != nil {
		return "", false, err
	}
	if _, err := os.Stat(start); err != nil {
		return "", false, failure.WithNextStep("name a path that exists", err)
	}
	top, inGit = config.FindWorkTree(start)
	return top, inGit, nil
}

func showValidation(a *app, v *inspect.Validation) error {
	if a.wantsJSON() {
		if err := ui.PrintJSON(a.out, v); err != nil {
			return err
		}
	} else {
		printValidation(a, v)
	}
	if !v.Valid {
		return toExitStatus(run.ExitFailed)
	}
	return nil
}

// printValidation prints a finding a line, as compilers do, so that editors find the place.
func printValidation(a *app, v *inspect.Validation) {
	counts := map[inspect.Severity]int{}
	same := map[string]int{} // warnings by text
	for _, f := range v.Findings {
		counts[f.Severity]++
		if f.Severity == inspect.SeverityWarning {
			same[f.Text]++
		}
	}
	for _, f := range v.Findings {
		others := same[f.Text] - 1
		if f.Severity == inspect.SeverityWarning {
			if same[f.Text] == 0 {
				continue // its first one was printed
			}
			same[f.Text] = 0
		}
		style := ui.StyleBad
		if f.Severity == inspect.SeverityWarning {
			style = ui.StyleWait
		}
		text := style.Render(a.tr.Text(string(f.Severity))) + ": " + a.tr.Translate(f.Text)
		if f.File != "" {
			text = formatPosition(f) + " " + text
		}
		if n := len(f.Workspaces); n > 3 {
			text += a.tr.Sprintf(" (in %d workspaces)", n)
		} else if n > 0 && f.File == "" {
			text = a.tr.Sprintf("%s (%s)", text, strings.Join(f.Workspaces, ", "))
		}
		if others > 0 {
			text = a.tr.Sprintf("%s (and in %d more: -o json has all)", text, others)
		}
		ui.PrintWrapped(a.out, a.width(), "", text)
	}
	for _, p := range v.Progressive {
		ui.PrintWrapped(a.out, a.width(), "", a.tr.Sprintf("%s is applied in steps: %s = %s, each watched for %s, %s", p.Workspace, p.Variable,
			strings.Trim(fmt.Sprint(p.Steps), "[]"), strings.Trim(fmt.Sprint(p.Soak), "[]"), ui.FormatCount(a.tr, len(p.Alarms), "alarm")))
	}
	ui.PrintWrapped(a.out, a.width(), "", strings.Join([]string{
		ui.FormatCount(a.tr, len(v.Workspaces), "workspace"),
		ui.FormatCount(a.tr, counts[inspect.SeverityError], "error"),
		ui.FormatCount(a.tr, counts[inspect.SeverityWarning], "warning"),
	}, a.tr.Text(", ")))
}

func formatPosition(f inspect.Finding) string {
	switch {
	case f.Line == 0:
		return f.File + ":"
	case f.Column == 0:
		return fmt.Sprintf("%s:%d:", f.File, f.Line)
	}
	return fmt.Sprintf("%s:%d:%d:", f.File, f.Line, f.Column)
}
