package page

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"reconcile/internal/visible"
	"reconcile/reconciler/notify/catalog"
	"reconcile/state"
)

// text has the words of one language.
type text struct {
	language string
	messages catalog.Messages
}

func loadText(language string) (text, error) {
	messages, err := catalog.Load(language)
	return text{language, messages}, err
}

// message returns a text of the catalogue. A key that it does not have stands for itself: a page
// with one wrong word is better than none. A test renders all.
func (t text) message(key string, values ...any) string {
	result, err := t.messages.Text(key, values...)
	if err != nil {
		return key
	}
	return result
}

// messageOr returns the text of a key, or another text where the catalogue lacks it: names that
// a newer version has recorded.
func (t text) messageOr(key, other string, values ...any) string {
	if result, err := t.messages.Text(key, values...); err == nil {
		return result
	}
	return other
}

func (t text) outcome(o state.Outcome) string {
	if o == "" {
		return t.message("page.outcome.unknown")
	}
	return t.messageOr("outcome."+string(o), string(o))
}

func (t text) risk(name string) string { return t.messageOr("risk."+name, name) }

// effect says what a plan would do, what cannot be undone first.
func (t text) effect(c state.Changes) string {
	result := ""
	for _, part := range []struct {
		key   string
		count int
	}{{"destroy", c.Destroy}, {"replace", c.Replace}, {"change", c.Change}, {"add", c.Add}} {
		if part.count == 0 {
			continue
		}
		one := t.message("page.effect."+part.key, "count", part.count)
		if result == "" {
			result = one
		} else {
			result = t.message("page.effect.join", "first", result, "second", one)
		}
	}
	if result == "" {
		return t.message("page.effect.outputs")
	}
	return result
}

// duration returns a length of time with two digits at least: 8 s, 75 s, 12 min, 3 h.
func (t text) duration(d time.Duration) string {
	d = max(d, 0) // the clock may have been set back
	switch {
	case d < 2*time.Minute:
		return t.message("page.unit.seconds", "count", strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0"))
	case d < 2*time.Hour:
		return t.message("page.unit.minutes", "count", int(d.Minutes()))
	}
	return t.message("page.unit.hours", "count", int(d.Hours()))
}

// stamp returns the datetime of a time element, in UTC.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04Z") }

// utc returns a time as people read it without a script.
func utc(at time.Time) string { return at.UTC().Format("2006-01-02 15:04") + " UTC" }

// shortUTC returns a time for a table whose heading says the zone.
func shortUTC(at, now time.Time) string {
	if at.UTC().Year() == now.UTC().Year() {
		return at.UTC().Format("01-02 15:04")
	}
	return at.UTC().Format("2006-01-02")
}

// name returns a name from outside, safe to show.
func name(text string) string { return visible.Name(text) }

// line returns a text from outside in one line.
func line(text string) string { return visible.Line(text) }

// describeVerdict says how a record is, in a sentence.
func (t text) describeVerdict(name string, needs int) string {
	switch name {
	case "behind", "person":
		return t.messageOr("page.verdict."+name, name, "count", needs)
	}
	return t.messageOr("page.verdict."+name, line(name))
}

// runCounts returns what became of the workspaces of a run, such as "2 applied, 1 failed".
func (s document) runCounts(r state.Run) string {
	counts := map[state.Outcome]int{}
	var order []state.Outcome
	for _, w := range r.Workspaces {
		if counts[w.Outcome]++; counts[w.Outcome] == 1 {
			order = append(order, w.Outcome)
		}
	}
	slices.Sort(order)
	result := ""
	for _, o := range order {
		one := strconv.Itoa(counts[o]) + " " + s.outcome(o)
		if result != "" {
			one = s.message("page.effect.join", "first", result, "second", one)
		}
		result = one
	}
	return result
}

// excerptOf returns the first lines of an error.
func excerptOf(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > maxExcerpt {
		lines = append(lines[:maxExcerpt:maxExcerpt], "…")
	}
	return visible.Text(strings.Join(lines, "\n"))
}

// maxTranslated is how many translated texts are kept: to find the formats of one takes
// milliseconds, and most texts stay the same.
const maxTranslated = 1000

// translations are texts of the program in other languages, by language.
type translations struct {
	mu          sync.Mutex
	translators map[string]*catalog.Translator // read at the first use
	texts       map[[2]string]string
}

var translated = translations{translators: map[string]*catalog.Translator{}, texts: map[[2]string]string{}}

// translate returns a text of the program, such as an error, in the page's language.
func (t text) translate(original string) string {
	if original == "" || t.language == catalog.Languages()[0] {
		return original
	}
	translated.mu.Lock()
	defer translated.mu.Unlock()
	key := [2]string{t.language, original}
	if text, ok := translated.texts[key]; ok {
		return text
	}
	translator, ok := translated.translators[t.language]
	if !ok {
		translator, _ = catalog.NewTranslator(t.language) // embedded; without one the text stays English
		translated.translators[t.language] = translator
	}
	if len(translated.texts) >= maxTranslated {
		clear(translated.texts)
	}
	text := translator.Translate(original)
	translated.texts[key] = text
	return text
}

// translateAll returns texts of the program in the page's language.
func (t text) translateAll(original []string) []string {
	var translated []string
	for _, text := range original {
		translated = append(translated, t.translate(text))
	}
	return translated
}
