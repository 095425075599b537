package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/bmatcuk/doublestar/v4"

	"reconcile/internal/cache"
	"reconcile/internal/gitpath"
	"reconcile/reconciler/workspace/repotree"
)

// A file pattern is a repository path with one "*", which stands for any text, also with
// slashes: the part of a path that could not be evaluated.

// maxMatches is the maximum number of files of one pattern that are inputs of their own.
const maxMatches = 1000

// FileLists lists the files of a tree, each directory once. It is safe for concurrent use.
type FileLists struct {
	tree repotree.Tree
	dirs cache.Map[string, func() []string] // by directory
	ids  cache.Map[string, string]          // by pattern

	filtered cache.Map[string, string]   // see filteredID
	ignored  cache.Map[string, []string] // see ignoredByDefault
}

// newFileLists returns the lists of the files of tree.
func newFileLists(tree repotree.Tree) *FileLists { return &FileLists{tree: tree} }

// splitPattern returns the directory that all matches are below, and the rest.
func splitPattern(pattern string) (dir, rest string) {
	prefix, _, _ := strings.Cut(pattern, "*")
	dir = path.Dir(prefix + "x")
	return dir, strings.TrimPrefix(pattern, strings.TrimSuffix(dir+"/", "./"))
}

// match returns the files and links that a pattern matches, sorted.
func (l *FileLists) match(pattern string) (matches []string) {
	prefix, suffix, _ := strings.Cut(pattern, "*")
	dir, _ := splitPattern(pattern)
	for _, p := range l.listBelow(dir) {
		if strings.HasPrefix(p, prefix) && strings.HasSuffix(p, suffix) && len(p) >= len(prefix)+len(suffix) {
			matches = append(matches, p)
		}
	}
	return matches
}

// hashPattern returns a hash of the names that a pattern matches. Their contents are inputs of
// their own.
func (l *FileLists) hashPattern(r ignoreRules, pattern string) string {
	return l.hashNames(strings.Join(append([]string{"", pattern}, r.patterns...), "\x00"), func() []string {
		return slices.DeleteFunc(l.match(pattern), r.isIgnored)
	})
}

// hashGlob does what hashPattern does, for a pattern in doublestar's syntax.
func (l *FileLists) hashGlob(glob string) string {
	return l.hashNames(glob, func() []string { return l.matchGlob(glob) })
}

func (l *FileLists) hashNames(key string, names func() []string) string {
	id, ok := l.ids.Get(key)
	if !ok {
		sum := sha256.Sum256([]byte(strings.Join(names(), "\x00")))
		id = l.ids.GetOrPut(key, hex.EncodeToString(sum[:16]))
	}
	return id
}

// matchGlob returns the files and links that a pattern in doublestar's syntax matches, sorted.
func (l *FileLists) matchGlob(glob string) (matches []string) {
	dir, _ := doublestar.SplitPattern(glob)
	for _, p := range l.listBelow(dir) {
		if doublestar.MatchUnvalidated(glob, p) {
			matches = append(matches, p)
		}
	}
	return matches
}

// listBelow returns the files and links below a directory, sorted.
func (l *FileLists) listBelow(dir string) []string {
	list, ok := l.dirs.Get(dir)
	if !ok {
		list = l.dirs.GetOrPut(dir, sync.OnceValue(func() []string { return l.walk(dir) }))
	}
	return list()
}

func (l *FileLists) walk(dir string) (files []string) {
	_ = fs.WalkDir(l.tree, dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && (d.Type().IsRegular() || d.Type()&fs.ModeSymlink != 0) {
			files = append(files, p)
		}
		return nil // what cannot be read is no file that Terraform could read
	})
	slices.Sort(files)
	return files
}

// ignoredByDefault returns the files below the directory of a module that are no inputs by
// default, sorted.
func (l *FileLists) ignoredByDefault(dir string) []string {
	list, ok := l.ignored.Get(dir)
	if !ok {
		list = l.appendIgnored(nil, dir)
		slices.Sort(list)
		list = l.ignored.GetOrPut(dir, list)
	}
	return list
}

// appendIgnored appends what ignoredByDefault returns, in any order. Most directories have no
// such file, so it makes no paths of the others.
func (l *FileLists) appendIgnored(ignored []string, dir string) []string {
	entries, _ := l.tree.ReadDir(dir) // what cannot be read is no file that Terraform could read
	for _, e := range entries {
		isFile := e.Type().IsRegular() || e.Type()&fs.ModeSymlink != 0
		switch {
		case e.IsDir() && e.Name() == testsDir:
			ignored = append(ignored, l.listBelow(gitpath.Join(dir, testsDir))...)
		case e.IsDir():
			ignored = l.appendIgnored(ignored, gitpath.Join(dir, e.Name()))
		case isFile && isIgnoredName(e.Name()):
			ignored = append(ignored, gitpath.Join(dir, e.Name()))
		}
	}
	return ignored
}
