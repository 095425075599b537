package catalog

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
)

// english is the language of the texts in the code.
const english = "en"

// Translator translates the texts that stand in the code, which are English. A text without
// a translation stays as it is, so what Terraform, AWS and Git say can be part of another
// text. A nil Translator translates nothing.
type Translator struct {
	texts    map[string]string // of texts and formats
	patterns func() []*pattern // of the formats, those with the most literal text first
}

// translations is a file of translations: short ones are pairs, long ones are tables.
type translations struct {
	Text map[string]string `toml:"text"`
	Long []struct {
		English    string `toml:"en"`
		Translated string `toml:"text"`
	} `toml:"long"`
}

// NewTranslator returns the translator to a language; nil for English.
func NewTranslator(language string) (*Translator, error) {
	if language == english {
		return nil, nil
	}
	names, err := files.ReadDir(language)
	if err != nil {
		return nil, errUnknownLanguage(language)
	}
	texts := map[string]string{}
	for _, n := range names {
		file, err := files.ReadFile(path.Join(language, n.Name()))
		if err != nil {
			return nil, err
		}
		var read translations
		if err := toml.Unmarshal(file, &read); err != nil {
			return nil, fmt.Errorf("parse the translations %s: %w", n.Name(), err)
		}
		for _, l := range read.Long {
			read.Text[strings.TrimSuffix(l.English, "\n")] = strings.TrimSuffix(l.Translated, "\n")
		}
		for from, to := range read.Text {
			if _, twice := texts[from]; twice {
				return nil, fmt.Errorf("%s translates %q, which another file does", n.Name(), from)
			}
			texts[from] = to
		}
	}
	return &Translator{texts: texts, patterns: sync.OnceValue(func() []*pattern { return newPatterns(texts) })}, nil
}

// newPatterns returns the formats among texts as patterns.
func newPatterns(texts map[string]string) []*pattern {
	var patterns []*pattern
	for from, to := range texts {
		if p := newPattern(from, to); p != nil {
			patterns = append(patterns, p)
		}
	}
	slices.SortFunc(patterns, func(a, b *pattern) int {
		return cmp.Or(cmp.Compare(b.literals, a.literals), strings.Compare(a.format, b.format))
	})
	return patterns
}

// Text returns the translation of a text of the code.
func (t *Translator) Text(text string) string {
	if t == nil {
		return text
	}
	return cmp.Or(t.texts[strings.TrimSuffix(text, "\n")], text)
}

// Has reports whether there is a translation of a text or format of the code.
func (t *Translator) Has(text string) bool {
	return t == nil || t.texts[strings.TrimSuffix(text, "\n")] != ""
}

// Sprintf formats values with the translation of a format. Errors among the values are
// translated.
func (t *Translator) Sprintf(format string, values ...any) string {
	if t == nil {
		return fmt.Sprintf(format, values...)
	}
	values = slices.Clone(values)
	for i, value := range values {
		if err, isError := value.(error); isError {
			values[i] = t.Translate(err.Error())
		}
	}
	return fmt.Sprintf(t.Text(format), values...)
}

// Translate translates a text that was made from texts and formats of the code, such as an
// error: by the longest format that fits, then the values in it. Of other texts it translates
// the lines, and of these the parts between colons and semicolons.
func (t *Translator) Translate(text string) string {
	if t == nil || text == "" {
		return text
	}
	const maxDepth = 12 // of errors in errors
	translated, _ := t.translate(text, maxDepth)
	return translated
}

func (t *Translator) translate(text string, depth int) (translated string, found bool) {
	if to := t.texts[text]; to != "" {
		return to, true
	}
	if depth == 0 {
		return text, false
	}
	for _, p := range t.patterns() {
		if values := p.match(text); values != nil {
			for i, value := range values {
				if strings.Contains(value, " ") { // one word is a name
					values[i], _ = t.translate(value, depth-1)
				}
			}
			return p.fill(values), true
		}
	}
	for _, separator := range []string{"\n", ": ", "; ", " … "} {
		first, rest, cut := strings.Cut(text, separator)
		if !cut {
			continue
		}
		first, ok := t.translate(first, depth-1)
		rest, okRest := t.translate(rest, depth-1)
		if ok || okRest {
			return first + separator + rest, true
		}
	}
	if trimmed := strings.TrimLeft(text, " "); trimmed != text {
		translated, found = t.translate(trimmed, depth-1)
		return text[:len(text)-len(trimmed)] + translated, found
	}
	return text, false
}
