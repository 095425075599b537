package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/failure"
	"reconcile/internal/similar"
	"reconcile/reconciler/preview"
	"reconcile/reconciler/run"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// exitOutput is the exit code of a command that succeeded but could not write its
// output.
const exitOutput = 74

// exitStatus ends a command with an exit code and prints nothing more.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// toExitStatus turns the exit code of a pass into a command's result.
func toExitStatus(code int) error {
	if code == run.ExitOK {
		return nil
	}
	return exitStatus(code)
}

// exitCode prints err with a hint and returns the exit code for it.
func (a *app) exitCode(err error) int {
	var (
		code     exitStatus
		wrong    *usage.Error
		busy     *state.BusyError
		panicErr *run.PanicError
		heldErr  *leaseHeldError
		none     *workspace.NoWorkspacesError
		hint     string
		exit     = run.ExitFailed
	)
	switch {
	case err == nil:
		return run.ExitOK
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &panicErr):
		return ui.PrintPanic(a.err, a.tr, panicErr.Value, panicErr.Stack)
	case errors.As(err, &wrong):
		exit, hint = run.ExitUsage, wrong.Hint
	case errors.As(err, &busy):
		exit = run.ExitBusy
	case errors.As(err, &heldErr):
		exit, hint = run.ExitBusy, heldErr.hint
	case errors.Is(err, state.ErrNewerSchema):
		hint = "install that version or a newer one; this one changed nothing"
	case errors.Is(err, state.ErrConflict):
		exit = run.ExitBusy
		hint = "run the command again"
	case errors.As(err, &none) && none.WithoutSettings:
		hint = a.explainMissingSettings()
	case settings.IsMistake(err):
		hint = "correct it in Git; `reconcile validate` checks the work tree before a commit"
	case errors.Is(err, os.ErrPermission):
		hint = "see `reconcile doctor`"
	}
	message := err.Error()
	if hint == "" {
		message, hint = failure.SplitNextStep(err)
	}
	ui.PrintError(a.err, a.tr, message, hint)
	return exit
}

// explainMissingSettings says how settings come into the branch: those of the work tree may
// wait for a commit.
func (a *app) explainMissingSettings() string {
	for _, name := range []string{settings.FileName, settings.File} {
		if _, err := os.Stat(filepath.Join(a.settings.Repo, filepath.FromSlash(name))); err == nil {
			return fmt.Sprintf("%s of the work tree is not in %s yet: commit it; `reconcile plan --settings %s` tries it before", name, a.settings.Branch, name)
		}
	}
	return "`reconcile init` in a clone writes the settings; commit and push them"
}

// checkOutput returns code, or exitOutput if code is 0 and output was lost.
func (a *app) checkOutput(code int) int {
	err := a.stdout.Err()
	if err == nil {
		return code
	}
	ui.PrintError(a.err, a.tr, fmt.Sprintf("could not write all output: %v", err),
		"`reconcile status` and `reconcile runs` show what is recorded")
	if code == 0 {
		return exitOutput
	}
	return code
}

// toUsageError turns an unknown workspace, pull request, snapshot or file into a usage error.
func toUsageError(err error) error {
	var unknown *run.UnknownWorkspaceError
	var closed *preview.UnknownPullRequestError
	var lost *snapshot.FindError
	var values *run.ValuesError
	switch {
	case errors.As(err, &lost) && lost.Matches > 0:
		return usage.Errorf("give more of the commit's id", "%w", lost)
	case errors.As(err, &lost):
		return usage.Errorf("`reconcile snapshot list` lists them", "%w", lost)
	case errors.As(err, &values):
		return usage.Errorf("name a file of the snapshot by its path in the repository", "%w", values)
	case errors.As(err, &closed):
		return usage.Errorf("`reconcile preview` takes all that are open", "%w", closed)
	case !errors.As(err, &unknown):
		return err
	}
	hint := "there are: " + strings.Join(unknown.Known, ", ")
	if len(unknown.Known) > 12 {
		hint = "did you mean " + similar.FindNearest(unknown.Name, unknown.Known) + "? `reconcile graph` lists them"
	}
	return usage.Errorf(hint, "no workspace %q %s", unknown.Name, unknown.Place())
}

// leaseHeldError says that a lease was not released.
type leaseHeldError struct{ text, hint string }

func (e *leaseHeldError) Error() string { return e.text }
