// Package visible makes text that somebody else wrote safe to show. Names of
// workspaces and branches, subjects and outputs may hold characters that move
// a terminal's cursor, turn the direction of text, or take no room at all.
package visible

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns text with each control and format character, but the line feed
// and the tab, as an escape of Go's: \x1b, \u202e. Bytes that are not UTF-8
// are escaped, too.
func Text(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		b.WriteString(escape(text[:size], r))
		text = text[size:]
	}
	return b.String()
}

// Line returns Text in one line: white space of any kind is one space.
func Line(text string) string { return Text(strings.Join(strings.Fields(text), " ")) }

// Name returns Line for a name. One that mixes scripts which no language writes in
// one word is marked: its letters may look like others.
func Name(name string) string {
	line := Line(name)
	if scripts := mixedScripts(name); len(scripts) > 0 {
		line += " (mixes " + strings.Join(scripts, " and ") + " letters)"
	}
	return line
}

func isPlain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, isHidden)
}

// isHidden reports whether a character shows nothing of itself.
func isHidden(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
		return true
	}
	// Fillers that are letters by name, and characters that only tags or
	// variations are made of.
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// escape returns one character as it is shown.
func escape(text string, r rune) string {
	switch {
	case r == utf8.RuneError && len(text) == 1:
		return fmt.Sprintf(`\x%02x`, text[0])
	case !isHidden(r):
		return text
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// confusableScripts are those whose letters can be taken for one another's.
var confusableScripts = []string{"Latin", "Greek", "Cyrillic", "Armenian", "Cherokee", "Coptic", "Georgian", "Hebrew", "Arabic", "Thai", "Hangul", "Bopomofo", "Japanese"}

// mixedScripts returns the scripts of a name, if a language's words do not mix them:
// Latin letters stand beside Chinese, Japanese and Korean ones, and no others
// beside any (Unicode Technical Standard 39, "highly restrictive").
func mixedScripts(name string) []string {
	var found []string
	for _, r := range name {
		script := scriptOf(r)
		if script != "" && !slices.Contains(found, script) {
			found = append(found, script)
		}
	}
	others := slices.DeleteFunc(slices.Clone(found), func(s string) bool {
		return s == "Latin" || s == "Japanese" || s == "Hangul" || s == "Bopomofo"
	})
	if len(found) < 2 || len(others) == 0 {
		return nil
	}
	slices.SortFunc(found, func(a, b string) int { return slices.Index(confusableScripts, a) - slices.Index(confusableScripts, b) })
	return found
}

func scriptOf(r rune) string {
	if !unicode.IsLetter(r) {
		return ""
	}
	if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) {
		return "Japanese"
	}
	for _, script := range confusableScripts {
		if table, ok := unicode.Scripts[script]; ok && unicode.Is(table, r) {
			return script
		}
	}
	return ""
}
