package workspace

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Node is what the graph needs to know of a workspace. It can be kept, so
// that a workspace that is not stale need not be parsed again.
type Node struct {
	Name      string
	Identity  string   // of its own state; "" when it is not known
	Reads     []string // identities of states, "*" for what could not be evaluated
	DependsOn []string // names of workspaces, by settings
	LastKnown bool     // Identity and Reads are what they once were: its files do not parse
}

// Graph is the dependencies between workspaces. It has no cycle.
type Graph struct {
	order          []string
	upstream       map[string][]string
	readers        map[string][]string
	externalStates map[string][]string
	warnings       map[string][]string
	errs           map[string]error
}

// NewGraph matches what each workspace reads to the workspace whose state that
// is. A state that belongs to no workspace is the world's (see Unmatched).
// Where a part of its name could not be evaluated, every workspace that fits
// is one that may be read: what a workspace says in depends_on takes the place
// of such guesses, not of reads that are known, and guesses that would close a
// circle are dropped. A workspace that reads its own state does not depend on
// itself. What is wrong concerns some workspaces alone: see Err.
func NewGraph(nodes []Node) *Graph {
	nodes = slices.Clone(nodes)
	slices.SortFunc(nodes, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	l := &graphBuilder{
		Graph: &Graph{
			upstream: map[string][]string{}, readers: map[string][]string{}, externalStates: map[string][]string{},
			warnings: map[string][]string{}, errs: map[string]error{},
		},
		byName: map[string]bool{}, byIdentity: map[string]string{}, nodes: nodes,
	}
	l.registerStates()
	for _, n := range nodes {
		l.addDependencies(n)
	}
	l.dropGuesses()
	for _, g := range l.guesses {
		l.upstream[g.reader] = append(l.upstream[g.reader], g.upstream)
	}
	l.rejectCycles()
	for _, n := range nodes {
		up := l.upstream[n.Name]
		slices.Sort(up)
		l.upstream[n.Name] = slices.Compact(up)
		for _, u := range l.upstream[n.Name] {
			l.readers[u] = append(l.readers[u], n.Name)
		}
	}
	l.sort()
	return l.Graph
}

// Err is why a workspace must not be worked on, whatever its files say: it is
// one of a circle, or its state is another's too.
func (g *Graph) Err(name string) error { return g.errs[name] }

// Warnings are what was guessed of name, and how.
func (g *Graph) Warnings(name string) []string { return g.warnings[name] }

// DependsOn returns the workspaces that name waits for, sorted.
func (g *Graph) DependsOn(name string) []string { return g.upstream[name] }

// Readers returns the workspaces that wait for name, sorted.
func (g *Graph) Readers(name string) []string { return g.readers[name] }

// Order returns all workspaces, each after those that it depends on and, as
// far as that allows, by name.
func (g *Graph) Order() []string { return g.order }

// ExternalStates returns the states that name reads and that belong to no
// workspace of this repository.
func (g *Graph) ExternalStates(name string) []string { return g.externalStates[name] }

// graphBuilder builds a Graph.
type graphBuilder struct {
	*Graph
	byName     map[string]bool
	byIdentity map[string]string // name of the workspace
	nodes      []Node
	guesses    []guess
}

// guess is a dependency that may be none.
type guess struct{ reader, upstream, read string }

// certainty is how much of the read's place is known.
func (g guess) certainty() int { return len(strings.ReplaceAll(g.read, "*", "")) }

// registerStates notes whose each state is. What a workspace was when its files last
// parsed stands against nobody.
func (l *graphBuilder) registerStates() {
	for _, recalled := range []bool{false, true} {
		for _, n := range l.nodes {
			l.byName[n.Name] = true
			if n.Identity == "" || n.LastKnown != recalled {
				continue
			}
			other, taken := l.byIdentity[n.Identity]
			if !taken {
				l.byIdentity[n.Identity] = n.Name
			} else if !recalled {
				err := fmt.Errorf("workspaces %s and %s keep their state at one place, %s: give each a place of its own", other, n.Name, n.Identity)
				l.addError(other, err)
				l.addError(n.Name, err)
			}
		}
	}
}

func (l *graphBuilder) addError(name string, err error) {
	l.errs[name] = errors.Join(l.errs[name], err)
}

// addDependencies notes what n depends on, or may, and the reads that match none.
func (l *graphBuilder) addDependencies(n Node) {
	for _, name := range n.DependsOn {
		switch {
		case !l.byName[name]:
			l.addError(n.Name, fmt.Errorf("workspace %s depends on %s, which does not exist", n.Name, name))
		case name == n.Name:
			l.addError(n.Name, fmt.Errorf("workspace %s depends on itself", n.Name))
		default:
			l.upstream[n.Name] = append(l.upstream[n.Name], name)
		}
	}
	for _, read := range n.Reads {
		found, isOwn := l.matchRead(read, n.Name)
		hasWildcard := strings.Contains(read, "*")
		switch {
		case hasWildcard && len(n.DependsOn) > 0:
		case hasWildcard || n.LastKnown:
			for _, up := range found {
				l.guesses = append(l.guesses, guess{n.Name, up, read})
			}
			if len(found) == 0 && hasWildcard {
				l.addWarning(n.Name, "workspace %s reads a state whose place cannot be evaluated (%s), and no other workspace fits: it is taken for one from elsewhere; if it is one of this repository, name the workspace in depends_on in %s", n.Name, read, SettingsFile)
			}
		case len(found) > 0:
			l.upstream[n.Name] = append(l.upstream[n.Name], found...)
		case !isOwn:
			l.externalStates[n.Name] = append(l.externalStates[n.Name], read)
		}
	}
}

func (l *graphBuilder) addWarning(name, format string, args ...any) {
	l.warnings[name] = append(l.warnings[name], fmt.Sprintf(format, args...))
}

// matchRead returns the workspaces other than reader whose identity fits read,
// and whether the reader's own does.
func (l *graphBuilder) matchRead(read, reader string) (found []string, isOwn bool) {
	if !strings.Contains(read, "*") {
		name, ok := l.byIdentity[read]
		if !ok || name == reader {
			return nil, ok
		}
		return []string{name}, false
	}
	for _, n := range l.nodes {
		switch {
		case n.Identity == "" || !matchesWildcard(read, n.Identity):
		case n.Name == reader:
			isOwn = true
		default:
			found = append(found, n.Name)
		}
	}
	return found, isOwn
}

// matchesWildcard tells whether text fits pattern, in which each "*" stands for any text.
func matchesWildcard(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
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

// sort sets the order.
func (g *Graph) sort() {
	visited := map[string]bool{}
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
	for _, name := range sortedKeys(g.upstream) {
		visit(name)
	}
}
