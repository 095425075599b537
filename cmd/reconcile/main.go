// Command reconcile keeps infrastructure as Git says it is: it applies the
// Terraform workspaces of a repository that are stale at the tip of a branch.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/self"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/reconciler/terraform/sandbox"
)

func main() {
	sandbox.Enter()
	self.Hide()
	self.TuneGC()
	catchPipeAndHangup()
	a := newApp()
	os.Exit(execute(a, newRootCommand(a), os.Args[1:]))
}

// execute runs one command and returns the exit code. It reports a
// panic itself: Go would exit 2, which here means that changes are pending.
func execute(a *app, root *cobra.Command, args []string) (code int) {
	defer func() {
		if p := recover(); p != nil {
			code = ui.PrintPanic(a.err, p, debug.Stack())
		}
	}()
	root.SetArgs(args)
	err := root.ExecuteContext(context.Background())
	code = exitCode(a.err, err)
	if err != nil && a.wantsJSON() && a.stdout.IsEmpty() { // the command had no object of its own
		_ = ui.PrintJSON(a.out, map[string]any{"error": err.Error(), "exit": code}) // a failure is in a.stdout
	}
	return checkOutput(a.err, a.stdout, code)
}
