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
}

// Graph is the dependencies between workspaces. It has no cycle.
type Graph struct {
	order     []string
	upstream  map[string][]string
	readers   map[string][]string
	unmatched map[string][]string
}

// ErrCycle is wrapped by the error of Link when workspaces depend on each
// other in a circle.
var ErrCycle = errors.New("workspaces depend on each other")

// Link matches what each workspace reads to the workspace whose state that
// is. A state that belongs to no workspace is the world's (see Unmatched),
// unless a part of its name could not be evaluated: then Link asks for
// depends_on. What a workspace says in depends_on takes the place of such
// guesses, not of reads that are known. A workspace that reads its own state
// does not depend on itself.
func Link(nodes []Node) (*Graph, error) {
	nodes = slices.Clone(nodes)
	slices.SortFunc(nodes, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	l := linker{byName: map[string]bool{}, byIdentity: map[string]string{}}
	err := errors.Join(l.register(nodes)...)
	if err != nil {
		return nil, err
	}
	g := &Graph{upstream: map[string][]string{}, readers: map[string][]string{}, unmatched: map[string][]string{}}
	var errs []error
	for _, n := range nodes {
		up, unmatched, err := l.upstreams(n)
		errs = append(errs, err)
		g.upstream[n.Name], g.unmatched[n.Name] = up, unmatched
		for _, u := range up {
			g.readers[u] = append(g.readers[u], n.Name)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := g.sort(nodes); err != nil {
		return nil, err
	}
	return g, nil
}

// DependsOn returns the workspaces that name waits for, sorted.
func (g *Graph) DependsOn(name string) []string { return g.upstream[name] }

// Readers returns the workspaces that wait for name, sorted.
func (g *Graph) Readers(name string) []string { return g.readers[name] }

// Order returns all workspaces, each after those that it depends on and, as
// far as that allows, by name.
func (g *Graph) Order() []string { return g.order }

// Unmatched returns the states that name reads and that belong to no
// workspace of this repository.
func (g *Graph) Unmatched(name string) []string { return g.unmatched[name] }

type linker struct {
	byName     map[string]bool
	byIdentity map[string]string // name of the workspace
	sorted     []Node
}

func (l *linker) register(nodes []Node) (errs []error) {
	l.sorted = nodes
	for _, n := range nodes {
		if l.byName[n.Name] {
			errs = append(errs, fmt.Errorf("two workspaces are named %s", n.Name))
		}
		l.byName[n.Name] = true
		if n.Identity == "" {
			continue
		}
		if other, taken := l.byIdentity[n.Identity]; taken {
			errs = append(errs, fmt.Errorf("workspaces %s and %s keep their state at one place, %s: give each a place of its own", other, n.Name, n.Identity))
			continue
		}
		l.byIdentity[n.Identity] = n.Name
	}
	return errs
}

// upstreams returns the workspaces that n depends on and the reads that match
// none.
func (l *linker) upstreams(n Node) (up, unmatched []string, err error) {
	var errs []error
	for _, name := range n.DependsOn {
		switch {
		case !l.byName[name]:
			errs = append(errs, fmt.Errorf("workspace %s depends on %s, which does not exist", n.Name, name))
		case name == n.Name:
			errs = append(errs, fmt.Errorf("workspace %s depends on itself", n.Name))
		default:
			up = append(up, name)
		}
	}
	for _, read := range n.Reads {
		found, own := l.match(read, n.Name)
		guess := strings.Contains(read, "*")
		switch {
		case guess && len(n.DependsOn) > 0:
		case len(found) > 0:
			up = append(up, found...)
		case guess:
			errs = append(errs, fmt.Errorf("workspace %s reads a state whose place cannot be evaluated (%s), and no workspace fits: name those it reads in depends_on in %s", n.Name, read, SettingsFile))
		case !own:
			unmatched = append(unmatched, read)
		}
	}
	slices.Sort(up)
	return slices.Compact(up), unmatched, errors.Join(errs...)
}

// match returns the workspaces other than reader whose identity fits read,
// and whether the reader's own does.
func (l *linker) match(read, reader string) (found []string, own bool) {
	if !strings.Contains(read, "*") {
		name, ok := l.byIdentity[read]
		if !ok || name == reader {
			return nil, ok
		}
		return []string{name}, false
	}
	for _, n := range l.sorted {
		switch {
		case n.Identity == "" || !fits(read, n.Identity):
		case n.Name == reader:
			own = true
		default:
			found = append(found, n.Name)
		}
	}
	return found, own
}

// fits tells whether text fits pattern, in which each "*" stands for any text.
func fits(pattern, text string) bool {
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

// sort sets the order, or reports a cycle.
func (g *Graph) sort(nodes []Node) error {
	const (
		unseen = iota
		open
		done
	)
	state := map[string]int{}
	var path []string
	var visit func(name string) error
	visit = func(name string) error {
		switch state[name] {
		case done:
			return nil
		case open:
			cycle := append(slices.Clone(path[slices.Index(path, name):]), name)
			return fmt.Errorf("%w in a circle: %s (if one of these was only guessed from a state whose place cannot be evaluated, name what it reads in depends_on in %s)", ErrCycle, strings.Join(cycle, " -> "), SettingsFile)
		}
		state[name] = open
		path = append(path, name)
		for _, u := range g.upstream[name] {
			if err := visit(u); err != nil {
				return err
			}
		}
		path = path[:len(path)-1]
		state[name] = done
		g.order = append(g.order, name)
		return nil
	}
	for _, n := range nodes {
		if err := visit(n.Name); err != nil {
			return err
		}
	}
	return nil
}
