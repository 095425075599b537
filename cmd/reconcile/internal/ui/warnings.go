package ui

import (
	"reconcile/internal/lazyregexp"
	"reconcile/reconciler/notify/catalog"
)

var (
	// warningPlace is the file, line and column before a warning.
	warningPlace = lazyregexp.New(`^\S+:\d+:\d+: `)
	// warningPath is a path or a pattern of paths in a warning.
	warningPath = lazyregexp.New(`[^\s"'(),;:]*[/*][^\s"'(),;:]*`)
)

// warningCounts counts warnings by their kind: those of a kind differ only in their places
// and in the paths that they name.
type warningCounts struct {
	order []string          // kinds, by their first warning
	times map[string]int    // by kind
	texts map[string]string // by kind: what all of them say
}

// kindOf returns the kind of a warning and its text without the place. Only what has a place
// is about a path of the configuration; the path of a saved state must be read each time.
func kindOf(warning string) (kind, text string) {
	place := warningPlace().FindString(warning)
	text = warning[len(place):]
	if place == "" {
		return text, text
	}
	return warningPath().ReplaceAllString(text, "…"), text
}

// isFirst counts a warning and reports whether it is the first of its kind.
func (c *warningCounts) isFirst(warning string) bool {
	kind, text := kindOf(warning)
	if c.times == nil {
		c.times, c.texts = map[string]int{}, map[string]string{}
	}
	c.times[kind]++
	if c.times[kind] == 1 {
		c.order = append(c.order, kind)
		c.texts[kind] = text
	} else if c.texts[kind] != text {
		c.texts[kind] = kind
	}
	return c.times[kind] == 1
}

// countWorkspace counts the warnings of a workspace, each kind once, and returns those of a
// kind that no workspace had before.
func (c *warningCounts) countWorkspace(warnings []string) []string {
	var own warningCounts
	isNew := map[string]bool{}
	var first []string
	for _, warning := range warnings {
		kind, _ := kindOf(warning)
		if own.isFirst(warning) {
			isNew[kind] = c.isFirst(warning)
		}
		if isNew[kind] {
			first = append(first, warning)
		}
	}
	return MergeWarnings(nil, first)
}

// MergeWarnings returns each warning once, in the translator's language: of those of a kind
// the first, with the number of the others.
func MergeWarnings(t *catalog.Translator, warnings []string) []string {
	var counts warningCounts
	var first []string
	for _, w := range warnings {
		if counts.isFirst(w) {
			first = append(first, t.Translate(w))
		}
	}
	for i, kind := range counts.order {
		switch others := counts.times[kind] - 1; others {
		case 0:
		case 1:
			first[i] = t.Sprintf("%s (and in 1 other place)", first[i])
		default:
			first[i] = t.Sprintf("%s (and in %d other places)", first[i], others)
		}
	}
	return first
}
