package ui

import (
	"sync"
	"time"

	"reconcile/internal/runid"
	"reconcile/reconciler/run"
)

// WatchPrinter shows passes that follow and overlap each other. Each line has the time at
// which it was written. On a terminal there is a live view while passes work on workspaces.
type WatchPrinter struct {
	output PassOutput
	lines  *ScreenWriter

	mu     sync.Mutex
	passes map[runid.ID]*ResultPrinter // that run
	live   *liveView                   // nil: none of them has worked on a workspace yet
}

// NewWatchPrinter returns a printer that has written nothing yet.
func NewWatchPrinter(to PassOutput) *WatchPrinter {
	return &WatchPrinter{output: to, lines: NewScreenWriter(to.Out), passes: map[runid.ID]*ResultPrinter{}}
}

// BeginPass must come before the events of the pass.
func (p *WatchPrinter) BeginPass(id runid.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passes[id] = newResultPrinter(p.lines, p.output.Width, p.output.Translator)
	p.passes[id].Stamps = true
}

// Observe shows an event of a pass.
func (p *WatchPrinter) Observe(e run.Event) {
	if e.Workspace == "" || p.output.JSON {
		return
	}
	p.mu.Lock()
	results := p.passes[e.Run]
	if p.live == nil && p.output.Terminal != nil && results != nil {
		p.live = &liveView{title: p.output.Title, tr: p.output.Translator, out: p.output.Terminal, lines: p.lines, logs: p.output.Logs, plain: p.output.Plain}
		p.live.start()
	}
	live := p.live
	p.mu.Unlock()
	if results != nil {
		results.observe(e)
	}
	if live != nil {
		live.observe(e)
	}
}

// EndPass shows the result of a pass; nil if it has none. The view goes with the last pass.
func (p *WatchPrinter) EndPass(id runid.ID, result *run.Result, start time.Time) {
	p.mu.Lock()
	results := p.passes[id]
	delete(p.passes, id)
	live, isLast := p.live, len(p.passes) == 0
	if isLast {
		p.live = nil
	}
	p.mu.Unlock()
	switch {
	case live == nil:
	case isLast:
		live.close()
	default:
		live.leave(id)
	}
	if result != nil && results != nil {
		results.Start = start
		results.printSummary(result)
	}
}

// PrintStop shows a line about a signal to stop, which is for passes that run: without one
// nothing is waited for.
func (p *WatchPrinter) PrintStop(line string) {
	p.mu.Lock()
	live, idle := p.live, len(p.passes) == 0
	p.mu.Unlock()
	switch {
	case idle:
		LinePrinter(p.output.Err, p.output.Translator)("stopping")
	case live != nil:
		live.showNote(line)
	default:
		LinePrinter(p.output.Err, p.output.Translator)(line)
	}
}
