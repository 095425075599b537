package workspace

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"reconcile/internal/stateid"
	"reconcile/reconciler/workspace/settings"
)

// Node is what the graph needs of a workspace. It can be stored, so that a workspace that
// is not stale need not be parsed again.
type Node struct {
	Name      string
	Identity  stateid.ID        // identity of its own state; "" if unknown
	Reads     []stateid.ID      // identities of states, with "*" for parts that could not be evaluated
	DependsOn []string          // names of workspaces, from the settings
	Positions map[string]string // where the settings name them: FILE:LINE:COLUMN
	LastKnown bool              // Identity and Reads are from an earlier commit: its files do not parse now
}

// Graph is the dependency graph of the workspaces. It has no cycle.
type Graph struct {
	order          []string
	upstream       map[string][]string
	readers        map[string][]string
	owners         map[stateid.ID]string
	externalStates map[string][]stateid.ID
	warnings       map[string][]string
	errs           map[string]error
}

// NewGraph matches the states that each workspace reads to the workspaces that own them.
//
// A state that no workspace owns is external (see externalStates). If part of an identity
// could not be evaluated, every workspace that matches is a guessed dependency. A
// workspace's depends_on replaces its guesses, but not its known reads. Guesses that would
// close a cycle are dropped. A workspace that reads its own state does not depend on
// itself. An error concerns single workspaces: see Err.
func NewGraph(nodes []Node) *Graph {
	nodes = slices.Clone(nodes)
	slices.SortFunc(nodes, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	l := &graphBuilder{
		graph: &Graph{
			upstream: map[string][]string{}, readers: map[string][]string{}, owners: make(map[stateid.ID]string, len(nodes)), externalStates: map[string][]stateid.ID{},
			warnings: map[string][]string{}, errs: map[string]error{},
		},
		byName: make(map[string]bool, len(nodes)), nodes: nodes,
	}
	l.registerStates()
	for _, n := range nodes {
		l.addDependencies(n)
	}
	l.dropGuesses()
	for _, g := range l.guesses {
		l.graph.upstream[g.reader] = append(l.graph.upstream[g.reader], g.upstream)
	}
	l.rejectCycles()
	for _, n := range nodes {
		up := l.graph.upstream[n.Name]
		if len(up) == 0 {
			continue
		}
		slices.Sort(up)
		l.graph.upstream[n.Name] = slices.Compact(up)
		for _, u := range l.graph.upstream[n.Name] {
			l.graph.readers[u] = append(l.graph.readers[u], n.Name)
		}
	}
	l.graph.sortNodes(nodes)
	return l.graph
}

// Err returns why a workspace must not run, whatever its files say: it is in a dependency
// cycle, or another workspace uses the same state.
func (g *Graph) Err(name string) error { return g.errs[name] }

// Warnings returns the guesses about the dependencies of name.
func (g *Graph) Warnings(name string) []string { return g.warnings[name] }

// DependsOn returns the workspaces that name depends on, sorted.
func (g *Graph) DependsOn(name string) []string { return g.upstream[name] }

// Readers returns the workspaces that depend on name, sorted.
func (g *Graph) Readers(name string) []string { return g.readers[name] }

// Owner returns the workspace that has the state with an identity; "" if there is none.
func (g *Graph) Owner(identity stateid.ID) string { return g.owners[identity] }

// Owners returns the workspaces that have states, by the identities of these.
func (g *Graph) Owners() map[stateid.ID]string { return g.owners }

// ReadersOfExternal returns the workspaces that read a state which no workspace has, sorted. A read
// with an unknown part does not count.
func (g *Graph) ReadersOfExternal(identity stateid.ID) []string {
	var readers []string
	for name, states := range g.externalStates {
		if slices.Contains(states, identity) {
			readers = append(readers, name)
		}
	}
	slices.Sort(readers)
	return readers
}

// Order returns all workspaces, dependencies first, otherwise sorted by name where
// possible.
func (g *Graph) Order() []string { return g.order }

type graphBuilder struct {
	graph   *Graph
	byName  map[string]bool
	nodes   []Node
	guesses []guess
}

// guess is an uncertain dependency.
type guess struct {
	reader, upstream string
	read             stateid.ID
}

// certainty returns how much of the read state's identity is known.
func (g guess) certainty() int { return len(strings.ReplaceAll(string(g.read), "*", "")) }

// registerStates records the owner of each state. An identity from an earlier commit does
// not conflict with any other.
func (b *graphBuilder) registerStates() {
	for _, recalled := range []bool{false, true} {
		for _, n := range b.nodes {
			b.byName[n.Name] = true
			if n.Identity == "" || n.LastKnown != recalled {
				continue
			}
			other, taken := b.graph.owners[n.Identity]
			if !taken {
				b.graph.owners[n.Identity] = n.Name
			} else if !recalled {
				err := fmt.Errorf("workspaces %s and %s use the same state, %s: give each its own state", other, n.Name, n.Identity)
				b.addError(other, err)
				b.addError(n.Name, err)
			}
		}
	}
}

// errorAt returns an error of n at the position of an upstream in the settings.
func (n Node) errorAt(upstream string, err error) error {
	if position := n.Positions[upstream]; position != "" {
		return fmt.Errorf("%s: %w", position, err)
	}
	return err
}

func (b *graphBuilder) addError(name string, err error) {
	b.graph.errs[name] = errors.Join(b.graph.errs[name], err)
}

// addDependencies adds the known and guessed dependencies of n, and its external states.
func (b *graphBuilder) addDependencies(n Node) {
	for _, name := range n.DependsOn {
		switch {
		case !b.byName[name]:
			b.addError(n.Name, n.errorAt(name, fmt.Errorf("workspace %s depends on %s, which does not exist", n.Name, name)))
		case name == n.Name:
			b.addError(n.Name, n.errorAt(name, fmt.Errorf("workspace %s depends on itself", n.Name)))
		default:
			b.graph.upstream[n.Name] = append(b.graph.upstream[n.Name], name)
		}
	}
	for _, read := range n.Reads {
		found, isOwn := b.matchRead(read, n.Name)
		hasWildcard := strings.Contains(string(read), "*")
		switch {
		case hasWildcard && len(n.DependsOn) > 0:
		case hasWildcard || n.LastKnown:
			for _, up := range found {
				b.guesses = append(b.guesses, guess{n.Name, up, read})
			}
			if len(found) == 0 && hasWildcard {
				b.addWarning(n.Name, "workspace %s reads a state whose location cannot be evaluated (%s), and no other workspace matches: it is treated as an external state; if a workspace of this repository owns it, list that workspace in depends_on in %s", n.Name, read, settings.FileName)
			}
		case len(found) > 0:
			b.graph.upstream[n.Name] = append(b.graph.upstream[n.Name], found...)
		case !isOwn:
			b.graph.externalStates[n.Name] = append(b.graph.externalStates[n.Name], read)
		}
	}
}

func (b *graphBuilder) addWarning(name, format string, args ...any) {
	b.graph.warnings[name] = append(b.graph.warnings[name], fmt.Sprintf(format, args...))
}

// matchRead returns the workspaces other than reader whose identity matches read. isOwn is
// true if the reader's own identity matches.
func (b *graphBuilder) matchRead(read stateid.ID, reader string) (found []string, isOwn bool) {
	if !strings.Contains(string(read), "*") {
		name, ok := b.graph.owners[read]
		if !ok || name == reader {
			return nil, ok
		}
		return []string{name}, false
	}
	for _, n := range b.nodes {
		switch {
		case n.Identity == "" || !matchesWildcard(read, string(n.Identity)):
		case n.Name == reader:
			isOwn = true
		default:
			found = append(found, n.Name)
		}
	}
	return found, isOwn
}

// MatchesState reports whether what a workspace reads may be the state with an identity.
func MatchesState(read, identity stateid.ID) bool {
	return read == identity || strings.Contains(string(read), "*") && matchesWildcard(read, string(identity))
}

// matchesWildcard reports whether text matches pattern, where "*" matches any text.
func matchesWildcard(pattern stateid.ID, text string) bool {
	parts := strings.Split(string(pattern), "*")
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, last)
}

// sortNodes sets the order. Nodes are sorted by name.
func (g *Graph) sortNodes(nodes []Node) {
	g.order = make([]string, 0, len(nodes))
	visited := make(map[string]bool, len(nodes))
	var visit func(name string)
	visit = func(name string) {
		if visited[name] {
			return
		}
		visited[name] = true
		for _, u := range g.upstream[name] {
			visit(u)
		}
		g.order = append(g.order, name)
	}
	for _, n := range nodes {
		visit(n.Name)
	}
}
