package catalog

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"

	"reconcile/reconciler/risk"
)

// english is the language of the texts in the code.
const english = "en"

// Translator translates the texts that stand in the code, which are English. A text without
// a translation stays as it is, so what Terraform, AWS and Git say can be part of another
// text. A nil Translator translates nothing.
type Translator struct {
	texts    map[string]string        // of texts and formats
	reasons  func() map[string]string // of risk
	patterns func() []*pattern        // of the formats, those with the most literal text first
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
	texts, err := pairDocuments(language)
	if err != nil {
		return nil, err
	}
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
			if other, twice := texts[from]; twice && other != to {
				return nil, fmt.Errorf("%s translates %q, which another file does", n.Name(), from)
			}
			texts[from] = to
		}
	}
	reasons := sync.OnceValue(func() map[string]string { return listReasons(language) })
	return &Translator{texts: texts, reasons: reasons, patterns: sync.OnceValue(func() []*pattern {
		return newPatterns(texts, reasons())
	})}, nil
}

// listReasons returns the sentences of risk, which have data of their own. They are in two
// languages.
func listReasons(language string) map[string]string {
	texts := map[string]string{}
	for _, template := range risk.Templates() {
		format := template.Format()
		texts[format.En] = format.Text(language)
	}
	return texts
}

// pairDocuments returns what documents call outcomes and classes of risk, in English and in a
// language.
func pairDocuments(language string) (map[string]string, error) {
	from, err := Load(english)
	if err != nil {
		return nil, err
	}
	to, err := Load(language)
	texts := map[string]string{}
	for key, text := range from {
		if strings.HasPrefix(key, "outcome.") || strings.HasPrefix(key, "risk.") {
			texts[text] = to[key]
		}
	}
	return texts, err
}

// newPatterns returns the formats among texts as patterns.
func newPatterns(sources ...map[string]string) []*pattern {
	var patterns []*pattern
	for _, texts := range sources {
		for from, to := range texts {
			if p := newPattern(from, to); p != nil {
				patterns = append(patterns, p)
			}
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
// the lines, and of these the parts between colons and semicolons. What services say can be
// long, and is not ours: after maxWork bytes it translates no more.
func (t *Translator) Translate(text string) string {
	if t == nil || text == "" {
		return text
	}
	const (
		maxDepth = 12       // of errors in errors
		maxWork  = 32 << 10 // of all texts and parts that are compared with the formats
	)
	tr := translation{translator: t, remaining: maxWork, done: map[string]translatedPart{}}
	translated, _ := tr.translate(text, maxDepth)
	return translated
}

// translation is one call of Translate.
type translation struct {
	translator *Translator
	remaining  int // bytes that may still be compared with the formats
	done       map[string]translatedPart
}

// translatedPart is the translation of a part. found: the whole part was known.
type translatedPart struct {
	text  string
	found bool
}

// translate reports whether it knows the whole text. It looks at the same text once.
func (t *translation) translate(text string, depth int) (translated string, found bool) {
	if o, done := t.done[text]; done {
		return o.text, o.found
	}
	translated, found = t.translateNew(text, depth)
	t.done[text] = translatedPart{translated, found}
	return translated, found
}

func (t *translation) translateNew(text string, depth int) (translated string, found bool) {
	if to := cmp.Or(t.translator.texts[text], t.translator.reasons()[text]); to != "" {
		return to, true
	}
	if t.remaining -= len(text); depth == 0 || t.remaining < 0 {
		return text, false
	}
	for _, separator := range []string{"\n", "; ", ". "} {
		if translated, found := t.translateList(text, separator, depth); found {
			return translated, true
		}
	}
	for _, p := range t.translator.patterns() {
		if values := p.match(text); values != nil && t.translateValues(p, values, depth) {
			return p.fill(values), true
		}
	}
	for _, separator := range []string{"\n", ": ", "; ", " … ", ", "} {
		first, rest, cut := t.cut(text, separator)
		if !cut {
			continue
		}
		first, _ = t.translate(first, depth-1)
		rest, _ = t.translate(rest, depth-1)
		if first+separator+rest != text {
			return first + t.endSentence(first, separator) + rest, false
		}
	}
	if trimmed := strings.TrimLeft(text, " "); trimmed != text {
		translated, found = t.translate(trimmed, depth-1)
		return text[:len(text)-len(trimmed)] + translated, found
	}
	return text, false
}

// translateValues translates the values of a pattern in place, and reports whether they are such
// as the pattern takes: one that begins with a value takes words and known texts only, except
// at its end.
func (t *translation) translateValues(p *pattern, values []string, depth int) bool {
	for i, value := range values {
		if !strings.ContainsAny(value, " (") { // one word is a name
			continue
		}
		found := false
		values[i], found = t.translate(value, depth-1)
		isLast := i == len(values)-1 && i > 0
		if isPhrase := strings.Contains(value, " "); isPhrase && !found && !isLast && p.isOpen() {
			return false
		}
	}
	return true
}

// translateList translates a list of texts, if it knows all of them.
func (t *translation) translateList(text, separator string, depth int) (translated string, found bool) {
	parts := strings.Split(text, separator)
	if len(parts) == 1 {
		return text, false
	}
	for i, part := range parts {
		if parts[i], found = t.translate(part, depth-1); !found {
			return text, false
		}
	}
	joined := parts[0]
	for _, part := range parts[1:] {
		if between := t.endSentence(joined, separator); between != separator {
			joined += between + part
		} else {
			joined += cmp.Or(t.translator.texts[separator], separator) + part
		}
	}
	return joined, true
}

// remarkPattern is what stands in parentheses at the end of a translated text.
var remarkPattern = regexp.MustCompile(`（[^（）]*(（[^（）]*）[^（）]*)*）$`)

// endSentence returns what separates a translated text from the next: a semicolon behind a
// sentence, which ends in Hiragana, becomes the end of it.
func (t *translation) endSentence(before, separator string) string {
	last, _ := utf8.DecodeLastRuneInString(remarkPattern.ReplaceAllString(before, ""))
	if separator == "; " && unicode.Is(unicode.Hiragana, last) {
		return cmp.Or(t.translator.texts[". "], separator)
	}
	return separator
}

// cut cuts a text at a separator: after the longest beginning that has a translation, else at
// the first.
func (t *translation) cut(text, separator string) (first, rest string, found bool) {
	for at := strings.LastIndex(text, separator); at >= 0; at = strings.LastIndex(text[:at], separator) {
		if t.translator.texts[text[:at]] != "" {
			return text[:at], text[at+len(separator):], true
		}
	}
	return strings.Cut(text, separator)
}
