package reconciler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"reconcile/reconciler/source"
	"reconcile/state"
)

// Triggers of a pass.
const (
	Schedule = "schedule"
	Manual   = "manual"
	Webhook  = "webhook"

	DriftCheck = "drift" // of no pass: somebody looked for drift
)

func (r *Reconciler) newPass(o Options) *pass {
	if o.Run == "" {
		o.Run = ulid.Make().String()
	}
	if o.Trigger == "" {
		o.Trigger = Manual
	}
	return &pass{
		reconciler: r,
		options:    o,
		log:        r.config.Log.With("run", o.Run),
		results:    map[string]WorkspaceResult{},
		retries:    map[string]time.Time{},
		started:    r.config.Now(),
		result: &Result{
			Run: o.Run, Repo: r.config.Repo, Branch: r.config.Branch, Trigger: o.Trigger,
			Outcome: OutcomeInSync, Workspaces: []WorkspaceResult{},
		},
	}
}

// setRange notes the commits that the pass goes from and to.
func (p *pass) setRange(head state.Head, tip source.Tip) {
	if p.result.To == "" {
		p.result.From = head.Commit
	}
	p.result.To = tip.Commit
}

// replayRecorded is the result of a pass with nothing to do: what the last one
// came to. Only where that was not "in sync" the workspaces are read, to say
// which and why.
func (p *pass) replayRecorded(ctx context.Context, head state.Head) error {
	if head.Exit == ExitOK {
		return nil
	}
	records, err := p.config.Record.Workspaces(ctx)
	if err != nil {
		return fmt.Errorf("read the record %s: %w", p.config.RecordName, err)
	}
	p.result.Drifted = listDrifted(records)
	for _, w := range records {
		outcome, why := recordedOutcome(w)
		if w.Removed || outcome == state.Applied || outcome == state.NoChanges || outcome == state.Unchanged {
			continue
		}
		p.addResult(WorkspaceResult{RunWorkspace: state.RunWorkspace{
			Name: w.Name, Outcome: outcome, Changes: w.Changes, Risk: w.Risk, PlanDigest: w.PlanDigest, Error: why,
		}})
	}
	p.recordedExit = head.Exit
	return nil
}

// recordedOutcome is what the record says of a workspace. Of an apply that was begun and
// of which nothing more was recorded (its run was killed, or lost its lease)
// the outcome is that of the run before it.
func recordedOutcome(w state.Workspace) (outcome state.Outcome, why string) {
	if a := w.Attempt; a != nil && w.Outcome != state.Failed && w.Outcome != state.Blocked {
		return state.Failed, fmt.Sprintf("what came of the apply that run %s began at %s was not recorded",
			a.Run, a.StartedAt.UTC().Format("2006-01-02 15:04:05Z"))
	}
	return w.Outcome, w.Error
}

// closeCommit gives back what an open commit holds.
func (r *Reconciler) closeCommit(commit *source.Commit) {
	if err := commit.Close(); err != nil {
		r.config.Log.Warn("a commit's files could not be closed", "error", err)
	}
}

// stopError is the error of a pass that was told to stop.
func (p *pass) stopError(ctx context.Context) error {
	return fmt.Errorf("the pass was stopped (%w); the next one goes on from here", context.Cause(ctx))
}

// warn says something of the pass as a whole, once.
func (p *pass) warn(text string) {
	if !slices.Contains(p.result.Warnings, text) {
		p.result.Warnings = append(p.result.Warnings, text)
		p.log.Warn(text)
	}
}

// addResult notes what became of a workspace. What a round applied stays said
// when a later round finds it unchanged.
func (p *pass) addResult(w WorkspaceResult) {
	if w.StaleReasons == nil {
		w.StaleReasons = []string{}
	}
	before, ok := p.results[w.Name]
	if ok && w.Outcome == state.Unchanged && (before.Outcome == state.Applied || before.Outcome == state.NoChanges) {
		return
	}
	p.results[w.Name] = w
}

// finalize adds up the outcome.
func (p *pass) finalize(err error) {
	// Scripts are given a list, also of nothing.
	p.result.Workspaces = slices.AppendSeq([]WorkspaceResult{}, maps.Values(p.results))
	slices.SortFunc(p.result.Workspaces, func(a, b WorkspaceResult) int { return strings.Compare(a.Name, b.Name) })
	p.result.Exit, p.result.Outcome = exit(p.results)
	var fault *PanicError
	switch {
	case errors.As(err, &fault):
		p.result.Exit, p.result.Outcome = ExitInternal, OutcomeFailed
	case err != nil:
		p.result.Exit, p.result.Outcome = ExitFailed, OutcomeFailed
	case p.recordedExit != ExitOK:
		p.result.Exit, p.result.Outcome = p.recordedExit, passOutcome(p.recordedExit)
	}
}

// earliestRetry is the earliest retry of what failed; zero when nothing did.
func (p *pass) earliestRetry() time.Time {
	var next time.Time
	for _, at := range p.retries {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}
