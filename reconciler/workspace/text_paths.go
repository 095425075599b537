package workspace

import (
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/zclconf/go-cty/cty"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
)

// addText adds the objects that the texts in v name, outside of directories that are inputs
// anyway. A text is a path, or a command line with paths.
func (e *evaluation) addText(s *module.Scope, m module.PathRef, v cty.Value, names module.Bound) {
	texts := leaves(v)
	starts := e.startDirs(s, m, texts, names)
	found := false
	for _, v := range texts {
		text, known := hcleval.AsString(v)
		switch {
		case !known:
			e.addUnknownText(s, m, v)
		case v.HasMark(module.ContentMark): // a document, unless all of it is one path
			found = e.addNamed(s, m, strings.TrimSpace(text), false, starts) || found
		default:
			for _, word := range pathWords(text) {
				found = e.addNamed(s, m, word, word == text, starts) || found
			}
		}
	}
	for _, dir := range starts[1:] {
		if !found && gitpath.IsWithin(e.root.Path, dir) && m.Kind == module.AnyText {
			e.inputs.addGuess(dir, unknownExpression{hcleval.ProblemAt(m.File, m.Path.Range(), "%s runs in %s, and what it reads there is not known", m.Label, describeDir(dir)), "every change in " + describeDir(dir) + " counts"})
		}
	}
}

// startDirs returns the directories that relative paths in texts may start from: the
// workspace's own, and those that "cd" or an attribute such as working_dir names.
func (e *evaluation) startDirs(s *module.Scope, m module.PathRef, texts []cty.Value, names module.Bound) []string {
	dirs := []string{e.root.Path}
	add := func(text string) {
		p, ok := e.evaluator.RepoPath(text)
		if !ok || !module.IsPath(text) || slices.Contains(dirs, p) {
			return
		}
		if o, err := repotree.ResolveLinks(e.tree, p); err == nil && o.Dir {
			dirs = append(dirs, p)
		}
	}
	for _, x := range m.Dirs {
		if x != m.Path {
			text, _ := hcleval.AsString(s.Evaluate(x, names))
			add(text)
		}
	}
	for _, v := range texts {
		text, known := hcleval.AsString(v)
		if !known || v.HasMark(module.ContentMark) {
			continue
		}
		words := pathWords(text)
		for i, word := range words {
			if i > 0 && slices.Contains(changesDirectory, words[i-1]) {
				add(word)
			}
		}
	}
	return dirs
}

// changesDirectory are the words of command lines after which a directory follows.
var changesDirectory = []string{"cd", "pushd", "-C", "--directory", "--chdir", "-chdir", "--cwd", "--prefix"}

// addNamed adds the object that a word names, if it exists; one that does not exist may
// appear, and counts if it is the whole text. It reports whether an object exists.
func (e *evaluation) addNamed(s *module.Scope, m module.PathRef, word string, whole bool, starts []string) (found bool) {
	if !module.IsPath(word) {
		return false
	}
	for i, start := range starts {
		if i == 0 && !leadsOut(word) && !(whole && path.Clean(word) == ".") {
			continue // in the workspace's own directory, which is an input
		}
		p, ok := e.evaluator.RepoPath(word)
		if i > 0 && !path.IsAbs(word) {
			p = path.Join(start, word)
			ok = !repotree.IsOutside(p)
		}
		if !ok {
			continue
		}
		if strings.ContainsAny(word, "*?[{") {
			p, _ = doublestar.SplitPattern(p) // every file there may match
		}
		o, err := repotree.ResolveLinks(e.tree, p)
		switch {
		case whole && (p == s.Module.Dir || p == e.root.Path):
			e.inputs.add(p, guessedFiles)
		case e.isParent(s, p): // as in "cd ../..", is not an input
		case err != nil || !o.Exists && !(whole && i == 0):
		case !o.Dir && e.inputs.rules.isIgnored(p):
		case e.inputs.listed != nil:
			e.addInput(m, p, guessedFiles)
		default:
			e.inputs.add(p, guessedFiles) // an object that cannot be used was perhaps not meant
			found = found || o.Exists
		}
	}
	return found
}

// addUnknownText adds the directory that a text which is not known begins with.
func (e *evaluation) addUnknownText(s *module.Scope, m module.PathRef, v cty.Value) {
	prefix, _ := prefixOf(v)
	for _, word := range pathWords(prefix) {
		p, ok := e.evaluator.RepoPath(word)
		if !ok || !module.IsPath(word) || !leadsOut(word) || e.isParent(s, p) {
			continue
		}
		if o, err := repotree.ResolveLinks(e.tree, p); err == nil && (o.Exists || word == prefix) {
			e.addGuess(m, p)
		}
	}
}

// leadsOut reports whether a word may name something outside of the workspace's directory.
func leadsOut(word string) bool {
	return strings.Contains(word, "..") || strings.HasPrefix(word, module.RepoRoot)
}

// isParent reports whether p contains the workspace's directory or that of the module of s.
func (e *evaluation) isParent(s *module.Scope, p string) bool {
	return gitpath.IsWithin(s.Module.Dir, p) || gitpath.IsWithin(e.root.Path, p)
}

// shellDirs replaces what stands before a path in command lines: schemes, and the ways in which
// a shell says its own directory and that of the repository.
var shellDirs = func() *strings.Replacer {
	pairs := []string{"fileb://", " ", "file://", " "}
	for _, d := range []struct{ text, replacement string }{
		{"$PWD/", "./"}, {"${PWD}/", "./"}, {"$(pwd)/", "./"}, {"`pwd`/", "./"},
		{"$(" + module.GitTopLevel + ")", module.RepoRoot}, {"`" + module.GitTopLevel + "`", module.RepoRoot},
	} {
		dir, slash := strings.CutSuffix(d.text, "/")
		if slash {
			pairs = append(pairs, `"`+dir+`"/`, d.replacement)
		} else {
			pairs = append(pairs, `"`+dir+`"`, d.replacement)
		}
		pairs = append(pairs, d.text, d.replacement)
	}
	return strings.NewReplacer(pairs...)
}()

// pathWords returns what in a text, such as a command line, may be a path: the whole text,
// quoted parts, and words. "file://", "fileb://", a leading "@" and an option of one letter that
// stands before a path, as in -I../include, are left out.
func pathWords(text string) []string {
	text = shellDirs.Replace(text)
	words := []string{strings.TrimSpace(text)}
	for _, quote := range []string{`"`, `'`} {
		for i, part := range strings.Split(text, quote) {
			if i%2 == 1 {
				words = append(words, part)
			}
		}
	}
	words = append(words, strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n\"'`=:;,|&()<>", r) })...)
	for i, word := range words {
		if len(word) > 2 && word[0] == '-' && leadsOut(word[2:min(len(word), 4)]) {
			word = word[2:]
		}
		words[i] = strings.TrimPrefix(word, "@")
	}
	return words
}
