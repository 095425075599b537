// Package gitpath writes paths of a Git repository, which are any bytes, as text: for
// people, for JSON and for databases, which only hold text.
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

// Quote returns a plain path unchanged, and any other path as a Go string literal. Two
// different paths never give the same text.
func Quote(path string) string {
	if IsPlain(path) && !strings.HasPrefix(path, `"`) {
		return path
	}
	return strconv.Quote(path)
}

// Unquote returns the path that was passed to Quote. It returns a text that Quote cannot
// have returned unchanged.
func Unquote(text string) string {
	if path, err := strconv.Unquote(text); err == nil && Quote(path) == text {
		return path
	}
	return text
}

// Join returns the path of the entry name of the directory dir, a path in Git's form. It costs
// less than path.Join, which cleans the whole path.
func Join(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}

// SortKey returns the text by which Git orders an entry of a tree: it compares the name of a
// directory as if it ended in a slash.
func SortKey(name string, isDir bool) string {
	if isDir {
		return name + "/"
	}
	return name
}

// IsWithin reports whether a path is the directory dir or lies in it. "." is the root.
func IsWithin(path, dir string) bool {
	return dir == "." || path == dir || strings.HasPrefix(path, dir+"/")
}
