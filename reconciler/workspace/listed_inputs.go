package workspace

import (
	"fmt"
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// The settings may list the inputs of a workspace. Then these, its own directory and the local
// modules that it calls are its inputs. What else its configuration names is left out, and
// said.

// namedPath is a path that the configuration names.
type namedPath struct {
	path  string
	scope scope
	at    *hcleval.Problem // where; the text is what names it
}

// addListed adds what the patterns of the settings match.
func (in *inputs) addListed(found *foundInputs) {
	for _, pattern := range in.listed {
		dir, rest := doublestar.SplitPattern(pattern)
		switch {
		case !hasWildcard(pattern):
			dir = pattern
		case rest != "**":
			matches := 0
			for _, glob := range []string{pattern, pattern + "/**"} {
				for _, p := range in.files.matchGlob(glob) {
					matches++
					if !in.rules.isIgnored(p) {
						in.add(p, guessedFiles)
					}
				}
				found.globs = append(found.globs, glob)
			}
			if matches == 0 {
				in.noteEmptyPattern(pattern)
			}
			continue
		}
		if o, err := repotree.ResolveLinks(in.tree, dir); err == nil && !o.Exists {
			in.noteEmptyPattern(pattern)
		}
		for _, err := range in.add(dir, guessedFiles) {
			found.problems = append(found.problems, &hcleval.Problem{File: settings.FileName, Text: fmt.Sprintf("inputs: %q: %s", pattern, err)})
		}
	}
}

// noteEmptyPattern notes a pattern that matches nothing: with a mistake in it, no change of what
// was meant would be applied.
func (in *inputs) noteEmptyPattern(pattern string) {
	in.unfollowed = append(in.unfollowed, &hcleval.Problem{File: settings.FileName, Text: fmt.Sprintf("inputs: %q matches nothing", pattern)})
}

func hasWildcard(pattern string) bool {
	dir, rest := doublestar.SplitPattern(pattern + "/x")
	return rest != "x" || dir != pattern
}

// followNamed adds what the configuration names below the directories of the workspace and its
// modules, and notes what it names elsewhere.
func (in *inputs) followNamed(found *foundInputs) {
	for _, named := range in.namedPaths {
		o, err := repotree.ResolveLinks(in.tree, named.path)
		if err == nil && in.isOwn(o.Path) {
			for _, err := range in.add(named.path, named.scope) {
				problem := *named.at
				problem.Text += ": " + err.Error()
				found.problems = append(found.problems, &problem)
			}
		} else if !in.isListed(named.path) {
			problem := *named.at
			problem.Text += " names " + named.path + ", which is not followed: the settings list the inputs"
			in.unfollowed = append(in.unfollowed, &problem)
		}
	}
}

// isListed reports whether a pattern of the settings matches p, or everything below p.
func (in *inputs) isListed(p string) bool {
	return slices.ContainsFunc(in.listed, func(pattern string) bool {
		return matchesOrContains(pattern, p) || pattern == p+"/**"
	})
}

// leaveOut notes what is unknown and adds no input.
func (in *inputs) leaveOut(unknowns []unknownExpression) {
	for _, u := range unknowns {
		problem := *u.problem
		problem.Text += " and is not followed: the settings list the inputs"
		in.unfollowed = append(in.unfollowed, &problem)
	}
}
