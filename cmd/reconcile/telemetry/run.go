package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"reconcile/reconciler"
	"reconcile/state"
)

// run is a pass that is being observed, or the part of one that is done in
// this process for a pass elsewhere, or a look for drift.
type run struct {
	id       string
	look     bool // for drift
	tracer   trace.Tracer
	started  time.Time
	ctx      context.Context // of its span, here or elsewhere
	steps    *chain          // of the pass; nil when that is elsewhere
	visits   map[string]*chain
	measures []measure
}

func newRun(tracer trace.Tracer, first reconciler.Event, now time.Time) *run {
	r := &run{id: first.Run, tracer: tracer, started: now, visits: map[string]*chain{}}
	if first.Workspace != "" {
		r.ctx = inPass(context.Background(), first.Run)
		return r
	}
	name := "pass"
	if r.look = first.Phase == reconciler.PhaseDrift; r.look {
		name = "drift"
	}
	r.steps = newChain(ofPass(context.Background(), first.Run), tracer, name, now, attribute.String(attrRun, first.Run))
	r.ctx = r.steps.ctx
	return r
}

// take takes an event in. Done: it was the last one of what is done here.
func (r *run) take(e reconciler.Event, now time.Time) (_ report, done bool) {
	switch {
	case e.Workspace == "" && e.Phase == reconciler.PhaseDone:
		return r.end(e, now), true
	case e.Workspace == "" && r.look: // it has no steps
	case e.Workspace == "":
		r.dropVisits(now)
		r.steps.next(e.Phase, now)
		r.ctx = r.steps.inner
	case e.Phase == reconciler.PhaseDone:
		r.visited(e, now)
		if r.steps == nil {
			return r.report(now, map[string]any{"workspace": e.Workspace, "outcome": e.Result.Outcome}), true
		}
	case e.Phase != reconciler.PhaseWaiting:
		r.visit(e, now)
	}
	return report{}, false
}

func (r *run) visit(e reconciler.Event, now time.Time) {
	v := r.visits[e.Workspace]
	if v == nil {
		v = newChain(r.ctx, r.tracer, "visit", now, attribute.String(attrWorkspace, e.Workspace))
		r.visits[e.Workspace] = v
	}
	r.leased(e.Workspace, v, now)
	v.next(e.Phase, now)
}

// leased measures how long a lease was waited for, when the wait is over.
func (r *run) leased(workspace string, v *chain, now time.Time) {
	if v.phase == reconciler.PhaseLease {
		r.measure(LeaseWait, now.Sub(v.since).Seconds(), map[string]string{attrWorkspace: workspace})
	}
}

// visited ends a visit. What was settled without one has none.
func (r *run) visited(e reconciler.Event, now time.Time) {
	v := r.visits[e.Workspace]
	if v == nil {
		return
	}
	delete(r.visits, e.Workspace)
	r.leased(e.Workspace, v, now)
	outcome := string(e.Result.Outcome)
	v.end(e.Result.Error, now, attribute.String(attrOutcome, outcome))
	if !r.look {
		r.measure(VisitDuration, now.Sub(v.started).Seconds(), map[string]string{attrWorkspace: e.Workspace, attrOutcome: outcome})
	}
}

// dropVisits ends those that the tip has overtaken: nothing more is heard of
// them when the pass goes on to its next step.
func (r *run) dropVisits(now time.Time) {
	for name, v := range r.visits {
		v.end("", now, attribute.String(attrOutcome, "moved"))
		delete(r.visits, name)
	}
}

func (r *run) end(e reconciler.Event, now time.Time) report {
	r.dropVisits(now)
	p := e.Pass
	why := ""
	if e.Err != nil {
		why = e.Err.Error()
	}
	r.steps.end(why, now,
		attribute.String(attrRepo, p.Repo), attribute.String(attrBranch, p.Branch), attribute.String(attrTrigger, p.Trigger),
		attribute.String(attrFrom, p.From), attribute.String(attrCommit, p.To),
		attribute.String(attrOutcome, p.Outcome), attribute.Int(attrExit, p.Exit))

	about := map[string]any{
		"repo": p.Repo, "branch": p.Branch, "trigger": p.Trigger, "commit": p.To, "outcome": p.Outcome, "exit": p.Exit,
	}
	if e.Err != nil {
		about["error"] = why
	}
	if p.Drifted != nil {
		r.measure(WorkspacesDrifted, float64(len(p.Drifted)), nil)
		about["drifted"] = p.Drifted[:min(len(p.Drifted), mostNamed)]
	}
	if !r.look {
		r.pass(e, now, about)
	}
	return r.report(now, about)
}

// pass measures what a look for drift does not know.
func (r *run) pass(e reconciler.Event, now time.Time, about map[string]any) {
	p := e.Pass
	if e.Err != nil {
		r.measure(PassFailures, 1, nil)
	} else {
		r.measure(PassFailures, 0, nil)
		r.measure(PassDuration, now.Sub(r.started).Seconds(), map[string]string{attrOutcome: p.Outcome, attrTrigger: p.Trigger})
	}
	if !p.BehindSince.IsZero() {
		r.measure(Staleness, max(0, now.Sub(p.BehindSince).Seconds()), nil)
		about["behind_since"] = p.BehindSince
	} else if e.Err == nil {
		r.measure(Staleness, 0, nil)
	}
	r.count(e, about)
}

// count measures what the pass found of the workspaces. One that did not look
// at all of them cannot say how many have failed.
func (r *run) count(e reconciler.Event, about map[string]any) {
	named := map[state.Outcome][]string{}
	for _, w := range e.Pass.Workspaces {
		if !w.Suspended {
			named[w.Outcome] = append(named[w.Outcome], w.Name)
		}
	}
	r.measure(WorkspacesApplied, float64(len(named[state.Applied])), nil)
	if e.Err == nil && !e.Part {
		r.measure(WorkspacesFailed, float64(len(named[state.Failed])), nil)
		r.measure(WorkspacesBlocked, float64(len(named[state.Blocked])), nil)
	}
	for _, outcome := range []state.Outcome{state.Applied, state.Failed, state.Blocked} {
		if names := named[outcome]; len(names) > 0 {
			about[string(outcome)] = names[:min(len(names), mostNamed)]
		}
	}
}

// mostNamed bounds a line: CloudWatch takes 256 KB.
const mostNamed = 100

func (r *run) measure(m Metric, value float64, of map[string]string) {
	r.measures = append(r.measures, measure{m, value, of})
}

func (r *run) report(now time.Time, about map[string]any) report {
	about["run"] = r.id
	return report{at: now, about: about, measures: r.measures}
}
