package workspace

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrCycle is wrapped by Graph.Err of workspaces that depend on each other in
// a circle.
var ErrCycle = errors.New("workspaces depend on each other")

// dropGuesses drops guesses until none lies in a circle, the least certain
// first. Of two that are alike both are dropped, so that the outcome does not
// hang on names.
func (l *linker) dropGuesses() {
	for {
		up := map[string][]string{}
		for name, names := range l.upstream {
			up[name] = slices.Clone(names)
		}
		for _, g := range l.guesses {
			up[g.reader] = append(up[g.reader], g.upstream)
		}
		circle := circles(up)
		inCircle := func(g guess) bool { return circle[g.reader] != 0 && circle[g.reader] == circle[g.upstream] }
		least := -1
		for _, g := range l.guesses {
			if inCircle(g) && (least < 0 || g.certainty() < least) {
				least = g.certainty()
			}
		}
		if least < 0 {
			return
		}
		dropped := map[string][]string{} // by reader and read
		l.guesses = slices.DeleteFunc(l.guesses, func(g guess) bool {
			drop := inCircle(g) && g.certainty() == least
			if drop {
				key := g.reader + "\x00" + g.read
				dropped[key] = append(dropped[key], g.upstream)
			}
			return drop
		})
		for _, key := range sortedKeys(dropped) {
			reader, read, _ := strings.Cut(key, "\x00")
			l.warn(reader, "workspace %s may read the state of %s (%s), but does not wait for it, since that would close a circle: name those it reads in depends_on in %s", reader, strings.Join(dropped[key], ", "), read, SettingsFile)
		}
	}
}

// refuseCircles refuses the workspaces that depend on each other in a circle,
// and takes the circle out of the graph.
func (l *linker) refuseCircles() {
	circle := circles(l.upstream)
	for _, n := range l.sorted {
		if circle[n.Name] == 0 {
			continue
		}
		within := func(up string) bool { return circle[up] == circle[n.Name] }
		l.refuse(n.Name, fmt.Errorf("%w in a circle: %s", ErrCycle, strings.Join(l.around(n.Name, within), " -> ")))
	}
	for name, up := range l.upstream {
		if id := circle[name]; id != 0 {
			l.upstream[name] = slices.DeleteFunc(up, func(u string) bool { return circle[u] == id })
		}
	}
}

// around is a shortest way from name through workspaces of its circle back to
// itself.
func (l *linker) around(name string, within func(string) bool) []string {
	from := map[string]string{}
	for queue := []string{name}; len(queue) > 0; queue = queue[1:] {
		for _, up := range slices.Sorted(slices.Values(l.upstream[queue[0]])) {
			if _, seen := from[up]; seen || !within(up) {
				continue
			}
			from[up] = queue[0]
			queue = append(queue, up)
		}
	}
	way := []string{name}
	for at := from[name]; at != name; at = from[at] {
		way = append(way, at)
	}
	way = append(way, name)
	slices.Reverse(way)
	return way
}

// circles numbers the circles of a graph, from 1: workspaces that can reach
// one another have the same number, others none (Tarjan's algorithm).
func circles(up map[string][]string) map[string]int {
	index, low, circle := map[string]int{}, map[string]int{}, map[string]int{}
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
		at := slices.Index(stack, name)
		members := stack[at:]
		for _, m := range members {
			onStack[m] = false
		}
		if len(members) > 1 {
			found++
			for _, m := range members {
				circle[m] = found
			}
		}
		stack = stack[:at]
	}
	for _, name := range sortedKeys(up) {
		if index[name] == 0 {
			visit(name)
		}
	}
	return circle
}
