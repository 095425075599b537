package workspace

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/reconciler/workspace/settings"
)

// errCycle is wrapped by Graph.Err for workspaces in a dependency cycle.
var errCycle = errors.New("dependency cycle between workspaces")

// dropGuesses drops guesses until no guess is in a cycle, the least certain first. Guesses
// of equal certainty are dropped together, so that names do not decide.
func (b *graphBuilder) dropGuesses() {
	for len(b.guesses) > 0 {
		up := map[string][]string{}
		for name, names := range b.graph.upstream {
			up[name] = slices.Clone(names)
		}
		for _, g := range b.guesses {
			up[g.reader] = append(up[g.reader], g.upstream)
		}
		cycle := findCycles(up)
		inCycle := func(g guess) bool { return cycle[g.reader] != 0 && cycle[g.reader] == cycle[g.upstream] }
		minCertainty := -1
		for _, g := range b.guesses {
			if inCycle(g) && (minCertainty < 0 || g.certainty() < minCertainty) {
				minCertainty = g.certainty()
			}
		}
		if minCertainty < 0 {
			return
		}
		dropped := map[string][]string{} // by reader and read
		b.guesses = slices.DeleteFunc(b.guesses, func(g guess) bool {
			drop := inCycle(g) && g.certainty() == minCertainty
			if drop {
				key := g.reader + "\x00" + string(g.read)
				dropped[key] = append(dropped[key], g.upstream)
			}
			return drop
		})
		for _, key := range slices.Sorted(maps.Keys(dropped)) {
			reader, read, _ := strings.Cut(key, "\x00")
			b.addWarning(reader, "workspace %s may read the state of %s (%s), but this dependency is ignored, because it would close a cycle: list the workspaces that it reads in depends_on in %s", reader, strings.Join(dropped[key], ", "), read, settings.FileName)
		}
	}
}

// rejectCycles adds an error to the workspaces in each cycle, and removes the cycle's
// dependencies from the graph.
func (b *graphBuilder) rejectCycles() {
	cycle := findCycles(b.graph.upstream)
	if len(cycle) == 0 {
		return
	}
	byName := map[string]Node{}
	for _, n := range b.nodes {
		byName[n.Name] = n
	}
	for _, n := range b.nodes {
		if cycle[n.Name] == 0 {
			continue
		}
		inSameCycle := func(up string) bool { return cycle[up] == cycle[n.Name] }
		names := b.shortestCycle(n.Name, inSameCycle)
		err := fmt.Errorf("%w: %s", errCycle, strings.Join(names, " -> "))
		if position := findPosition(names, byName); position != "" {
			err = fmt.Errorf("%s: %w", position, err)
		}
		b.addError(n.Name, err)
	}
	for name, up := range b.graph.upstream {
		if id := cycle[name]; id != 0 {
			b.graph.upstream[name] = slices.DeleteFunc(up, func(u string) bool { return cycle[u] == id })
		}
	}
}

// findPosition returns where the settings name the first dependency of the cycle that they name;
// "": the others are states that are read.
func findPosition(names []string, byName map[string]Node) string {
	for i := range len(names) - 1 {
		if position := byName[names[i]].Positions[names[i+1]]; position != "" {
			return position
		}
	}
	return ""
}

// shortestCycle returns a shortest path from name through its cycle back to name.
func (b *graphBuilder) shortestCycle(name string, inCycle func(string) bool) []string {
	from := map[string]string{}
	for queue := []string{name}; len(queue) > 0; queue = queue[1:] {
		for _, up := range slices.Sorted(slices.Values(b.graph.upstream[queue[0]])) {
			if _, seen := from[up]; seen || !inCycle(up) {
				continue
			}
			from[up] = queue[0]
			queue = append(queue, up)
		}
	}
	cycle := []string{name}
	for current := from[name]; current != name; current = from[current] {
		cycle = append(cycle, current)
	}
	cycle = append(cycle, name)
	slices.Reverse(cycle)
	return cycle
}

// findCycles numbers the cycles of a graph from 1. Workspaces that can reach each other
// have the same number; others have none (Tarjan's algorithm).
func findCycles(up map[string][]string) map[string]int {
	index, low, cycle := map[string]int{}, map[string]int{}, map[string]int{}
	var stack []string
	onStack := map[string]bool{}
	found := 0
	var visit func(name string)
	visit = func(name string) {
		index[name] = len(index) + 1
		low[name] = index[name]
		stack, onStack[name] = append(stack, name), true
		for _, u := range up[name] {
			if index[u] == 0 {
				visit(u)
				low[name] = min(low[name], low[u])
			} else if onStack[u] {
				low[name] = min(low[name], index[u])
			}
		}
		if low[name] != index[name] {
			return
		}
		start := slices.Index(stack, name)
		members := stack[start:]
		for _, m := range members {
			onStack[m] = false
		}
		if len(members) > 1 {
			found++
			for _, m := range members {
				cycle[m] = found
			}
		}
		stack = stack[:start]
	}
	for _, name := range slices.Sorted(maps.Keys(up)) {
		if index[name] == 0 {
			visit(name)
		}
	}
	return cycle
}
