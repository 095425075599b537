// Package gitpath writes paths of a Git repository, which are any bytes, as
// text: for people, and for JSON and databases, which hold nothing else.
package gitpath

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// IsPlain reports whether a path is text that prints as one line.
func IsPlain(path string) bool {
	return utf8.ValidString(path) && !strings.ContainsFunc(path, func(r rune) bool { return r != ' ' && !strconv.IsPrint(r) })
}

// Quote returns the path itself where it is plain, else as a Go string
// literal. Two paths never give the same text.
func Quote(path string) string {
	if IsPlain(path) && !strings.HasPrefix(path, `"`) {
		return path
	}
	return strconv.Quote(path)
}

// Unquote returns the path that Quote was given. What it cannot have returned
// is taken as it is.
func Unquote(text string) string {
	if path, err := strconv.Unquote(text); err == nil && Quote(path) == text {
		return path
	}
	return text
}
