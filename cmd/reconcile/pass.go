package main

import (
	"context"

	"reconcile/reconciler"
)

// passFunc is what runs: Reconciler.Pass or Reconciler.Plan.
type passFunc func(r *reconciler.Reconciler, ctx, hard context.Context, o reconciler.Options) (*reconciler.Result, error)

// runPass runs a pass, or a plan of one, so that signals stop it, and shows
// what it does: JSON, a live view, or plain lines.
func (a *app) runPass(ctx context.Context, run passFunc, o reconciler.Options) (*reconciler.Result, error) {
	view := a.newView()
	ctx, hard, release := stops(ctx, patience, view.say)
	defer release()
	p, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	defer a.closing(p)
	result, err := run(p.reconciler(view.observe), ctx, hard, o)
	view.end()
	if result != nil {
		if err := view.result(result); err != nil {
			return result, err
		}
	}
	return result, err
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

func (v *view) result(result *reconciler.Result) error {
	if v.app.json() {
		return printJSON(v.app.out, result)
	}
	printPlans(v.app.out, result)
	v.report.summary(result)
	return nil
}
