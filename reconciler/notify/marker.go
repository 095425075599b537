package notify

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"reconcile/internal/commitid"
)

// Marker is the line that identifies the comment of a preview, and records what the preview
// is about. Nothing else is stored about a preview.
type Marker struct {
	Environment string
	Head, Tip   commitid.ID // commits
	Inputs      string      // Preview.Inputs
	Failed      bool
	Plans       map[string]string // abbreviated plan digests by workspace; nil if there were too many
}

const (
	markerStart = "reconcile:preview"
	// maxMarkerPlans is the maximum number of plan digests in a marker.
	maxMarkerPlans = 60
	// markerDigestLength is the length of a digest in a marker, in characters.
	markerDigestLength = 8
)

func (p *Preview) newMarker() Marker {
	m := Marker{Environment: p.Environment, Head: p.Head, Tip: p.Tip, Inputs: p.Inputs, Failed: p.Failed}
	if len(p.Workspaces) > maxMarkerPlans {
		return m
	}
	m.Plans = map[string]string{}
	for _, w := range p.Workspaces {
		digest := cmp.Or(w.Digest.Abbrev(), w.Outcome)
		m.Plans[w.Name] = digest[:min(len(digest), markerDigestLength)]
	}
	return m
}

// String returns the line.
func (m Marker) String() string {
	parts := []string{markerStart, "head=" + string(m.Head), "tip=" + string(m.Tip), "inputs=" + m.Inputs}
	if m.Environment != "" {
		parts = append(parts, "environment="+url.QueryEscape(m.Environment))
	}
	if m.Failed {
		parts = append(parts, "failed")
	}
	if m.Plans != nil {
		parts = append(parts, "plans")
	}
	for _, name := range slices.Sorted(maps.Keys(m.Plans)) {
		parts = append(parts, fmt.Sprintf("+%s=%s", url.QueryEscape(name), m.Plans[name]))
	}
	return strings.Join(parts, " ")
}

// ReadMarker returns the marker in the last line of a comment. Other lines do not count: a
// comment that only quotes a marker belongs to somebody else.
func ReadMarker(comment string) (m Marker, ok bool) {
	_, line, found := splitMarker(comment)
	if !found {
		return m, false
	}
	for _, part := range strings.Fields(strings.TrimRight(line, "`\n")) {
		name, value, _ := strings.Cut(part, "=")
		switch {
		case name == "head":
			m.Head = commitid.ID(value)
		case name == "tip":
			m.Tip = commitid.ID(value)
		case name == "inputs":
			m.Inputs = value
		case name == "failed":
			m.Failed = true
		case name == "environment":
			m.Environment = unescape(value)
		case name == "plans":
			m.Plans = map[string]string{}
		case strings.HasPrefix(name, "+") && m.Plans != nil:
			m.Plans[unescape(name[1:])] = value
		}
	}
	return m, m.Head != ""
}

// UpdateMarker returns the same comment for other commits, for which its content is still
// true.
func UpdateMarker(comment string, head, tip commitid.ID) string {
	m, ok := ReadMarker(comment)
	before, line, _ := splitMarker(comment)
	if !ok {
		return comment
	}
	line = strings.Replace(line, "head="+string(m.Head), "head="+string(head), 1)
	line = strings.Replace(line, "tip="+string(m.Tip), "tip="+string(tip), 1)
	return before + markerStart + " " + line
}

// splitMarker splits a comment at the beginning of its marker.
func splitMarker(comment string) (before, after string, found bool) {
	last := strings.LastIndex(strings.TrimRight(comment, "\n"), "\n") + 1
	start := last + len(comment[last:]) - len(strings.TrimPrefix(comment[last:], "`"))
	after, found = strings.CutPrefix(comment[start:], markerStart+" ")
	return comment[:start], after, found
}

func unescape(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return plain
}
