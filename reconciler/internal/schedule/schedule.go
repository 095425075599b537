// Package schedule decides in which order workspaces run: which may start now, and which
// wait for others. It is pure: it knows names and outcomes, and does no I/O. It is a
// package of one file so that this stays true.
package schedule

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"reconcile/state"
)

// graph is the order of workspaces, by name. *workspace.Graph implements it.
type graph interface {
	Order() []string // upstreams first
	DependsOn(name string) []string
	Readers(name string) []string
}

// Schedule orders the workspaces of a run: which wait, and which may start. It is not
// safe for concurrent use.
type Schedule struct {
	graph      graph
	candidates map[string]bool          // stale, or below a stale one
	height     map[string]int           // length of the longest chain of readers
	waits      map[string]int           // number of upstreams a candidate still waits for
	ready      []string                 // may start: the longest chain of readers first
	finished   map[string]state.Outcome // of candidates
	alone      bool                     // only the named workspaces, whatever became of their upstreams
}

// New selects the workspaces to process: the stale ones and, because an apply may
// change its outputs, all that are below them. If only is not empty, it selects those
// alone, stale or not, and they wait for each other only; all treats every workspace as stale.
func New(g graph, isStale func(name string) bool, only []string, all bool) *Schedule {
	s := &Schedule{
		graph: g, candidates: map[string]bool{}, height: map[string]int{}, waits: map[string]int{},
		finished: map[string]state.Outcome{}, alone: len(only) > 0,
	}
	order := g.Order()
	for _, name := range order {
		below := slices.ContainsFunc(g.DependsOn(name), func(up string) bool { return s.candidates[up] })
		switch {
		case s.alone:
			s.candidates[name] = slices.Contains(only, name)
		default:
			s.candidates[name] = all || below || isStale(name)
		}
	}
	for _, name := range slices.Backward(order) {
		for _, up := range g.DependsOn(name) {
			s.height[up] = max(s.height[up], s.height[name]+1)
		}
	}
	for _, name := range order {
		if !s.candidates[name] {
			continue
		}
		if s.waits[name] = len(s.PendingUpstreams(name)); s.waits[name] == 0 {
			s.push(name)
		}
	}
	return s
}

// Includes reports whether a workspace was selected.
func (s *Schedule) Includes(name string) bool { return s.candidates[name] }

// IsAlone reports whether only named workspaces were selected.
func (s *Schedule) IsAlone() bool { return s.alone }

// PendingUpstreams returns the upstreams that a workspace must still wait for.
func (s *Schedule) PendingUpstreams(name string) []string {
	return slices.DeleteFunc(slices.Clone(s.graph.DependsOn(name)), func(up string) bool {
		_, finished := s.finished[up]
		return !s.candidates[up] || finished
	})
}

// push makes a workspace ready. The one with the longest chain of readers starts first,
// so that the run ends soonest.
func (s *Schedule) push(name string) {
	at, _ := slices.BinarySearchFunc(s.ready, name, func(a, b string) int {
		return cmp.Or(s.height[b]-s.height[a], strings.Compare(a, b))
	})
	s.ready = slices.Insert(s.ready, at, name)
}

// Pop returns the next workspace that may start, and removes it from the queue. ok is
// false if none may start now.
func (s *Schedule) Pop() (name string, ok bool) {
	if len(s.ready) == 0 {
		return "", false
	}
	name, s.ready = s.ready[0], s.ready[1:]
	return name, true
}

// Release lets a candidate start next, whatever its upstreams do.
func (s *Schedule) Release(name string) {
	if !s.candidates[name] {
		return
	}
	s.ready = slices.DeleteFunc(s.ready, func(other string) bool { return other == name })
	s.ready = slices.Insert(s.ready, 0, name)
	s.waits[name] = math.MaxInt // it is ready already
}

// Finish records the outcome of a workspace. Its readers wait for one upstream less.
func (s *Schedule) Finish(name string, outcome state.Outcome) {
	s.finished[name] = outcome
	for _, reader := range s.graph.Readers(name) {
		if s.waits[reader]--; s.waits[reader] == 0 && s.candidates[reader] {
			s.push(reader)
		}
	}
}

// FinishWaiting records that a workspace waits for its readers: it does not stop them.
func (s *Schedule) FinishWaiting(name string) { s.Finish(name, state.Pending) }

// ExplainSkip returns why a workspace cannot run although its upstreams are finished: one
// of them was not successful. It returns "" if it can run.
func (s *Schedule) ExplainSkip(name string) string {
	if s.alone {
		return ""
	}
	var list []string
	for _, up := range s.graph.DependsOn(name) {
		switch outcome := s.finished[up]; outcome {
		case state.Failed, state.Skipped, state.Busy, state.Blocked, state.Rolling:
			list = append(list, fmt.Sprintf("%s is %s", up, outcome))
		}
	}
	return strings.Join(list, ", ")
}
