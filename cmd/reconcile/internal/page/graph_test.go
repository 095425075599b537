package page

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
)

// A line of the graph passes no workspace: where it goes through a layer, none stands.
func TestGraphLinesPassNoWorkspace(t *testing.T) {
	t.Parallel()
	m := newExampleModel()
	d := m.draw(namesOf(m.presentWorkspaces()), "")
	pass := regexp.MustCompile(`,? ?(-?\d+) (-?\d+)h(\d+)$`)
	passes := 0
	for _, e := range d.edges {
		match := pass.FindStringSubmatch(e.path)
		if match == nil {
			continue
		}
		passes++
		x, _ := strconv.Atoi(match[1]) // the pattern has digits
		y, _ := strconv.Atoi(match[2])
		for _, n := range d.nodes {
			if n.x == x && y >= n.y && y <= n.y+n.height {
				t.Errorf("%s passes %s", e.path, n.name)
			}
		}
	}
	if passes == 0 || len(d.nodes) != 8 {
		t.Errorf("%d lines pass a layer of %d workspaces", passes, len(d.nodes))
	}
	again := m.draw(namesOf(m.presentWorkspaces()), "")
	if fmt.Sprint(*again) != fmt.Sprint(*d) {
		t.Error("one graph has two drawings: its page would be written again and again")
	}
}
