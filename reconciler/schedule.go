package reconciler

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/reconciler/run"
	"reconcile/state"
)

// schedule orders the workspaces of an inventory: which wait, and which may start.
type schedule struct {
	inventory  *inventory
	candidates map[string]bool   // stale, or below a stale one
	height     map[string]int    // length of the longest chain of readers
	waits      map[string]int    // number of upstreams a candidate still waits for
	ready      []*workspaceEntry // may start: the longest chain of readers first
	running    int
	alone      bool // only the named workspaces, without waiting for upstreams
}

// schedule selects the entries to process: the stale ones and, because an apply may
// change its outputs, all that are below them.
func (w *inventory) schedule(only []string, replan bool) *schedule {
	s := &schedule{
		inventory: w, candidates: map[string]bool{}, height: map[string]int{}, waits: map[string]int{}, alone: len(only) > 0,
	}
	order := w.graph.Order()
	for _, name := range order {
		entry := w.entries[name]
		below := slices.ContainsFunc(w.graph.DependsOn(name), func(up string) bool { return s.candidates[up] })
		switch {
		case s.alone:
			s.candidates[name] = slices.Contains(only, name)
		default:
			s.candidates[name] = replan || below || len(w.staleReasons(entry)) > 0
		}
		if replan && s.candidates[name] && len(entry.ownReasons) == 0 {
			entry.ownReasons = []string{"--replan"}
		}
	}
	for _, name := range slices.Backward(order) {
		for _, up := range w.graph.DependsOn(name) {
			s.height[up] = max(s.height[up], s.height[name]+1)
		}
	}
	for _, name := range order {
		if !s.candidates[name] {
			continue
		}
		if s.waits[name] = len(s.pendingUpstreams(name)); s.waits[name] == 0 {
			s.push(s.inventory.entries[name])
		}
	}
	return s
}

// pendingUpstreams returns the upstreams that an entry must wait for.
func (s *schedule) pendingUpstreams(name string) []string {
	if s.alone {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.inventory.graph.DependsOn(name)), func(up string) bool {
		return !s.candidates[up] || s.inventory.entries[up].result != nil
	})
}

// push makes an entry ready. The entry with the longest chain of readers starts first,
// so that the pass ends soonest.
func (s *schedule) push(entry *workspaceEntry) {
	at, _ := slices.BinarySearchFunc(s.ready, entry, func(a, b *workspaceEntry) int {
		return cmp.Or(s.height[b.dir.Name]-s.height[a.dir.Name], strings.Compare(a.dir.Name, b.dir.Name))
	})
	s.ready = slices.Insert(s.ready, at, entry)
}

// pop returns the next entry that may start; nil if there is none.
func (s *schedule) pop() *workspaceEntry {
	if len(s.ready) == 0 {
		return nil
	}
	entry := s.ready[0]
	s.ready = s.ready[1:]
	return entry
}

// release tells the readers of a finished entry that they wait for one upstream less.
func (s *schedule) release(name string) {
	if s.alone {
		return
	}
	for _, reader := range s.inventory.graph.Readers(name) {
		if s.waits[reader]--; s.waits[reader] == 0 && s.candidates[reader] {
			s.push(s.inventory.entries[reader])
		}
	}
}

// blockedBy returns why an entry cannot run although its upstreams are finished: one of
// them was not successful.
func (s *schedule) blockedBy(name string) string {
	if s.alone {
		return ""
	}
	var list []string
	for _, up := range s.inventory.graph.DependsOn(name) {
		switch outcome := s.inventory.entries[up].result.Outcome; outcome {
		case state.Failed, state.Skipped, state.Busy, state.Blocked:
			list = append(list, fmt.Sprintf("%s is %s", up, outcome))
		}
	}
	return strings.Join(list, ", ")
}

// applyStale processes the candidates, several at once, until each has a result, the
// tip has moved, or ctx has ended. It returns when nothing runs any more.
func (p *pass) applyStale(ctx, killCtx context.Context, w *inventory) (moved bool) {
	s := w.schedule(p.run.Options.Only, p.run.Options.Replan)
	p.reportUnchanged(ctx, s)
	announceWaiting(p.run, s)
	checkout := newCheckout(p.run, w)
	defer checkout.close()

	type end struct {
		run     *workspaceRun
		overrun bool
	}
	ends := make(chan end)
	for {
		for s.running < p.config.Parallelism && !moved && ctx.Err() == nil {
			entry := s.pop()
			if entry == nil {
				break
			}
			if result, ok := p.resolveWithoutRun(s, entry); ok {
				if result.Outcome == state.Unchanged {
					p.clearFailure(ctx, w, entry)
				}
				p.complete(s, entry, result)
				continue
			}
			if moved = p.hasTipMoved(ctx, w.head); moved {
				break
			}
			s.running++
			go func() {
				v, overrun := checkout.runWorkspace(ctx, killCtx, entry)
				ends <- end{v, overrun}
			}()
		}
		if s.running == 0 {
			return moved
		}
		e := <-ends
		s.running--
		if e.run.panicErr != nil {
			p.panicErr = e.run.panicErr
		}
		if e.overrun {
			moved = true // dropped: the next round handles it
			continue
		}
		if e.run.record.Name != "" {
			e.run.entry.record = e.run.record
		}
		p.complete(s, e.run.entry, e.run.result)
	}
}

// resolveWithoutRun returns the result of an entry that need not, or must not, run.
func (p *pass) resolveWithoutRun(s *schedule, entry *workspaceEntry) (run.WorkspaceResult, bool) {
	result := run.WorkspaceResult{Name: entry.dir.Name, StaleReasons: s.inventory.staleReasons(entry)}
	why := s.blockedBy(entry.dir.Name)
	switch {
	case len(result.StaleReasons) == 0:
		result.Outcome = state.Unchanged
	case entry.hold != nil:
		result.Outcome = state.Blocked
		result.Suspended = entry.hold.Kind == state.Suspended
		result.Error = describeHold(*entry.hold)
	case entry.renameErr != nil:
		result.Outcome, result.Error = run.ClassifyError(entry.renameErr), entry.renameErr.Error()
	case why != "":
		result.Outcome = state.Skipped
		result.Error = "waits for its upstreams: " + why
	case p.isBackingOff(s, entry):
		result.Outcome, result.Error = entry.record.Outcome, entry.record.Error
		result.Changes, result.Risk, result.PlanDigest = entry.record.Changes, entry.record.Risk, entry.record.PlanDigest
	default:
		return result, false
	}
	return result, true
}

// isBackingOff reports whether the last result still holds for the same inputs: a
// failure until its retry time, a plan that waits for a person until an input changes,
// an error in the commit until the next commit. A manual run always tries again.
func (p *pass) isBackingOff(s *schedule, entry *workspaceEntry) bool {
	rec := entry.record
	if p.run.Options.Trigger == run.Manual || p.run.Options.Replan || !entry.recorded {
		return false
	}
	if rec.Outcome != state.Failed && rec.Outcome != state.Blocked {
		return false
	}
	if refused := s.inventory.load(entry).Err; refused != nil {
		return rec.Outcome == state.Failed && rec.Error == refused.Error()
	}
	if rec.PendingInputs == nil || rec.Outcome == state.Failed && rec.RetryAt.IsZero() { // it was refused before, and is not any more
		return false
	}
	if !rec.RetryAt.IsZero() && !p.config.Now().Before(rec.RetryAt) {
		return false
	}
	return maps.Equal(rec.PendingInputs, pendingInputs(entry, s.inventory.trace(entry, s.inventory.upstreamDigests(entry.dir.Name))))
}

func (p *pass) complete(s *schedule, entry *workspaceEntry, result run.WorkspaceResult) {
	entry.result = &result
	s.release(entry.dir.Name)
	p.scheduleRetry(entry)
	p.result.Add(result)
	p.run.Emit(run.Event{Workspace: entry.dir.Name, Phase: run.PhaseDone, Result: &result})
	log := p.run.Log.With("workspace", entry.dir.Name, "outcome", result.Outcome)
	switch {
	case result.Error != "":
		log.Warn(result.Error)
	case result.Outcome != state.Unchanged:
		log.Info("done", "stale", result.StaleReasons, "changes", result.Changes, "ms", result.DurationMS)
	}
}

// scheduleRetry sets the retry time of a workspace whose next run may end differently.
// One whose files do not parse needs another commit instead.
func (p *pass) scheduleRetry(entry *workspaceEntry) {
	delete(p.retries, entry.dir.Name)
	switch at := entry.record.RetryAt; {
	case entry.loaded != nil && entry.loaded.Err != nil:
	case entry.result.Outcome == state.Failed && at.IsZero(): // the failure could not be recorded
		p.retries[entry.dir.Name] = p.config.Now().Add(p.config.Backoff(1))
	case entry.result.Outcome == state.Failed, entry.result.Outcome == state.Blocked && !at.IsZero():
		p.retries[entry.dir.Name] = at
	}
}

// reportUnchanged adds the results of all workspaces that are not candidates.
func (p *pass) reportUnchanged(ctx context.Context, s *schedule) {
	for _, name := range s.inventory.graph.Order() {
		if entry := s.inventory.entries[name]; !s.candidates[name] && !s.alone {
			p.clearFailure(ctx, s.inventory, entry)
			entry.result = &run.WorkspaceResult{Name: name, Outcome: state.Unchanged}
			p.result.Add(*entry.result)
		}
	}
}

// announceWaiting tells the observer which workspaces will run.
func announceWaiting(r *run.Run, s *schedule) {
	for _, name := range s.inventory.graph.Order() {
		if s.candidates[name] {
			r.Emit(run.Event{Workspace: name, Phase: run.PhaseWaiting, WaitsFor: s.pendingUpstreams(name)})
		}
	}
}

// hasTipMoved polls the tip again if the last poll is old, so that a long pass drops
// what a newer commit replaces.
func (p *pass) hasTipMoved(ctx context.Context, head state.Head) bool {
	if p.config.Now().Sub(p.polledAt) < p.config.TipPoll {
		return false
	}
	tip, err := p.pollTip(ctx, head)
	if err != nil {
		p.run.Log.Warn("could not read the tip again; continuing with the last known tip", "error", err)
		return false
	}
	return tip.Commit != head.Commit
}

func describeHold(h state.Hold) string {
	text := fmt.Sprintf("%s by %s since %s: %s", h.Kind, h.PlacedBy, h.PlacedAt.UTC().Format("2006-01-02 15:04Z"), h.Reason)
	if h.Help != "" {
		text += "; " + h.Help
	}
	return text
}
