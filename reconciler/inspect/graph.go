// Package inspect answers questions about the workspaces, in Git and in the record, and changes
// nothing.
package inspect

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/workspace/settings"
)

// Graph lists the workspaces at the tip with their dependencies and inputs, as
// `reconcile graph -o json` prints it.
type Graph struct {
	Workspaces []GraphWorkspace `json:"workspaces"`
	Warnings   []string         `json:"warnings,omitempty"`
}

// GraphWorkspace is one workspace of a Graph.
type GraphWorkspace struct {
	Name      string   `json:"name"`
	Path      string   `json:"path"`
	DependsOn []string `json:"depends_on"`
	Inputs    []string `json:"inputs"`
	Error     string   `json:"error,omitempty"` // why the workspace is refused
	Gate      string   `json:"gate,omitempty"`  // what the operator's gate forbids of its settings
	// Ignored is the number of files below the inputs that are no inputs, and IgnoredFiles the
	// first of them.
	Ignored      int      `json:"ignored,omitempty"`
	IgnoredFiles []string `json:"ignored_files,omitempty"`
	// Progressive is how it is applied in steps; nil: at once.
	Progressive *Progressive `json:"progressive,omitempty"`
	PlanRole    string       `json:"-"`
}

// Progressive is how a workspace is applied in steps, by its settings.
type Progressive struct {
	Workspace string               `json:"workspace"`
	Variable  string               `json:"variable"`
	Steps     []int                `json:"steps"`
	Soak      []string             `json:"soak"`
	Alarms    []string             `json:"alarms"`
	Quiet     []string             `json:"quiet"`
	OnAlarm   settings.AlarmAction `json:"on_alarm"`
}

func newProgressive(workspace string, p *settings.Progressive) *Progressive {
	if p == nil {
		return nil
	}
	found := &Progressive{
		Workspace: workspace, Variable: p.Variable, Steps: p.Steps, OnAlarm: p.OnAlarm,
		Alarms: append([]string{}, p.Alarms...), Quiet: append([]string{}, p.Quiet...),
	}
	for _, long := range p.Soak {
		found.Soak = append(found.Soak, long.String())
	}
	return found
}

// maxIgnoredFiles is how many ignored files of a workspace are named.
const maxIgnoredFiles = 20

// ReadGraph reads the workspaces at the tip. It neither reads nor writes a record.
func ReadGraph(ctx context.Context, c run.Config) (*Graph, error) {
	c.SetDefaults()
	tip, err := c.Source.Tip(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("read the tip of %s: %w", c.Branch, err)
	}
	commit, err := c.Fetch(ctx, tip)
	if err != nil {
		return nil, err
	}
	defer c.CloseCommit(commit)
	workspaces, err := inventory.NewWithoutRecord(ctx, &c, commit)
	if err != nil {
		return nil, err
	}
	if err := workspaces.LoadAll(ctx); err != nil {
		return nil, err
	}
	workspaces.BuildGraph()
	if err := workspaces.CheckNotEmpty(); err != nil {
		return nil, err
	}
	g := &Graph{Workspaces: []GraphWorkspace{}, Warnings: workspaces.Warnings()}
	for _, name := range slices.Sorted(maps.Keys(workspaces.Entries)) {
		ws := workspaces.Entries[name].Loaded
		depends := append([]string{}, workspaces.Graph.DependsOn(name)...)
		inputs := []string{}
		for _, input := range slices.Concat(ws.Inputs, ws.Patterns, ws.Filesets) {
			inputs = append(inputs, gitpath.Quote(input))
		}
		node := GraphWorkspace{Name: name, Path: gitpath.Quote(ws.Path), DependsOn: depends, Inputs: inputs, Gate: gate.DescribeTightened(workspaces.Entries[name].Config, c.Gate)}
		node.Progressive, node.PlanRole = newProgressive(name, workspaces.Entries[name].Config.Progressive), workspaces.Entries[name].Config.PlanRole
		ignored := ws.Ignored(workspaces.Loader.Files())
		node.Ignored = len(ignored)
		for _, p := range ignored[:min(len(ignored), maxIgnoredFiles)] {
			node.IgnoredFiles = append(node.IgnoredFiles, gitpath.Quote(p))
		}
		g.Warnings = slices.Concat(g.Warnings, ws.Warnings, ws.Unfollowed)
		if ws.Err != nil {
			node.Error = ws.Err.Error()
			g.Warnings = append(g.Warnings, node.Error)
		}
		g.Workspaces = append(g.Workspaces, node)
	}
	g.Warnings = countRepeated(g.Warnings)
	return g, nil
}

// countRepeated returns each warning once, in the order of the first occurrence, with the
// number of workspaces that have it: a warning about a shared module is one of each caller.
func countRepeated(warnings []string) []string {
	counts := map[string]int{}
	var once []string
	for _, text := range warnings {
		if counts[text]++; counts[text] == 1 {
			once = append(once, text)
		}
	}
	for i, text := range once {
		if n := counts[text]; n > 1 {
			once[i] = fmt.Sprintf("%s (in %d workspaces)", text, n)
		}
	}
	return once
}
