package main

import (
	"context"
	"errors"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/reconciler"
	"reconcile/reconciler/run"
)

// passFunc is Reconciler.Pass, Plan or Drift.
type passFunc func(r *reconciler.Reconciler, ctx, killCtx context.Context, o run.Options) (*run.Result, error)

// pageMode says whether a command writes the pages of --page.
type pageMode bool

const (
	writesPage pageMode = true
	leavesPage pageMode = false // it changes nothing that they show
)

// runPass runs a pass, a plan or a drift check. Signals stop it. It shows progress as
// JSON, a live view or plain lines, and also passes events to observers.
func (a *app) runPass(ctx context.Context, do passFunc, pages pageMode, o run.Options, observers ...func(run.Event)) (*run.Result, error) {
	printer := ui.NewPassPrinter(ui.PassOutput{
		Out: a.out, Err: a.err, Width: a.width(), JSON: a.wantsJSON(), Terminal: a.redrawableTerminal(), Plain: a.settings.NoColor, Title: a.settings.Branch, Logs: a.logs, Translator: a.tr,
	})
	defer printer.Close() // a panic must leave the terminal in order too
	ctx, killCtx, release := withSignals(ctx, gracePeriod, a.tr, printer.PrintLine)
	defer release()
	uses := wire.Everything
	if o.Snapshot != "" {
		uses &^= wire.Git
	}
	deps, err := a.open(ctx, uses)
	if err != nil {
		return nil, err
	}
	defer a.closeDeps(deps)
	if pages == writesPage {
		publisher, err := deps.OpenPage()
		if err != nil {
			return nil, err
		}
		defer publisher.Close()
		observers = append(observers, publisher.Observe)
	}
	result, err := do(deps.NewReconciler(multiObserver(append(observers, printer.Observe))), ctx, killCtx, o)
	printer.Close()
	if err = toUsageError(err); result == nil {
		return nil, err
	}
	var wrong *usage.Error
	if errors.As(err, &wrong) {
		return result, err // the pass did not run
	}
	return result, firstErr(err, printer.ShowResult(result, err))
}

func firstErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// multiObserver returns an observer that calls all observers.
func multiObserver(observers []func(run.Event)) func(run.Event) {
	return func(e run.Event) {
		for _, observe := range observers {
			observe(e)
		}
	}
}

// updatePage writes the pages of --page after a command has changed the record. A command
// defers it, so that its result is shown first. What goes wrong is logged.
func (a *app) updatePage(deps *wire.Deps) {
	publisher, err := deps.OpenPage()
	if err != nil {
		a.log.Warn("could not write the page", "error", err)
		return
	}
	publisher.Update()
	publisher.Close()
}
