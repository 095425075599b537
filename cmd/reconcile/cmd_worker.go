package main

import "github.com/spf13/cobra"

// newWorkerCommand holds the entry points of the processes that other commands
// start. It is hidden: no person runs them.
func newWorkerCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:    "worker",
		Hidden: true,
		Short:  "Do a part of another command's work in a process of its own",
		Args:   cobra.ArbitraryArgs,
		RunE:   runGroup,
	}
	c.AddCommand(newWorkerApplyCommand(a), newWorkerPlanCommand(a), newWorkerPreviewCommand(a))
	return c
}
