package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"reconcile/reconciler"
	"reconcile/state"
)

// newWorkCommand is what executors start; it is hidden, since no person does.
func newWorkCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    "work WORKSPACE KEY",
		Hidden: true,
		Short:  "Do the work on one workspace that a pass has given to this build or task",
		Long: `Do the work on one workspace that a pass with --executor has given to this
build or task, from the commit's snapshot and under the workspace's lease. The
pass reads the result in the record.`,
		Args: takes(2, 2, "a workspace and a key"),
		RunE: func(c *cobra.Command, args []string) error {
			return runWork(c.Context(), a, args[0], args[1])
		},
	}
}

func runWork(ctx context.Context, a *app, name, key string) error {
	// The snapshot is the tree: Git is not asked, and its password not read.
	a.GitCredentials, a.GitUsername, a.GitPassword = "", "", ""
	ctx, hard, release := stops(ctx, patience, tell(a.err))
	defer release()
	told, err := a.openTelemetry()
	if err != nil {
		return err
	}
	defer a.closeTelemetry(ctx, told)
	p, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer a.closing(p)
	result, err := p.reconciler(told.Observe).DoTask(ctx, hard, name, key)
	if err != nil {
		return err
	}
	if a.json() {
		return first(printJSON(a.out, result), workStatus(result))
	}
	fmt.Fprintf(a.out, "%s: %s in %s\n", name, result.Outcome, (time.Duration(result.DurationMS) * time.Millisecond).Round(time.Second))
	if result.Error != "" {
		fmt.Fprintln(a.out, result.Error)
	}
	return workStatus(result)
}

// workStatus has a build that failed be seen as one in the lists of AWS.
func workStatus(result reconciler.WorkspaceResult) error {
	if result.Outcome == state.Failed {
		return status(reconciler.ExitFailed)
	}
	return nil
}
