package main

import (
	"context"
	"errors"

	"reconcile/reconciler"
	"reconcile/reconciler/run"
)

// passFunc is Reconciler.Pass, Plan or Drift.
type passFunc func(r *reconciler.Reconciler, ctx, killCtx context.Context, o run.Options) (*run.Result, error)

// runPass runs a pass, a plan or a drift check. Signals stop it. It shows progress as
// JSON, a live view or plain lines, and also passes events to observers.
func (a *app) runPass(ctx context.Context, do passFunc, o run.Options, observers ...func(run.Event)) (*run.Result, error) {
	printer := newPassPrinter(passOutput{
		out: a.out, err: a.err, width: a.width(), json: a.wantsJSON(), terminal: a.redrawable(), title: a.settings.Branch, logs: a.logs,
	})
	defer printer.close() // a panic must leave the terminal in order too
	ctx, killCtx, release := withSignals(ctx, gracePeriod, printer.printLine)
	defer release()
	p, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	defer a.closeDeps(p)
	result, err := do(p.newReconciler(multiObserver(append(observers, printer.observe))), ctx, killCtx, o)
	printer.close()
	if err = toUsageError(err); result == nil {
		return nil, err
	}
	var usage *usageError
	if errors.As(err, &usage) {
		return result, err // the pass did not run
	}
	return result, firstErr(err, printer.showResult(result, err))
}

// closeDeps closes p after a command has its result, and only logs errors.
func (a *app) closeDeps(p *deps) {
	if err := p.close(); err != nil {
		a.log.Warn("close failed", "error", err)
	}
}

func firstErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
