package main

import (
	"fmt"
	"sort"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"reconcile/internal/visible"
	"reconcile/reconciler"
)

// live is the view of a pass on a terminal: below what is already said, a few
// lines on what is being done now. It takes no keys: Ctrl-C is a signal, as
// it is without the view.
type live struct {
	title   string
	items   map[string]*liveItem
	done    int
	note    string
	now     time.Time
	started time.Time
	width   int
	height  int
	ended   bool
}

// liveItem is a workspace in the view.
type liveItem struct {
	name  string
	phase reconciler.Phase
	waits []string
	since time.Time // since when it is in its phase
}

// Messages to the view.
type (
	liveTick time.Time
	liveNote string // a line to stand there until the end
	liveEnd  struct{}
	liveStep struct {
		event reconciler.Event
		at    time.Time
	}
)

// liveEvery is how often the elapsed times move.
const liveEvery = 200 * time.Millisecond

func newLive(title string, now time.Time) *live {
	return &live{title: title, items: map[string]*liveItem{}, now: now, started: now, width: defaultWidth, height: 24}
}

func liveTicks() tea.Cmd {
	return tea.Tick(liveEvery, func(t time.Time) tea.Msg { return liveTick(t) })
}

// Init starts the clock.
func (l *live) Init() tea.Cmd { return liveTicks() }

// Update takes a message in.
func (l *live) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		l.width, l.height = msg.Width, msg.Height
	case liveTick:
		l.now = time.Time(msg)
		return l, liveTicks()
	case liveNote:
		l.note = string(msg)
	case liveEnd:
		l.ended = true
		return l, tea.Quit
	case liveStep:
		l.step(msg)
	}
	return l, nil
}

func (l *live) step(s liveStep) {
	e := s.event
	if e.Phase == reconciler.PhaseDone {
		if _, ok := l.items[e.Workspace]; ok {
			delete(l.items, e.Workspace)
			l.done++
		}
		for _, it := range l.items {
			it.waits = without(it.waits, e.Workspace)
		}
		return
	}
	l.items[e.Workspace] = &liveItem{name: visible.Name(e.Workspace), phase: e.Phase, waits: e.Waits, since: s.at}
}

func without(list []string, name string) []string {
	var rest []string
	for _, s := range list {
		if s != name {
			rest = append(rest, s)
		}
	}
	return rest
}

// View draws it: nothing after the end, so that only what is said remains.
func (l *live) View() tea.View {
	if l.ended {
		return tea.NewView("")
	}
	return tea.NewView(l.text())
}

func (l *live) text() string {
	working, waiting := l.sorted()
	room := max(l.height-4, 3) // leave the title, the counts and what was said before
	var lines []string
	for _, it := range append(working, waiting...) {
		if len(lines) == room {
			break
		}
		lines = append(lines, l.line(it))
	}
	if hidden := len(l.items) - len(lines); hidden > 0 {
		lines = append(lines, styleFaint.Render(fmt.Sprintf("  and %d more", hidden)))
	}
	status := fmt.Sprintf("%s · %s · %d done, %d at work, %d waiting", l.title, seconds(l.now.Sub(l.started)), l.done, len(working), len(waiting))
	lines = append(lines, styleFaint.Render(status))
	if l.note != "" {
		lines = append(lines, styleWait.Render(l.note))
	}
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], max(l.width-1, leastWidth), "…")
	}
	return strings.Join(lines, "\n") + "\n"
}

// sorted gives those at work before those that wait, each by name.
func (l *live) sorted() (working, waiting []*liveItem) {
	for _, it := range l.items {
		if it.phase == reconciler.PhaseWaiting {
			waiting = append(waiting, it)
		} else {
			working = append(working, it)
		}
	}
	for _, list := range [][]*liveItem{working, waiting} {
		sort.Slice(list, func(i, j int) bool { return list[i].name < list[j].name })
	}
	return working, waiting
}

// line is one workspace: its phase, how long, what it waits for.
func (l *live) line(it *liveItem) string {
	elapsed := seconds(max(l.now.Sub(it.since), 0))
	switch it.phase {
	case reconciler.PhaseWaiting:
		text := "for a free place"
		if len(it.waits) > 0 {
			text = "for " + visible.Line(strings.Join(it.waits, ", "))
		}
		return styleFaint.Render(fmt.Sprintf("· %-9s", "waits")) + "  " + it.name + styleFaint.Render("  "+text)
	case reconciler.PhaseLease:
		if l.now.Sub(it.since) < time.Second { // taking one that is free takes a moment too
			break
		}
		return styleWait.Render(fmt.Sprintf("· %-9s", "lease")) + "  " + it.name + styleFaint.Render("  another run holds it · "+elapsed)
	}
	return styleKey.Render(fmt.Sprintf("● %-9s", it.phase)) + "  " + styleBold.Render(it.name) + styleFaint.Render("  "+elapsed)
}
