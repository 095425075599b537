package page

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"reconcile/internal/excerpt"
	"reconcile/internal/visible"
	"reconcile/state"
)

// runView is what the page of a run shows.
type runView struct {
	run        state.Run
	workspaces []runWorkspaceView
	omitted    int // workspaces that found no room
	timeline   *timeline
}

type runWorkspaceView struct {
	result state.RunWorkspace
	plan   planView
}

// How much the page of a run shows.
const (
	maxRunWorkspaces = 200
	maxRunLogs       = 2 << 20 // of all logs, in bytes
)

func newRunView(r state.Run) runView {
	v := runView{run: r, timeline: drawTimeline(r)}
	sorted := slices.Clone(r.Workspaces)
	slices.SortStableFunc(sorted, func(a, b state.RunWorkspace) int { return severity(b.Outcome) - severity(a.Outcome) })
	v.omitted = max(len(sorted)-maxRunWorkspaces, 0)
	for _, w := range sorted[:len(sorted)-v.omitted] {
		v.workspaces = append(v.workspaces, runWorkspaceView{result: w, plan: planView{run: r.ID}})
	}
	return v
}

// severity orders outcomes by what a person should see first.
func severity(o state.Outcome) int {
	return slices.Index([]state.Outcome{state.NoChanges, state.Skipped, state.Applied, state.Pending, state.Busy, state.Drifted, state.Blocked, state.Failed}, o)
}

func joinNames(names []string) string { return strings.Join(names, ", ") }

// timeline is a bar for each workspace of a run, by phase.
type timeline struct {
	width, height int
	rows          []timelineRow
	ticks         []tick
	phases        []string // in the order of their first bars
}

type timelineRow struct {
	label string
	y     int
	bars  []bar
}

type bar struct {
	phase    string
	x, width int
	length   time.Duration
}

type tick struct {
	x  int
	at time.Duration
}

// Sizes of a time line, in pixels.
const (
	timelineLabel = 180
	timelineBars  = 700
	timelineRowHt = 20
	timelineTop   = 18
	maxBars       = 200
)

// drawTimeline returns the time line of a run; nil if no phase is recorded.
func drawTimeline(r state.Run) *timeline {
	var end int64
	for _, w := range r.Workspaces {
		for _, p := range w.Phases {
			end = max(end, p.EndMS)
		}
	}
	if end == 0 {
		return nil
	}
	t := &timeline{width: timelineLabel + timelineBars}
	place := func(ms int64) int { return timelineLabel + int(ms*timelineBars/end) }
	sorted := slices.Clone(r.Workspaces)
	slices.SortStableFunc(sorted, func(a, b state.RunWorkspace) int { return int(firstWork(a) - firstWork(b)) })
	for _, w := range sorted {
		if len(w.Phases) == 0 || len(t.rows) == maxBars {
			continue
		}
		row := timelineRow{label: excerpt.Cut(visible.Line(w.Name), 26), y: timelineTop + len(t.rows)*timelineRowHt}
		for _, p := range w.Phases {
			row.bars = append(row.bars, bar{phase: slug(p.Phase), x: place(p.StartMS), width: max(place(p.EndMS)-place(p.StartMS), 1), length: time.Duration(p.EndMS-p.StartMS) * time.Millisecond})
			if !slices.Contains(t.phases, slug(p.Phase)) {
				t.phases = append(t.phases, slug(p.Phase))
			}
		}
		t.rows = append(t.rows, row)
	}
	step := tickStep(time.Duration(end) * time.Millisecond)
	for at := time.Duration(0); at.Milliseconds() <= end; at += step {
		t.ticks = append(t.ticks, tick{place(at.Milliseconds()), at})
	}
	t.height = timelineTop + len(t.rows)*timelineRowHt
	return t
}

// firstWork returns when a workspace began to be worked on.
func firstWork(w state.RunWorkspace) int64 {
	for _, p := range w.Phases {
		if p.Phase != "waiting" {
			return p.StartMS
		}
	}
	return 0
}

// tickStep returns a round length that divides a whole into about five.
func tickStep(whole time.Duration) time.Duration {
	for _, step := range []time.Duration{
		100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	} {
		if whole/step <= 6 {
			return step
		}
	}
	return whole / 5
}

func num(n int) string { return strconv.Itoa(n) }

// box returns a viewBox from the origin.
func box(width, height int) string { return "0 0 " + num(width) + " " + num(height) }
