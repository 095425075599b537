package state

import (
	"context"
	"encoding/json"
	"slices"
)

// runPartBytes is about how many bytes of workspaces one item of a run holds.
const runPartBytes = MaxValue / 2

// runPart is an item that holds more of a run's workspaces.
type runPart struct {
	Schema     int            `json:"schema"`
	Run        string         `json:"run"`
	Part       int            `json:"part"` // from 1
	Workspaces []RunWorkspace `json:"workspaces"`
	ExpiresAt  int64          `json:"expires"`
}

func runPartKeyPrefix(id string) string { return runPartPrefix + id + "#" }

// splitRun leaves as many workspaces in run as fit, and moves the rest into parts.
func splitRun(run Run) (Run, []runPart, error) {
	run.Workspaces = truncateAll(run.Workspaces)
	var groups [][]RunWorkspace
	first, size := 0, 0
	for i, w := range run.Workspaces {
		data, err := json.Marshal(w)
		if err != nil {
			return run, nil, err
		}
		if size += len(data); size > runPartBytes && i > first {
			groups = append(groups, run.Workspaces[first:i])
			first, size = i, len(data)
		}
	}
	groups = append(groups, run.Workspaces[first:])
	run.Workspaces, run.Parts = groups[0], len(groups)-1
	parts := make([]runPart, run.Parts)
	for i := range parts {
		parts[i] = runPart{Schema: Schema, Run: run.ID, Part: i + 1, Workspaces: groups[i+1], ExpiresAt: run.ExpiresAt}
	}
	return run, parts, nil
}

func truncateAll(list []RunWorkspace) []RunWorkspace {
	truncated := slices.Clone(list)
	for i, w := range truncated {
		truncated[i] = w.truncateTexts()
	}
	return truncated
}

// addRunParts adds the workspaces in the parts of run.
func (r *Record) addRunParts(ctx context.Context, run *Run) error {
	if run.Parts == 0 {
		return nil
	}
	parts, err := list[runPart](ctx, r, r.name, runPartKeyPrefix(run.ID))
	if err != nil {
		return err
	}
	for _, part := range parts[:min(run.Parts, len(parts))] {
		run.Workspaces = append(run.Workspaces, part.Workspaces...)
	}
	run.Parts = 0
	return nil
}
