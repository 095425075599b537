package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/quickstart"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/reconciler/run"
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
		Example: `  reconcile quickstart
  reconcile quickstart --dir ~/tour`,
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
	dir, err := quickstart.MakeDir(o.dir)
	if err != nil {
		return err
	}
	tour := quickstart.New(a.out, dir)
	tour.Translator = a.tr
	inner := *a
	inner.log = ui.NewLogger(a.logs, ui.LogOptions{Text: true})
	inner.settings = config.Settings{}
	inner.settings.Bind(pflag.NewFlagSet("quickstart", pflag.ContinueOnError)) // the defaults
	inner.settings.Repo, inner.settings.State = tour.Repo, tour.State
	inner.settings.Terraform, inner.settings.Work = a.settings.Terraform, a.settings.Work
	inner.settings.Parallelism, inner.settings.Wait = a.settings.Parallelism, a.settings.Wait
	return tour.Show(ctx, inner.runForQuickstart)
}

// runForQuickstart runs a command of the tour.
func (a *app) runForQuickstart(ctx context.Context, command string) error {
	switch command {
	case "graph":
		return runGraph(ctx, a)
	case "now":
		return runNow(ctx, a, nowOptions{trigger: run.TriggerManual})
	}
	err := runChanged(ctx, a, changedOptions{})
	var pending exitStatus
	if errors.As(err, &pending) {
		return nil
	}
	return err
}
