package reconciler

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace"
	"reconcile/state"
)

// Triggers of a pass.
const (
	Schedule = "schedule"
	Manual   = "manual"
	Webhook  = "webhook"
)

// keep is how long runs, their logs and snapshots that nothing names are kept.
const keep = 90 * 24 * time.Hour

func (r *Reconciler) begin(o Options) *pass {
	if o.Run == "" {
		o.Run = ulid.Make().String()
	}
	if o.Trigger == "" {
		o.Trigger = Manual
	}
	return &pass{
		Reconciler: r,
		options:    o,
		log:        r.Log.With("run", o.Run),
		results:    map[string]WorkspaceResult{},
		retries:    map[string]time.Time{},
		started:    r.Now(),
		result: &Result{
			Run: o.Run, Repo: r.Repo, Branch: r.Branch, Trigger: o.Trigger,
			Outcome: OutcomeInSync, Workspaces: []WorkspaceResult{},
		},
	}
}

// see notes the commits that the pass goes from and to.
func (p *pass) see(head state.Head, tip source.Tip) {
	if p.result.To == "" {
		p.result.From = head.Commit
	}
	p.result.To = tip.Commit
}

// asRecorded is the result of a pass with nothing to do: what the last one
// came to. Only where that was not "in sync" the workspaces are read, to say
// which and why.
func (p *pass) asRecorded(ctx context.Context, head state.Head) error {
	if head.Exit == ExitOK {
		return nil
	}
	records, err := p.Record.Workspaces(ctx)
	if err != nil {
		return fmt.Errorf("read the record %s: %w", p.Name, err)
	}
	for _, w := range records {
		outcome, why := told(w)
		if w.Removed || outcome == state.Applied || outcome == state.NoChanges || outcome == state.Unchanged {
			continue
		}
		p.report(WorkspaceResult{RunWorkspace: state.RunWorkspace{
			Name: w.Name, Outcome: outcome, Changes: w.Changes, Risk: w.Risk, Digest: w.Digest, Error: why,
		}})
	}
	p.recorded = head.Exit
	return nil
}

// told is what the record says of a workspace. Of an apply that was begun and
// of which nothing more was recorded (its run was killed, or lost its lease)
// the outcome is that of the run before it.
func told(w state.Workspace) (outcome state.Outcome, why string) {
	if a := w.Attempt; a != nil && w.Outcome != state.Failed && w.Outcome != state.Blocked {
		return state.Failed, fmt.Sprintf("what came of the apply that run %s began at %s was not recorded",
			a.Run, a.StartedAt.UTC().Format("2006-01-02 15:04:05Z"))
	}
	return w.Outcome, w.Error
}

// closing gives back what an open commit holds.
func (r *Reconciler) closing(commit *source.Commit) {
	if err := commit.Close(); err != nil {
		r.Log.Warn("a commit's files could not be closed", "error", err)
	}
}

// stopped is the error of a pass that was told to stop.
func (p *pass) stopped(ctx context.Context) error {
	return fmt.Errorf("the pass was stopped (%w); the next one goes on from here", context.Cause(ctx))
}

// report notes what became of a workspace. What a round applied stays said
// when a later round finds it unchanged.
func (p *pass) report(w WorkspaceResult) {
	if w.Stale == nil {
		w.Stale = []string{}
	}
	before, ok := p.results[w.Name]
	if ok && w.Outcome == state.Unchanged && (before.Outcome == state.Applied || before.Outcome == state.NoChanges) {
		return
	}
	p.results[w.Name] = w
}

// conclude adds up the outcome.
func (p *pass) conclude(err error) {
	p.result.Workspaces = slices.SortedFunc(maps.Values(p.results), func(a, b WorkspaceResult) int {
		return strings.Compare(a.Name, b.Name)
	})
	p.result.Exit, p.result.Outcome = exit(p.results)
	switch {
	case err != nil:
		p.result.Exit, p.result.Outcome = ExitFailed, OutcomeFailed
	case p.recorded != ExitOK:
		p.result.Exit, p.result.Outcome = p.recorded, outcomeOf(p.recorded)
	}
}

// finish ends a pass, and writes the history of one that did something.
// History is not worth failing a pass for.
func (p *pass) finish(ctx context.Context, err error) {
	p.conclude(err)
	if p.result.Snapshot == "" {
		return // it got no further than the questions
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	run := state.Run{
		ID: p.result.Run, Trigger: p.result.Trigger, From: p.result.From, To: p.result.To,
		Outcome: p.result.Outcome, Exit: p.result.Exit, StartedAt: p.started, EndedAt: p.Now(),
		Snapshot: p.result.Snapshot, Expires: p.Now().Add(keep).Unix(),
	}
	for _, w := range p.result.Workspaces {
		if w.Outcome != state.Unchanged {
			run.Workspaces = append(run.Workspaces, w.RunWorkspace)
		}
	}
	if err := p.Record.PutRun(ctx, run); err != nil {
		p.log.Warn("the run's history could not be written", "error", err)
	}
	p.forget(ctx)
}

// forget removes what is old: runs, logs, and snapshots that no record names.
func (p *pass) forget(ctx context.Context) {
	before := p.Now().Add(-keep)
	named := map[string]bool{p.result.To: true, p.result.From: true}
	records, err := p.Record.Workspaces(ctx)
	if err != nil {
		p.log.Warn("old snapshots were left alone", "error", err)
		return
	}
	for _, w := range records {
		named[w.Commit], named[w.Run] = true, true
		if w.Attempt != nil {
			named[w.Attempt.Commit] = true
		}
	}
	if _, err := p.Snapshots.Prune(ctx, before, func(commit string) bool { return named[commit] }); err != nil {
		p.log.Warn("old snapshots could not be removed", "error", err)
	}
	// The log of a run that a record names tells how things came to be.
	if _, err := p.Snapshots.PruneLogs(ctx, before, func(run string) bool { return named[run] }); err != nil {
		p.log.Warn("old logs could not be removed", "error", err)
	}
	if _, err := p.Record.PruneRuns(ctx, before); err != nil {
		p.log.Warn("old runs could not be removed", "error", err)
	}
}

// nextAt is the earliest retry of what failed; zero when nothing did.
func (p *pass) nextAt() time.Time {
	var next time.Time
	for _, at := range p.retries {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// basis is a hash of all but the commit that a decision depends on: the
// discovery rules, the environment of the settings, and the values of the
// variables that the settings declare.
func (r *Reconciler) basis(ctx context.Context, env []string) (string, error) {
	values, err := r.hashEnv(ctx, env)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal([]any{workspace.Rules, r.Environment, values})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}

// hashEnv hashes the named variables of our environment under the digest key,
// as "KEYID:HMAC"; "" for no names, so that no key is needed then.
func (r *Reconciler) hashEnv(ctx context.Context, names []string) (string, error) {
	if len(names) == 0 {
		return "", nil
	}
	id, key, err := r.DigestKey(ctx)
	if err != nil {
		return "", fmt.Errorf("digest key: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	for _, name := range names {
		value, set := r.Variable(name)
		if err := json.NewEncoder(mac).Encode([]any{name, set, value}); err != nil {
			return "", err
		}
	}
	return id + ":" + hex.EncodeToString(mac.Sum(nil)[:16]), nil
}
