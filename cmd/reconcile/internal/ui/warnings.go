package ui

import (
	"reconcile/internal/lazyregexp"
	"reconcile/reconciler/notify/catalog"
)

// warningPlace is the file, line and column before a warning.
var warningPlace = lazyregexp.New(`^\S+:\d+:\d+: `)

// warningCounts counts warnings that differ only in their places.
type warningCounts struct {
	order []string       // texts, by their first warning
	times map[string]int // by text
}

// isFirst counts a warning and reports whether it is the first of its text.
func (c *warningCounts) isFirst(warning string) bool {
	text := warningPlace().ReplaceAllString(warning, "")
	if c.times == nil {
		c.times = map[string]int{}
	}
	c.times[text]++
	if c.times[text] == 1 {
		c.order = append(c.order, text)
	}
	return c.times[text] == 1
}

// MergeWarnings returns each warning once, in the translator's language: of those that differ
// only in their places the first, with the number of the others.
func MergeWarnings(t *catalog.Translator, warnings []string) []string {
	var counts warningCounts
	var first []string
	for _, w := range warnings {
		if counts.isFirst(w) {
			first = append(first, t.Translate(w))
		}
	}
	for i, text := range counts.order {
		switch others := counts.times[text] - 1; others {
		case 0:
		case 1:
			first[i] = t.Sprintf("%s (and in 1 other place)", first[i])
		default:
			first[i] = t.Sprintf("%s (and in %d other places)", first[i], others)
		}
	}
	return first
}
