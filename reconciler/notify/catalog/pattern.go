package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"reconcile/internal/lazyregexp"
)

// pattern recognizes the texts that a format of the code makes.
type pattern struct {
	format, translated string
	before, after      string // what its texts begin and end with
	longest            string // its longest literal text
	literals           int    // bytes of literal text
	arguments          []int  // of each value, by its place in the format
	expression         func() *regexp.Regexp
}

// verbPattern is a verb of a format, as package fmt defines it, with the number of its value.
var verbPattern = lazyregexp.New(`%(?:\[(\d+)\])?[-+# 0]*\d*(?:\.\d+)?([a-zA-Z%])`)

// minLiterals keeps formats such as "%s: %w" from fitting every text.
const minLiterals = 4

// newPattern returns the pattern of a format; nil for a text without verbs, and for a format
// that hardly has literal text.
func newPattern(format, translated string) *pattern {
	places := verbPattern().FindAllStringSubmatchIndex(format, -1)
	if len(places) == 0 {
		return nil
	}
	p := &pattern{format: format, translated: translated}
	p.before, p.after = format[:places[0][0]], format[places[len(places)-1][1]:]
	var source strings.Builder
	source.WriteString("(?s)^")
	end := 0
	p.arguments = slices.DeleteFunc(argumentsOf(format), func(number int) bool { return number == 0 })
	for _, at := range places {
		p.literals += len(strings.ReplaceAll(format[end:at[0]], " ", ""))
		source.WriteString(regexp.QuoteMeta(format[end:at[0]]))
		p.longest = longer(p.longest, format[end:at[0]])
		source.WriteString(valuePattern(format[at[4]:at[5]]))
		end = at[1]
	}
	p.literals += len(strings.ReplaceAll(format[end:], " ", ""))
	if p.literals < minLiterals {
		return nil
	}
	source.WriteString(regexp.QuoteMeta(format[end:]) + "$")
	p.longest = longer(p.longest, format[end:])
	p.expression = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(source.String()) })
	return p
}

func longer(a, b string) string {
	if len(b) > len(a) {
		return b
	}
	return a
}

// valuePattern returns the expression of the texts that a verb makes.
func valuePattern(letter string) string {
	switch letter {
	case "d":
		return `(-?\d+)`
	case "q":
		return `("(?:[^"\\]|\\.)*")`
	case "%":
		return `%`
	}
	return `(.*?)`
}

// isOpen reports whether the format begins with a value, and so could fit what others say.
func (p *pattern) isOpen() bool { return p.before == "" }

// match returns the values in a text that the format has made; nil for another text.
func (p *pattern) match(text string) []string {
	if !strings.HasPrefix(text, p.before) || !strings.HasSuffix(text, p.after) || !strings.Contains(text, p.longest) {
		return nil
	}
	found := p.expression().FindStringSubmatch(text)
	if found == nil {
		return nil
	}
	return found[1:]
}

// fill returns the translation with values in it, which are formatted already.
func (p *pattern) fill(values []string) string {
	arguments, next := argumentsOf(p.translated), 0
	return verbPattern().ReplaceAllStringFunc(p.translated, func(v string) string {
		argument := arguments[next]
		next++
		if argument == 0 {
			return "%"
		}
		if at := slices.Index(p.arguments, argument); at >= 0 {
			return values[at]
		}
		return v
	})
}

// argumentsOf returns the number of the argument of each verb of a format; 0 for %%.
func argumentsOf(format string) (numbers []int) {
	next := 1
	for _, v := range verbPattern().FindAllStringSubmatch(format, -1) {
		if v[2] == "%" { // it has no argument
			numbers = append(numbers, 0)
			continue
		}
		if v[1] != "" {
			next, _ = strconv.Atoi(v[1]) // it has digits only
		}
		numbers = append(numbers, next)
		next++
	}
	return numbers
}

func errUnknownLanguage(language string) error {
	return fmt.Errorf("unknown language %q: use one of %s", language, strings.Join(Languages(), ", "))
}
