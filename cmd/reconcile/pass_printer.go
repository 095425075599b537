package main

import (
	"context"
	"errors"
	"io"

	"reconcile/reconciler"
	"reconcile/reconciler/run"
)

// passFunc is Reconciler.Pass, Plan or Drift.
type passFunc func(r *reconciler.Reconciler, ctx, killCtx context.Context, o run.Options) (*run.Result, error)

// runPass runs a pass, a plan or a drift check. Signals stop it. It shows progress as
// JSON, a live view or plain lines, and also passes events to observers.
func (a *app) runPass(ctx context.Context, do passFunc, o run.Options, observers ...func(run.Event)) (*run.Result, error) {
	printer := a.newPassPrinter()
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
	return result, firstErr(err, printer.showResult(result, err))
}

// closeDeps closes p after a command has its result, and only logs errors.
func (a *app) closeDeps(p *deps) {
	if err := p.close(); err != nil {
		a.log.Warn("close failed", "error", err)
	}
}

// passPrinter shows a pass.
type passPrinter struct {
	app     *app
	results *resultPrinter
	live    *liveView // nil without a terminal
}

func (a *app) newPassPrinter() *passPrinter {
	v := &passPrinter{app: a, results: newResultPrinter(a.out, a.width())}
	if a.canRedraw() {
		v.live = &liveView{results: v.results, title: a.settings.Branch, out: a.terminal, logs: a.logs}
	}
	return v
}

func (v *passPrinter) observe(e run.Event) {
	switch {
	case e.Workspace == "": // a step of the pass; only workspaces are shown
	case v.live != nil:
		v.live.observe(e)
	case !v.app.wantsJSON():
		v.results.observe(e)
	}
}

func (v *passPrinter) printLine(line string) {
	if v.live != nil {
		v.live.showNote(line)
		return
	}
	linePrinter(v.app.err)(line)
}

func (v *passPrinter) close() {
	if v.live != nil {
		v.live.close()
	}
}

// showResult shows the result of a pass; err is why it did not run or complete.
func (v *passPrinter) showResult(result *run.Result, err error) error {
	var usage *usageError
	switch {
	case errors.As(err, &usage):
		return nil // the pass did not run
	case v.app.wantsJSON():
		return printResult(v.app.out, result, err)
	case err != nil && len(result.Workspaces) == 0:
		return nil // the error is enough
	}
	printPlans(v.app.out, result)
	v.results.printSummary(result)
	return nil
}

// printResult writes a result as JSON, with the error of the whole pass.
func printResult(w io.Writer, result *run.Result, err error) error {
	out := struct {
		*run.Result
		Error string `json:"error"`
	}{Result: result}
	if err != nil {
		out.Error = err.Error()
	}
	return printJSON(w, out)
}

func firstErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
