package run

import (
	"sync"
	"time"

	"reconcile/state"
)

// phaseClock notes when each workspace of a run enters a phase. It is safe for concurrent use.
type phaseClock struct {
	mu     sync.Mutex
	phases map[string][]state.PhaseTime
}

// enter notes that a workspace enters a phase, which ends the one before.
func (c *phaseClock) enter(workspace string, phase Phase, elapsed time.Duration) {
	if workspace == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	list, at := c.phases[workspace], elapsed.Milliseconds()
	if n := len(list); n > 0 {
		list[n-1].EndMS = at
	}
	if phase != PhaseDone {
		list = append(list, state.PhaseTime{Phase: string(phase), StartMS: at, EndMS: at})
	}
	if c.phases == nil {
		c.phases = map[string][]state.PhaseTime{}
	}
	c.phases[workspace] = list
}

// phasesOf returns the phases of a workspace that took time, in order.
func (c *phaseClock) phasesOf(workspace string) []state.PhaseTime {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []state.PhaseTime
	for _, p := range c.phases[workspace] {
		if p.EndMS > p.StartMS {
			list = append(list, p)
		}
	}
	return list
}

// Phases returns how long the run worked on each step of a workspace, in order.
func (r *Run) Phases(workspace string) []state.PhaseTime { return r.phases.phasesOf(workspace) }
