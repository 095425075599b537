package page

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"reconcile/internal/runid"
	"reconcile/reconciler/run"
)

// Publisher writes the pages while runs of this process work, and after them. It never fails
// or delays a run: what goes wrong is logged. It is safe for concurrent use.
type Publisher struct {
	site   *Site
	writer *Writer
	log    *slog.Logger

	mu       sync.Mutex
	working  map[runid.ID]*ActiveRun
	runEnded bool // a run has ended since the last write
	idle     bool // it had nothing to do
	wake     chan struct{}
	stop     chan struct{}
	done     chan struct{}
	ctx      context.Context // of all writes
	cancel   context.CancelFunc
	failed   string // the last warning, which is not repeated
}

// Times of a publisher.
const (
	livePeriod = 5 * time.Second  // between writes while a run works
	writeTime  = 60 * time.Second // for one write
	closeTime  = 20 * time.Second // for the write after the last run
	saveTime   = 5 * time.Second  // for noting what was written until then
)

// NewPublisher returns a publisher that works until Close.
func NewPublisher(site *Site, writer *Writer, log *slog.Logger) *Publisher {
	p := &Publisher{
		site: site, writer: writer, log: log, working: map[runid.ID]*ActiveRun{},
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	go p.loop()
	return p
}

// Observe handles an event of a run. A nil Publisher ignores it.
func (p *Publisher) Observe(e run.Event) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case e.Workspace != "":
		p.observeWorkspace(e)
	case e.Phase == run.PhaseDone:
		delete(p.working, e.Run)
		idle := e.Err == nil && e.Pass != nil && e.Pass.Snapshot == "" && e.Pass.Trigger != run.TriggerDrift
		p.runEnded, p.idle = true, idle && (p.idle || !p.runEnded)
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
}

// observeWorkspace notes the phase of a workspace. A run is shown from its first one: most
// runs have nothing to do.
func (p *Publisher) observeWorkspace(e run.Event) {
	w := p.working[e.Run]
	if w == nil {
		w = &ActiveRun{Run: e.Run, Since: time.Now()}
		p.working[e.Run] = w
	}
	one := ActiveWorkspace{Name: e.Workspace, Phase: e.Phase}
	if e.Result != nil {
		one.Outcome = e.Result.Outcome
	}
	i, found := slices.BinarySearchFunc(w.Workspaces, one, func(a, b ActiveWorkspace) int { return cmp.Compare(a.Name, b.Name) })
	if found {
		w.Workspaces[i] = one
	} else {
		w.Workspaces = slices.Insert(w.Workspaces, i, one)
	}
}

// Update writes the pages after something else than a run has changed the record.
func (p *Publisher) Update() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runEnded, p.idle = true, false
}

// Close writes what is left to write, within a bound, and ends the publisher.
func (p *Publisher) Close() {
	if p == nil {
		return
	}
	close(p.stop)
	defer p.cancel()
	select {
	case <-p.done:
		return
	case <-time.After(closeTime):
		p.cancel()
	}
	p.log.Warn("could not write the whole page in time; the next pass continues")
	select {
	case <-p.done:
	case <-time.After(saveTime + time.Second):
	}
}

func (p *Publisher) loop() {
	defer close(p.done)
	ticker := time.NewTicker(livePeriod)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			p.write()
			return
		case <-p.wake:
		case <-ticker.C:
		}
		p.write()
	}
}

// next returns what is to be written now, and forgets that it is.
func (p *Publisher) next() (working *ActiveRun, ended, idle bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.working {
		if working == nil || w.Run > working.Run {
			working = &ActiveRun{Run: w.Run, Since: w.Since, Workspaces: slices.Clone(w.Workspaces)}
		}
	}
	ended, idle = p.runEnded, p.idle
	p.runEnded = false
	return working, ended, idle
}

func (p *Publisher) write() {
	working, ended, idle := p.next()
	if working == nil && !ended {
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, writeTime)
	defer cancel()
	err := p.writeNow(ctx, working, ended, idle && working == nil)
	if err != nil {
		p.warn("could not write the page; the next pass tries again", "error", err)
		return
	}
	p.failed = ""
}

func (p *Publisher) writeNow(ctx context.Context, working *ActiveRun, ended, idle bool) error {
	if idle {
		head, err := p.site.Record.Head(ctx)
		if err != nil {
			return err
		}
		if done, err := p.writer.touch(ctx, head.Rev, time.Now()); err != nil || done {
			return err
		}
	}
	m, err := p.site.Read(ctx)
	if err != nil {
		return err
	}
	if working != nil {
		m.Active = working
	}
	if ended {
		return p.writer.Write(ctx, m)
	}
	return p.writer.WriteLive(ctx, m)
}

func (p *Publisher) warn(text string, args ...any) {
	if key := text + slog.AnyValue(args).String(); key != p.failed {
		p.failed = key
		p.log.Warn(text, args...)
	}
}
