package reconciler

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/state"
)

// schedule is the order of one work: who waits for whom, and who may start.
type schedule struct {
	*work
	candidates map[string]bool // stale, or below one that is
	height     map[string]int  // how long the chain of workspaces below is
	waits      map[string]int  // how many upstreams a candidate still waits for
	ready      []*item         // that wait for none: the longest chain below first
	running    int
	alone      bool // the named workspaces alone: upstreams are not waited for
}

// schedule lays out which items are to be visited: the stale ones and, because
// an apply may change its outputs, all that are below them.
func (w *work) schedule(only []string, replan bool) *schedule {
	s := &schedule{
		work: w, candidates: map[string]bool{}, height: map[string]int{}, waits: map[string]int{}, alone: len(only) > 0,
	}
	order := w.graph.Order()
	for _, name := range order {
		it := w.items[name]
		below := slices.ContainsFunc(w.graph.DependsOn(name), func(up string) bool { return s.candidates[up] })
		switch {
		case s.alone:
			s.candidates[name] = slices.Contains(only, name)
		default:
			s.candidates[name] = replan || below || len(w.reasons(it)) > 0
		}
		if replan && s.candidates[name] && len(it.own) == 0 {
			it.own = []string{"--replan"}
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
		if s.waits[name] = len(s.waitsFor(name)); s.waits[name] == 0 {
			s.push(s.items[name])
		}
	}
	return s
}

// waitsFor names the upstreams that an item has to wait for.
func (s *schedule) waitsFor(name string) []string {
	if s.alone {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.graph.DependsOn(name)), func(up string) bool {
		return !s.candidates[up] || s.items[up].result != nil
	})
}

// push makes an item ready. Of several the one with the longest chain below
// it starts first, so that the whole ends soonest.
func (s *schedule) push(it *item) {
	at, _ := slices.BinarySearchFunc(s.ready, it, func(a, b *item) int {
		return cmp.Or(s.height[b.Name]-s.height[a.Name], strings.Compare(a.Name, b.Name))
	})
	s.ready = slices.Insert(s.ready, at, it)
}

// pop takes the next item that may start; nil when none may.
func (s *schedule) pop() *item {
	if len(s.ready) == 0 {
		return nil
	}
	it := s.ready[0]
	s.ready = s.ready[1:]
	return it
}

// release counts an item with a result off its readers.
func (s *schedule) release(name string) {
	if s.alone {
		return
	}
	for _, reader := range s.graph.Readers(name) {
		if s.waits[reader]--; s.waits[reader] == 0 && s.candidates[reader] {
			s.push(s.items[reader])
		}
	}
}

// stuck says why an item cannot be worked on although its upstreams were
// visited: one of them did not come to an end.
func (s *schedule) stuck(name string) string {
	if s.alone {
		return ""
	}
	var list []string
	for _, up := range s.graph.DependsOn(name) {
		switch outcome := s.items[up].result.Outcome; outcome {
		case state.Failed, state.Skipped, state.Busy, state.Blocked:
			list = append(list, fmt.Sprintf("%s is %s", up, outcome))
		}
	}
	return strings.Join(list, ", ")
}

// run works on the candidates, several at once, until each has a result, the
// tip has moved, or ctx has ended. It returns when nothing runs any more.
func (p *pass) run(ctx, hard context.Context, w *work) (moved bool) {
	s := w.schedule(p.options.Only, p.options.Replan)
	p.reportUnchanged(ctx, s)
	p.showWaiting(s)
	site := p.open(w)
	defer site.close()

	type end struct {
		*visit
		overrun bool
	}
	ends := make(chan end)
	for {
		for s.running < p.Parallelism && !moved && ctx.Err() == nil {
			it := s.pop()
			if it == nil {
				break
			}
			if result, ok := p.settledWithout(s, it); ok {
				if result.Outcome == state.Unchanged {
					p.clear(ctx, w, it)
				}
				p.done(s, it, result)
				continue
			}
			if moved = p.tipMoved(ctx, w.head); moved {
				break
			}
			s.running++
			go func() {
				v, overrun := site.do(ctx, hard, it)
				ends <- end{v, overrun}
			}()
		}
		if s.running == 0 {
			return moved
		}
		e := <-ends
		s.running--
		if e.fault != nil {
			p.fault = e.fault
		}
		if e.overrun {
			moved = true // dropped: its place is in the next round
			continue
		}
		if e.record.Name != "" {
			e.it.record = e.record
		}
		p.done(s, e.it, e.result)
	}
}

// settledWithout gives the result of an item that need not, or must not, be
// worked on.
func (p *pass) settledWithout(s *schedule, it *item) (WorkspaceResult, bool) {
	result := WorkspaceResult{RunWorkspace: state.RunWorkspace{Name: it.Name, Stale: s.reasons(it)}}
	why := s.stuck(it.Name)
	switch {
	case len(result.Stale) == 0:
		result.Outcome = state.Unchanged
	case it.hold != nil:
		result.Outcome = state.Blocked
		result.Suspended = it.hold.Kind == state.Suspended
		result.Error = holdText(*it.hold)
	case it.unmoved != nil:
		result.Outcome, result.Error = madeOf(it.unmoved), it.unmoved.Error()
	case why != "":
		result.Outcome = state.Skipped
		result.Error = "waits for its upstreams: " + why
	case p.waitsStill(s, it):
		result.Outcome, result.Error = it.record.Outcome, it.record.Error
		result.Changes, result.Risk, result.Digest = it.record.Changes, it.record.Risk, it.record.Digest
	default:
		return result, false
	}
	return result, true
}

// waitsStill tells whether the last run's failure or plan still stands for
// these very inputs: a failure, or what may pass by itself, until its time to
// be tried again has come; a plan that waits for a person until something
// changes. What is refused for what the commit says stays so. A person who runs
// the pass by hand wants it looked at.
func (p *pass) waitsStill(s *schedule, it *item) bool {
	rec := it.record
	if p.options.Trigger == Manual || p.options.Replan || !it.known {
		return false
	}
	if rec.Outcome != state.Failed && rec.Outcome != state.Blocked {
		return false
	}
	if refused := s.load(it).Err; refused != nil {
		return rec.Outcome == state.Failed && rec.Error == refused.Error()
	}
	if rec.Waiting == nil || rec.Outcome == state.Failed && rec.RetryAt.IsZero() { // it was refused, and is not now
		return false
	}
	if !rec.RetryAt.IsZero() && !p.Now().Before(rec.RetryAt) {
		return false
	}
	return maps.Equal(rec.Waiting, waiting(it, s.trace(it, s.digests(it.Name))))
}

func (p *pass) done(s *schedule, it *item, result WorkspaceResult) {
	it.result = &result
	s.release(it.Name)
	p.noteRetry(it)
	p.report(result)
	p.observe(Event{Workspace: it.Name, Phase: PhaseDone, Result: &result})
	log := p.log.With("workspace", it.Name, "outcome", result.Outcome)
	switch {
	case result.Error != "":
		log.Warn(result.Error)
	case result.Outcome != state.Unchanged:
		log.Info("done", "stale", result.Stale, "changes", result.Changes, "ms", result.DurationMS)
	}
}

// noteRetry notes when to try again what may end otherwise then. One whose
// files do not parse will not, until there is another commit.
func (p *pass) noteRetry(it *item) {
	delete(p.retries, it.Name)
	switch at := it.record.RetryAt; {
	case it.loaded != nil && it.loaded.Err != nil:
	case it.result.Outcome == state.Failed && at.IsZero(): // not even that could be recorded
		p.retries[it.Name] = p.Now().Add(p.backoff(1))
	case it.result.Outcome == state.Failed, it.result.Outcome == state.Blocked && !at.IsZero():
		p.retries[it.Name] = at
	}
}

// reportUnchanged gives their results to all that are no candidates.
func (p *pass) reportUnchanged(ctx context.Context, s *schedule) {
	for _, name := range s.graph.Order() {
		if it := s.items[name]; !s.candidates[name] && !s.alone {
			p.clear(ctx, s.work, it)
			it.result = &WorkspaceResult{RunWorkspace: state.RunWorkspace{Name: name, Outcome: state.Unchanged}}
			p.report(*it.result)
		}
	}
}

// showWaiting tells a live view of all that is to come.
func (p *pass) showWaiting(s *schedule) {
	for _, name := range s.graph.Order() {
		if s.candidates[name] {
			p.observe(Event{Workspace: name, Phase: PhaseWaiting, Waits: s.waitsFor(name)})
		}
	}
}

// tipMoved asks the remote again, when the last answer is old, so that a long
// pass drops what a newer commit has overtaken.
func (p *pass) tipMoved(ctx context.Context, head state.Head) bool {
	if p.Now().Sub(p.asked) < p.AskAgain {
		return false
	}
	tip, err := p.ask(ctx, head)
	if err != nil {
		p.log.Warn("could not ask for the tip again; going on with what is known", "error", err)
		return false
	}
	return tip.Commit != head.Commit
}

func holdText(h state.Hold) string {
	text := fmt.Sprintf("%s by %s since %s: %s", h.Kind, h.By, h.At.UTC().Format("2006-01-02 15:04Z"), h.Reason)
	if h.Help != "" {
		text += "; " + h.Help
	}
	return text
}
