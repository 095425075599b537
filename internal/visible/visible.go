// Package visible makes untrusted text safe to show. Names of workspaces and branches,
// commit subjects and outputs may contain characters that move a terminal's cursor, change
// the direction of text, or are invisible.
package visible

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns text with each control and format character as a Go escape, such as \x1b or
// \u202e, except for the line feed and the tab. Bytes that are not UTF-8 are escaped, too.
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

// Line returns Text in one line: any sequence of white space becomes one space.
func Line(text string) string { return Text(strings.Join(strings.Fields(text), " ")) }

// Name returns Line for a name. It marks a name that mixes scripts that no language mixes
// in one word, because its letters may look like others.
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

// isHidden reports whether a character is invisible.
func isHidden(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
		return true
	}
	// Fillers, which Unicode classifies as letters, and characters that only occur in tags
	// or variation sequences.
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// escape returns one character in its escaped form.
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

// confusableScripts have letters that look like letters of each other.
var confusableScripts = []string{"Latin", "Greek", "Cyrillic", "Armenian", "Cherokee", "Coptic", "Georgian", "Hebrew", "Arabic", "Thai", "Hangul", "Bopomofo", "Japanese"}

// mixedScripts returns the scripts of a name if the words of no language mix them. Latin
// letters may be mixed with Chinese, Japanese and Korean ones, and no others with any
// (Unicode Technical Standard 39, "highly restrictive").
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
