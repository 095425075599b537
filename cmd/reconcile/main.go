// Command reconcile keeps infrastructure as Git says it is: it applies the
// Terraform workspaces of a repository that are stale at the tip of a branch.
package main

import (
	"context"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/gctuning"
	"reconcile/cmd/reconcile/internal/self"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/reconciler/terraform/sandbox"
)

func main() {
	sandbox.Enter()
	gctuning.Delay()
	self.Hide()
	catchPipeAndHangup()
	a := newApp()
	os.Exit(execute(a, newRootCommand(a), os.Args[1:]))
}

// execute runs one command and returns the exit code. It reports a
// panic itself: Go would exit 2, which here means that changes are pending.
func execute(a *app, root *cobra.Command, args []string) (code int) {
	defer func() {
		if p := recover(); p != nil {
			code = ui.PrintPanic(a.err, a.tr, p, debug.Stack())
		}
	}()
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) { // no other command needs it
		a.completeValues(root)
		a.completeFlags(root)
	}
	root.InitDefaultCompletionCmd(args...)
	refuseUnknownShells(root)
	root.SetArgs(args)
	err := root.ExecuteContext(context.Background())
	if err != nil {
		a.chooseLanguage(root) // the error may come from before prepare
	}
	code = a.exitCode(err)
	if err != nil && (a.wantsJSON() || asksForJSON(args)) && a.stdout.IsEmpty() { // the command had no object of its own
		_ = ui.PrintJSON(a.out, map[string]any{"error": err.Error(), "exit": code}) // a failure is in a.stdout
	}
	return a.checkOutput(code)
}

// asksForJSON reports whether the arguments or the environment ask for JSON. It is for errors
// that come before all flags and the environment are read.
func asksForJSON(args []string) bool {
	output := os.Getenv("RECONCILE_OUTPUT")
	for i, arg := range args {
		switch next := args[min(i+1, len(args)-1)]; {
		case arg == "--":
			return output == "json"
		case arg == "-o" || arg == "--output":
			output = next
		case strings.HasPrefix(arg, "--output="):
			output = strings.TrimPrefix(arg, "--output=")
		case strings.HasPrefix(arg, "-o"):
			output = strings.TrimPrefix(strings.TrimPrefix(arg, "-o"), "=")
		}
	}
	return output == "json"
}
