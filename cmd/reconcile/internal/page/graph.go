package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"reconcile/internal/excerpt"
	"reconcile/internal/visible"
	"reconcile/reconciler/inspect"
	"reconcile/state"
)

// maxGraph is how many workspaces one drawing has. Above it there is a drawing for each
// directory.
const maxGraph = 200

// graphView is what a graph page shows: a drawing, or the directories to choose from.
type graphView struct {
	directory   string
	count       int
	drawing     *drawing
	directories []directory
}

type directory struct {
	name  string
	count int
}

// graphViews returns the views of the graph by path: one, or one more for each directory.
func (m *Model) graphViews() map[string]graphView {
	present := m.presentWorkspaces()
	if len(present) <= maxGraph {
		return map[string]graphView{graphFile: {count: len(present), drawing: m.draw(namesOf(present), "")}}
	}
	groups := map[string][]string{}
	for _, w := range present {
		groups[directoryOf(w.Name)] = append(groups[directoryOf(w.Name)], w.Name)
	}
	top := graphView{count: len(present)}
	views := map[string]graphView{}
	for _, d := range slices.Sorted(maps.Keys(groups)) {
		top.directories = append(top.directories, directory{d, len(groups[d])})
		views[graphsDir+slug(d)+".html"] = graphView{directory: cmp.Or(d, "."), drawing: m.draw(groups[d], "")}
	}
	views[graphFile] = top
	return views
}

// directoryOf returns the part of a name that groups workspaces: up to the last slash, else
// up to the first hyphen or digit.
func directoryOf(name string) string {
	if i := strings.LastIndexByte(name, '/'); i > 0 {
		return name[:i]
	}
	if i := strings.IndexAny(name, "-0123456789"); i > 0 {
		return name[:i]
	}
	return ""
}

func (s document) directory(name string) string {
	if name == "" || name == "." {
		return s.message("page.graph.top")
	}
	return s.message("page.graph.directory", "directory", line(name))
}

func namesOf(list []inspect.StatusWorkspace) []string {
	var names []string
	for _, w := range list {
		names = append(names, w.Name)
	}
	return names
}

// neighbourhood draws a workspace with its upstreams and readers; nil if it has none.
func (m *Model) neighbourhood(name string) *drawing {
	names := slices.Concat([]string{name}, m.index().byName[name].DependsOn, m.index().readers[name])
	if len(names) == 1 {
		return nil
	}
	slices.Sort(names[1:])
	return m.draw(slices.Compact(names), name)
}

// drawing is a graph in layers from left to right: what a workspace reads is left of it.
type drawing struct {
	width, height int
	nodes         []node
	edges         []edge
	omitted       int // workspaces that found no room
}

type node struct {
	name, label string
	x, y        int
	height      int
	class       string // of its colour: failed, waits, stopped, busy or plain
	outcome     state.Outcome
	here        bool
}

type edge struct {
	path  string
	stops bool // what is at its beginning stops what is at its end
}

// Sizes of a drawing, in pixels.
const (
	nodeWidth   = 176
	nodeHeight  = 24
	nodeGapX    = 64
	nodeGapY    = 10
	bendHeight  = 4 // of a line that passes a layer
	orderSweeps = 6 // of the ordering
	maxLabel    = 24
)

// draw lays the named workspaces out in layers.
func (m *Model) draw(names []string, here string) *drawing {
	d := &drawing{omitted: max(len(names)-maxGraph, 0)}
	g := newLayers(m, names[:len(names)-d.omitted])
	stopped := m.stoppedWorkspaces()
	places := map[string]node{}
	for column, layer := range g.layers {
		x, y := column*(nodeWidth+nodeGapX)+2, 2
		for _, name := range layer {
			source, isBend := sourceOf(name)
			w := m.index().byName[source]
			n := node{name: name, label: excerpt.Cut(visible.Line(name), maxLabel), x: x, y: y, height: nodeHeight, class: classOf(w, stopped), outcome: w.Outcome, here: name == here}
			if isBend {
				n.height = bendHeight
			} else {
				d.nodes = append(d.nodes, n)
			}
			places[name] = n
			y += n.height + nodeGapY
			d.width, d.height = max(d.width, n.x+nodeWidth+2), max(d.height, n.y+n.height+2)
		}
	}
	for _, layer := range g.layers {
		for _, name := range layer {
			for _, up := range g.upstreams[name] {
				d.edges = append(d.edges, drawEdge(places[up], places[name]))
			}
		}
	}
	return d
}

// drawEdge leads to a node, or to a bend and past it to the end of its layer.
func drawEdge(from, to node) edge {
	x, y := from.x+nodeWidth, from.middle()
	bend := max((to.x-x)/2, nodeGapX/2)
	e := edge{
		path:  fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x, y, x+bend, y, to.x-bend, to.middle(), to.x, to.middle()),
		stops: from.class != "plain" && from.class != "busy",
	}
	if _, isBend := sourceOf(to.name); isBend {
		e.path += fmt.Sprintf("h%d", nodeWidth)
	}
	return e
}

func (n node) middle() int { return n.y + n.height/2 }

func classOf(w inspect.StatusWorkspace, stopped map[string]bool) string {
	switch {
	case w.Lease != nil:
		return "busy"
	case w.Outcome == state.Failed || w.Hold != nil && w.Hold.Kind == state.Recovery:
		return "failed"
	case w.Outcome == state.Blocked:
		return "waits"
	case stopped[w.Name]:
		return "stopped"
	}
	return "plain"
}

// stoppedWorkspaces returns the workspaces that a failure, or a wait, of an upstream stops.
func (m *Model) stoppedWorkspaces() map[string]bool {
	stopped := map[string]bool{}
	var mark func(name string)
	mark = func(name string) {
		for _, reader := range m.index().readers[name] {
			if !stopped[reader] {
				stopped[reader] = true
				mark(reader)
			}
		}
	}
	for _, w := range m.presentWorkspaces() {
		if class := classOf(w, nil); class == "failed" || class == "waits" {
			mark(w.Name)
		}
	}
	return stopped
}

// layers are names in columns; each is right of all that it reads.
type layers struct {
	upstreams map[string][]string
	readers   map[string][]string
	layers    [][]string
}

func newLayers(m *Model, names []string) *layers {
	g := &layers{upstreams: map[string][]string{}, readers: map[string][]string{}}
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
	}
	for _, name := range names {
		for _, up := range m.index().byName[name].DependsOn {
			if known[up] && up != name {
				g.upstreams[name] = append(g.upstreams[name], up)
			}
		}
	}
	depths := map[string]int{}
	for _, name := range names {
		depth := g.depth(name, depths)
		for len(g.layers) <= depth {
			g.layers = append(g.layers, nil)
		}
	}
	for _, name := range names {
		g.layers[depths[name]] = append(g.layers[depths[name]], name)
	}
	for _, name := range names {
		for i, up := range g.upstreams[name] {
			g.upstreams[name][i] = g.routeEdge(up, depths[up], depths[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(g.upstreams)) {
		for _, up := range g.upstreams[name] {
			g.readers[up] = append(g.readers[up], name)
		}
	}
	g.order()
	return g
}

// routeEdge leads a line through the layers between an upstream and its reader, so that it passes
// no other workspace, and returns the last bend. The readers of one upstream share them.
func (l *layers) routeEdge(up string, from, to int) string {
	last := up
	for layer := from + 1; layer < to; layer++ {
		name := bendMark + up + bendMark + strconv.Itoa(layer)
		if l.upstreams[name] == nil {
			l.upstreams[name] = []string{last}
			l.layers[layer] = append(l.layers[layer], name)
		}
		last = name
	}
	return last
}

// bendMark begins the name of a bend. No path of a file has this character.
const bendMark = "\x00"

// sourceOf returns the workspace that a line comes from at a bend; else the workspace itself.
func sourceOf(name string) (source string, isBend bool) {
	rest, isBend := strings.CutPrefix(name, bendMark)
	source, _, _ = strings.Cut(rest, bendMark)
	return source, isBend
}

// depth returns the length of the longest way to a name. A circle, which only a guess can
// make, is cut where it is met.
func (l *layers) depth(name string, depths map[string]int) int {
	if depth, ok := depths[name]; ok {
		return depth
	}
	depths[name] = 0
	deepest := 0
	for _, up := range l.upstreams[name] {
		deepest = max(deepest, l.depth(up, depths)+1)
	}
	depths[name] = deepest
	return deepest
}

// order moves each name near to the middle of what it reads, then of what reads it, so that
// fewer lines cross.
func (l *layers) order() {
	for sweep := range orderSweeps {
		near, from, step, end := l.upstreams, 0, 1, len(l.layers)
		if sweep%2 == 1 {
			near, from, step, end = l.readers, len(l.layers)-1, -1, -1
		}
		rows := map[string]float64{}
		for _, layer := range l.layers {
			for y, name := range layer {
				rows[name] = float64(y)
			}
		}
		for i := from; i != end; i += step {
			middles := map[string]float64{}
			for _, name := range l.layers[i] {
				middles[name] = middle(rows, near[name], rows[name])
			}
			slices.SortStableFunc(l.layers[i], func(a, b string) int { return cmp.Compare(middles[a], middles[b]) })
			for y, name := range l.layers[i] {
				rows[name] = float64(y)
			}
		}
	}
}

func middle(rows map[string]float64, near []string, otherwise float64) float64 {
	if len(near) == 0 {
		return otherwise
	}
	sum := 0.0
	for _, name := range near {
		sum += rows[name]
	}
	return sum / float64(len(near))
}
