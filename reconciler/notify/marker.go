package notify

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Marker is the line by which a preview's comment is found again, and which
// says what it is of. It is all that is remembered of a preview.
type Marker struct {
	Environment string
	Head, Tip   string // commits
	Inputs      string // of the Preview
	Failed      bool
	Plans       map[string]string // digests in short, by workspace; nil where they were too many to keep
}

const (
	markerStart = "reconcile:preview"
	// keptPlans is how many workspaces' plans a marker keeps.
	keptPlans = 60
	// keptDigest is how much of a digest it keeps, in characters.
	keptDigest = 8
)

func (p *Preview) marker() Marker {
	m := Marker{Environment: p.Environment, Head: p.Head, Tip: p.Tip, Inputs: p.Inputs, Failed: p.Failed}
	if len(p.Workspaces) > keptPlans {
		return m
	}
	m.Plans = map[string]string{}
	for _, w := range p.Workspaces {
		digest := cmp.Or(w.Digest, w.Outcome)
		m.Plans[w.Name] = digest[:min(len(digest), keptDigest)]
	}
	return m
}

// String is the line.
func (m Marker) String() string {
	parts := []string{markerStart, "head=" + m.Head, "tip=" + m.Tip, "inputs=" + m.Inputs}
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

// ReadMarker finds the marker of a comment, which is its last.
func ReadMarker(comment string) (m Marker, ok bool) {
	_, line, found := cutLast(comment, markerStart+" ")
	if !found {
		return m, false
	}
	line, _, _ = strings.Cut(line, "\n")
	for _, part := range strings.Fields(strings.Trim(line, "`")) {
		name, value, _ := strings.Cut(part, "=")
		switch {
		case name == "head":
			m.Head = value
		case name == "tip":
			m.Tip = value
		case name == "inputs":
			m.Inputs = value
		case name == "failed":
			m.Failed = true
		case name == "environment":
			m.Environment = unescaped(value)
		case name == "plans":
			m.Plans = map[string]string{}
		case strings.HasPrefix(name, "+") && m.Plans != nil:
			m.Plans[unescaped(name[1:])] = value
		}
	}
	return m, m.Head != ""
}

// Move returns a comment that says what it says of other commits, for which
// that is just as true.
func Move(comment, head, tip string) string {
	m, ok := ReadMarker(comment)
	before, line, _ := cutLast(comment, markerStart+" ")
	if !ok {
		return comment
	}
	line = strings.Replace(line, "head="+m.Head, "head="+head, 1)
	line = strings.Replace(line, "tip="+m.Tip, "tip="+tip, 1)
	return before + markerStart + " " + line
}

func cutLast(text, sep string) (before, after string, found bool) {
	at := strings.LastIndex(text, sep)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(sep):], true
}

func unescaped(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return plain
}
