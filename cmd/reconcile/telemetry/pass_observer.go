package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"reconcile/internal/runid"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// passObserver observes a pass, a drift check, or one workspace that this process
// applies for a pass in another process.
type passObserver struct {
	id             runid.ID
	isDrift        bool // a drift check
	tracer         trace.Tracer
	startedAt      time.Time
	ctx            context.Context // of the pass's current span, here or in another process
	passSpan       *phaseSpan      // of the pass; nil if it runs in another process
	workspaceSpans map[string]*phaseSpan
	samples        []sample
}

func newPassObserver(tracer trace.Tracer, first run.Event, now time.Time) *passObserver {
	r := &passObserver{id: first.Run, tracer: tracer, startedAt: now, workspaceSpans: map[string]*phaseSpan{}}
	if first.Workspace != "" {
		r.ctx = childContext(context.Background(), first.Run)
		return r
	}
	name := "pass"
	if r.isDrift = first.Phase == run.PhaseDrift; r.isDrift {
		name = "drift"
	}
	r.passSpan = newPhaseSpan(rootContext(context.Background(), first.Run), tracer, name, now, attribute.String(attrRun, string(first.Run)))
	r.ctx = r.passSpan.ctx
	return r
}

// handle records an event; done reports whether it was the run's last.
func (o *passObserver) handle(e run.Event, now time.Time) (_ passReport, done bool) {
	switch {
	case e.Workspace == "" && e.Phase == run.PhaseDone:
		return o.endPass(e, now), true
	case e.Workspace == "" && o.isDrift: // a drift check has no steps
	case e.Workspace == "":
		o.endOpenSpans(now)
		o.passSpan.startPhase(e.Phase, now)
		o.ctx = o.passSpan.phaseCtx
	case e.Phase == run.PhaseDone:
		o.endWorkspace(e, now)
		if o.passSpan == nil {
			return o.newReport(now, map[string]any{"workspace": e.Workspace, "outcome": e.Result.Outcome}), true
		}
	case e.Phase != run.PhaseWaiting:
		o.observeWorkspace(e, now)
	}
	return passReport{}, false
}

func (o *passObserver) observeWorkspace(e run.Event, now time.Time) {
	v := o.workspaceSpans[e.Workspace]
	if v == nil {
		v = newPhaseSpan(o.ctx, o.tracer, "workspace", now, attribute.String(attrWorkspace, e.Workspace))
		o.workspaceSpans[e.Workspace] = v
	}
	o.measureLeaseWait(e.Workspace, v, now)
	v.startPhase(e.Phase, now)
}

// measureLeaseWait records the wait for a lease when the wait ends.
func (o *passObserver) measureLeaseWait(workspace string, v *phaseSpan, now time.Time) {
	if v.phase == run.PhaseLease {
		o.addSample(LeaseWait, now.Sub(v.phaseStart).Seconds(), map[string]string{attrWorkspace: workspace})
	}
}

// endWorkspace ends a workspace's span. A workspace without work has no span.
func (o *passObserver) endWorkspace(e run.Event, now time.Time) {
	v := o.workspaceSpans[e.Workspace]
	if v == nil {
		return
	}
	delete(o.workspaceSpans, e.Workspace)
	o.measureLeaseWait(e.Workspace, v, now)
	outcome := string(e.Result.Outcome)
	v.end(e.Result.Error, now, attribute.String(attrOutcome, outcome))
	if !o.isDrift {
		o.addSample(WorkspaceDuration, now.Sub(v.startedAt).Seconds(), map[string]string{attrWorkspace: e.Workspace, attrOutcome: outcome})
	}
}

// endOpenSpans ends the spans of workspaces that a newer tip has overtaken: they get
// no further events when the pass starts its next step.
func (o *passObserver) endOpenSpans(now time.Time) {
	for name, v := range o.workspaceSpans {
		v.end("", now, attribute.String(attrOutcome, "moved"))
		delete(o.workspaceSpans, name)
	}
}

func (o *passObserver) endPass(e run.Event, now time.Time) passReport {
	o.endOpenSpans(now)
	p := e.Pass
	reason := ""
	if e.Err != nil {
		reason = e.Err.Error()
	}
	o.passSpan.end(reason, now,
		attribute.String(attrRepo, p.Repo), attribute.String(attrBranch, p.Branch), attribute.String(attrTrigger, p.Trigger),
		attribute.String(attrFrom, string(p.From)), attribute.String(attrCommit, string(p.To)),
		attribute.String(attrOutcome, p.Outcome), attribute.Int(attrExit, p.Exit))

	fields := map[string]any{
		"repo": p.Repo, "branch": p.Branch, "trigger": p.Trigger, "commit": p.To, "outcome": p.Outcome, "exit": p.Exit,
	}
	if e.Err != nil {
		fields["error"] = reason
	}
	if p.Drifted != nil {
		o.addSample(WorkspacesDrifted, float64(len(p.Drifted)), nil)
		fields["drifted"] = p.Drifted[:min(len(p.Drifted), maxNames)]
	}
	if !o.isDrift {
		o.measurePass(e, now, fields)
	}
	return o.newReport(now, fields)
}

// measurePass records the metrics that a drift check does not have.
func (o *passObserver) measurePass(e run.Event, now time.Time, fields map[string]any) {
	p := e.Pass
	if e.Err != nil {
		o.addSample(PassFailures, 1, nil)
	} else {
		o.addSample(PassFailures, 0, nil)
		o.addSample(PassDuration, now.Sub(o.startedAt).Seconds(), map[string]string{attrOutcome: p.Outcome, attrTrigger: p.Trigger})
	}
	if !p.OutOfSyncSince.IsZero() {
		o.addSample(Staleness, max(0, now.Sub(p.OutOfSyncSince).Seconds()), nil)
		fields["behind_since"] = p.OutOfSyncSince
	} else if e.Err == nil {
		o.addSample(Staleness, 0, nil)
	}
	o.measureWorkspaces(e, fields)
}

// measureWorkspaces records the workspaces by outcome. A pass that did not check all of
// them cannot count the failed ones.
func (o *passObserver) measureWorkspaces(e run.Event, fields map[string]any) {
	byOutcome := map[state.Outcome][]string{}
	for _, w := range e.Pass.Workspaces {
		if !w.Suspended {
			byOutcome[w.Outcome] = append(byOutcome[w.Outcome], w.Name)
		}
	}
	o.addSample(WorkspacesApplied, float64(len(byOutcome[state.Applied])), nil)
	if e.Err == nil && !e.IsPartial {
		o.addSample(WorkspacesFailed, float64(len(byOutcome[state.Failed])), nil)
		o.addSample(WorkspacesBlocked, float64(len(byOutcome[state.Blocked])), nil)
	}
	for _, outcome := range []state.Outcome{state.Applied, state.Failed, state.Blocked} {
		if names := byOutcome[outcome]; len(names) > 0 {
			fields[string(outcome)] = names[:min(len(names), maxNames)]
		}
	}
}

// maxNames limits the length of a line: CloudWatch accepts 256 KB.
const maxNames = 100

func (o *passObserver) addSample(m Metric, value float64, attributes map[string]string) {
	o.samples = append(o.samples, sample{m, value, attributes})
}

func (o *passObserver) newReport(now time.Time, fields map[string]any) passReport {
	fields["run"] = o.id
	return passReport{time: now, fields: fields, samples: o.samples}
}
