package ui

import (
	"maps"
	"sort"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"reconcile/internal/runid"
	"reconcile/internal/visible"
	"reconcile/reconciler/notify/catalog"
	"reconcile/reconciler/run"
)

// liveModel is the live view of a pass: a few lines about running workspaces, below
// the output so far. It reads no keys, so Ctrl-C stays a signal.
type liveModel struct {
	title     string
	tr        *catalog.Translator
	plain     bool // without styles
	items     map[itemKey]*liveItem
	doneCount int
	note      string
	now       time.Time
	startedAt time.Time
	width     int
	height    int
	quitting  bool
}

// itemKey names an item: of two passes that overlap, both may have the workspace.
type itemKey struct {
	run       runid.ID
	workspace string
}

// liveItem is a workspace in the view.
type liveItem struct {
	name       string
	phase      run.Phase
	upstreams  []string
	phaseStart time.Time // start of the current phase
	rollout    string    // where its rollout stands; "": it has none
}

// Messages to the view.
type (
	tickMsg  time.Time
	noteMsg  string // a line that stays until the end
	endMsg   struct{}
	leaveMsg runid.ID // a pass has ended: what it did not begin goes
	eventMsg struct {
		event run.Event
		time  time.Time
	}
)

// tickInterval is how often the elapsed times are updated.
const tickInterval = 200 * time.Millisecond

func newLiveModel(title string, tr *catalog.Translator, plain bool, now time.Time) *liveModel {
	return &liveModel{title: title, tr: tr, plain: plain, items: map[itemKey]*liveItem{}, now: now, startedAt: now, width: DefaultWidth, height: 24}
}

func nextTick() tea.Cmd {
	return tea.Tick(tickInterval, func(t time.Time) tea.Msg { return tickMsg(t) })
}

// Init starts the clock.
func (l *liveModel) Init() tea.Cmd { return nextTick() }

// Update handles a message.
func (l *liveModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		l.width, l.height = msg.Width, msg.Height
	case tickMsg:
		l.now = time.Time(msg)
		return l, nextTick()
	case noteMsg:
		l.note = string(msg)
	case endMsg:
		l.quitting = true
		return l, tea.Quit
	case leaveMsg:
		maps.DeleteFunc(l.items, func(key itemKey, _ *liveItem) bool { return key.run == runid.ID(msg) })
	case eventMsg:
		l.handleEvent(msg)
	}
	return l, nil
}

func (l *liveModel) handleEvent(s eventMsg) {
	e := s.event
	key := itemKey{e.Run, e.Workspace}
	if e.Phase == run.PhaseDone {
		if _, ok := l.items[key]; ok {
			delete(l.items, key)
			l.doneCount++
		}
		for other, it := range l.items {
			if other.run != e.Run {
				continue
			}
			it.upstreams = removeName(it.upstreams, e.Workspace)
		}
		return
	}
	l.items[key] = &liveItem{name: visible.Name(e.Workspace), phase: e.Phase, upstreams: e.WaitsFor, phaseStart: s.time, rollout: e.Rollout}
}

func removeName(list []string, name string) []string {
	var rest []string
	for _, s := range list {
		if s != name {
			rest = append(rest, s)
		}
	}
	return rest
}

// View renders the view. After the end it is empty, so that only the output remains.
func (l *liveModel) View() tea.View {
	if l.quitting {
		return tea.NewView("")
	}
	if l.plain {
		return tea.NewView(ansi.Strip(l.render()))
	}
	return tea.NewView(l.render())
}

func (l *liveModel) render() string {
	working, waiting := l.sortItems()
	room := max(l.height-4, 3) // leave room for the title, the counts and earlier output
	var lines []string
	for _, it := range append(working, waiting...) {
		if len(lines) == room {
			break
		}
		lines = append(lines, l.renderItem(it))
	}
	if hidden := len(l.items) - len(lines); hidden > 0 {
		lines = append(lines, StyleFaint.Render(l.tr.Sprintf("  and %d more", hidden)))
	}
	status := l.tr.Sprintf("%s · %s · %d done, %d running, %d waiting", l.title, FormatDuration(l.tr, l.now.Sub(l.startedAt)), l.doneCount, len(working), len(waiting))
	lines = append(lines, StyleFaint.Render(status))
	if l.note != "" {
		lines = append(lines, StyleWait.Render(l.note))
	}
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], max(l.width-1, minWidth), "…")
	}
	return strings.Join(lines, "\n") + "\n"
}

// sortItems returns the running and the waiting items, each sorted by name.
func (l *liveModel) sortItems() (working, waiting []*liveItem) {
	for _, it := range l.items {
		if it.phase == run.PhaseWaiting {
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

// renderItem renders a workspace: its phase, the time in it, and what it waits for.
func (l *liveModel) renderItem(it *liveItem) string {
	elapsed := FormatDuration(l.tr, max(l.now.Sub(it.phaseStart), 0))
	switch it.phase {
	case run.PhaseWaiting:
		text := l.tr.Text("for a free slot")
		if len(it.upstreams) > 0 {
			text = l.tr.Sprintf("for %s", visible.Line(strings.Join(it.upstreams, ", ")))
		}
		return StyleFaint.Render(l.formatPhase("·", "waits")) + "  " + it.name + StyleFaint.Render("  "+text)
	case run.PhaseLease:
		if l.now.Sub(it.phaseStart) < time.Second { // taking a free lease takes a moment too
			break
		}
		return StyleWait.Render(l.formatPhase("·", "lease")) + "  " + it.name + StyleFaint.Render("  "+l.tr.Text("held by another run")+" · "+elapsed)
	}
	if it.rollout != "" {
		elapsed += " · " + visible.Line(l.tr.Translate(it.rollout))
	}
	return StyleKey.Render(l.formatPhase("●", string(it.phase))) + "  " + StyleBold.Render(it.name) + StyleFaint.Render("  "+elapsed)
}

// formatPhase returns a phase with its mark, as wide as every other.
func (l *liveModel) formatPhase(mark, phase string) string {
	const width = 9
	return mark + " " + PadRight(l.tr.Text(phase), width)
}
