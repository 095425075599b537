package main

import (
	"context"
	"errors"
	"io"

	"reconcile/reconciler"
)

// passFunc is what runs: Reconciler.Pass, Plan or Drift.
type passFunc func(r *reconciler.Reconciler, ctx, hard context.Context, o reconciler.Options) (*reconciler.Result, error)

// runPass runs a pass, or a plan of one, so that signals stop it, and shows
// what it does: JSON, a live view, or plain lines. Observers are told of it
// too.
func (a *app) runPass(ctx context.Context, run passFunc, o reconciler.Options, observers ...func(reconciler.Event)) (*reconciler.Result, error) {
	view := a.newView()
	defer view.end() // a terminal must be left in order by a fault too
	ctx, hard, release := stops(ctx, patience, view.say)
	defer release()
	p, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	defer a.closing(p)
	result, err := run(p.reconciler(all(append(observers, view.observe))), ctx, hard, o)
	view.end()
	if err = asUsage(err); result == nil {
		return nil, err
	}
	return result, first(err, view.result(result, err))
}

// closing closes the parts when a command has its result: what goes wrong
// then is worth a line, and no more.
func (a *app) closing(p *parts) {
	if err := p.close(); err != nil {
		a.log.Warn("while closing", "error", err)
	}
}

// view shows a pass.
type view struct {
	app    *app
	report *report
	screen *screen // nil without a terminal
}

func (a *app) newView() *view {
	v := &view{app: a, report: newReport(a.out, a.width())}
	if a.live() {
		v.screen = &screen{report: v.report, title: a.Branch, out: a.terminal, logs: a.logs}
	}
	return v
}

func (v *view) observe(e reconciler.Event) {
	switch {
	case e.Workspace == "": // a step of the pass: people are shown workspaces
	case v.screen != nil:
		v.screen.observe(e)
	case !v.app.json():
		v.report.observe(e)
	}
}

func (v *view) say(line string) {
	if v.screen != nil {
		v.screen.say(line)
		return
	}
	tell(v.app.err)(line)
}

func (v *view) end() {
	if v.screen != nil {
		v.screen.end()
	}
}

// result shows what a pass came to; err is why it could not run, or not to its
// end.
func (v *view) result(result *reconciler.Result, err error) error {
	var usage *usageError
	switch {
	case errors.As(err, &usage):
		return nil // it was not run
	case v.app.json():
		return printResult(v.app.out, result, err)
	case err != nil && len(result.Workspaces) == 0:
		return nil // the error says all
	}
	printPlans(v.app.out, result)
	v.report.summary(result)
	return nil
}

// printResult writes a result as JSON, with why a pass as a whole failed.
func printResult(w io.Writer, result *reconciler.Result, err error) error {
	out := struct {
		*reconciler.Result
		Error string `json:"error"`
	}{Result: result}
	if err != nil {
		out.Error = err.Error()
	}
	return printJSON(w, out)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
