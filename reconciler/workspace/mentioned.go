package workspace

import (
	"path"
	"slices"
	"strings"

	"reconcile/reconciler/workspace/internal/module"
)

// A text without "..", such as "README.md" or "./chart", is not evaluated: what it may name is
// part of its workspace's directory. It matters only for files that are ignored by default.
// These are inputs if a word of a text has their name, or that of a directory above them. Which
// words are in other texts than arguments of providers does not matter: one more file counts.

// addMentioned adds the files that are ignored by default, and that words of the configuration
// mention.
func (in *inputs) addMentioned() {
	if len(in.mentioned) == 0 {
		return
	}
	for dir := range in.own {
		for _, p := range in.ignoredByDefault(dir) {
			rel := strings.TrimPrefix(p, strings.TrimSuffix(dir+"/", "./"))
			if slices.ContainsFunc(in.mentioned, func(words map[string]bool) bool { return mentions(words, rel) }) {
				in.add(p, guessedFiles)
			}
		}
	}
}

// ignoredByDefault returns the files below a directory that the program ignores, and not the
// settings.
func (in *inputs) ignoredByDefault(dir string) []string {
	ignored := in.files.ignoredByDefault(dir)
	return slices.DeleteFunc(slices.Clone(ignored), in.rules.isIgnored)
}

// mentions reports whether one of words may name the file at rel or a directory above it.
func mentions(words map[string]bool, rel string) bool {
	if words[module.AnyName+path.Ext(rel)] {
		return true
	}
	for p := rel; p != "."; p = path.Dir(p) {
		for end := p; ; { // each end of the path is a path from some directory
			if words[end] {
				return true
			}
			_, rest, more := strings.Cut(end, "/")
			if !more {
				break
			}
			end = rest
		}
	}
	return false
}
