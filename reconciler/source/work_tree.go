package source

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/gitignore"

	"reconcile/reconciler/source/gittree"
)

// maxWorkTreeFile bounds the files of a work tree that are read, in bytes.
const maxWorkTreeFile = 64 << 20

// ReadWorkTree returns the tree that a commit of all files below dir would have now, without
// those that Git ignores and does not track. It writes nothing, and dir need not be in a
// repository. leftOut names the files that are too large to be read.
func ReadWorkTree(ctx context.Context, dir string) (commit *Commit, leftOut []string, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	w := &workTreeReader{ctx: ctx, root: root, store: gittree.NewMemory(), tracked: map[string]bool{}}
	if err := w.readGit(dir); err != nil {
		return nil, nil, err
	}
	entry, _, err := w.readDir(".", ".")
	if err != nil {
		return nil, nil, fmt.Errorf("read the files of %s: %w", dir, err)
	}
	info, err := root.Stat(".")
	if err != nil {
		return nil, nil, err
	}
	commit = &Commit{CommittedAt: info.ModTime(), Subject: "files of " + dir}
	commit.Tree = gittree.New(w.store, entry.ID, commit.CommittedAt, "")
	return commit, w.leftOut, commit.Tree.CheckLimits()
}

// workTreeReader stores the files of a work tree as Git objects in memory.
type workTreeReader struct {
	ctx     context.Context
	root    *os.Root
	store   *gittree.Overlay
	tracked map[string]bool // files in Git's index and the directories above them
	ignored gitignore.Matcher
	leftOut []string
}

// readGit reads which files Git tracks and ignores. Outside a repository nothing is ignored.
func (w *workTreeReader) readGit(dir string) error {
	repo, err := git.PlainOpenWithOptions(dir, &git.PlainOpenOptions{EnableDotGitCommonDir: true})
	if err != nil {
		return nil // no repository, or one that only Git itself can read
	}
	index, err := repo.Storer.Index()
	if err != nil {
		return fmt.Errorf("read Git's index of %s: %w", dir, err)
	}
	for _, entry := range index.Entries {
		for p := entry.Name; p != "." && !w.tracked[p]; p = path.Dir(p) {
			w.tracked[p] = true
		}
	}
	patterns, err := gitignore.ReadPatterns(osfs.New(dir), nil)
	if err != nil {
		return fmt.Errorf("read the .gitignore files of %s: %w", dir, err)
	}
	w.ignored = gitignore.NewMatcher(patterns)
	return nil
}

func (w *workTreeReader) isIgnored(p string, isDir bool) bool {
	return w.ignored != nil && !w.tracked[p] && w.ignored.Match(strings.Split(p, "/"), isDir)
}

// readDir returns false for a directory without files, which Git does not have.
func (w *workTreeReader) readDir(p, name string) (gittree.Entry, bool, error) {
	if w.ctx.Err() != nil {
		return gittree.Entry{}, false, context.Cause(w.ctx)
	}
	list, err := fs.ReadDir(w.root.FS(), p)
	if err != nil {
		return gittree.Entry{}, false, err
	}
	var entries []gittree.Entry
	for _, d := range list {
		child := path.Join(p, d.Name())
		if d.Name() == git.GitDirName || w.isIgnored(child, d.IsDir()) {
			continue
		}
		entry, exists, err := w.readEntry(child, d)
		if err != nil {
			return gittree.Entry{}, false, err
		}
		if exists {
			entries = append(entries, entry)
		}
	}
	return gittree.Entry{Name: name, Mode: filemode.Dir, ID: w.store.AddTree(entries)}, len(entries) > 0, nil
}

// readEntry returns false for what Git cannot store, and for a file that is too large.
func (w *workTreeReader) readEntry(p string, d fs.DirEntry) (gittree.Entry, bool, error) {
	if d.IsDir() {
		if _, err := w.root.Lstat(path.Join(p, git.GitDirName)); err == nil { // of a submodule, or another repository
			return gittree.Entry{Name: d.Name(), Mode: filemode.Submodule}, true, nil
		}
		return w.readDir(p, d.Name())
	}
	info, err := d.Info()
	if err != nil {
		return gittree.Entry{}, false, err
	}
	entry := gittree.Entry{Name: d.Name(), Mode: filemode.Regular}
	var content []byte
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := w.root.Readlink(p)
		if err != nil {
			return gittree.Entry{}, false, err
		}
		entry.Mode, content = filemode.Symlink, []byte(target)
	case !info.Mode().IsRegular():
		return gittree.Entry{}, false, nil
	case info.Size() > maxWorkTreeFile:
		w.leftOut = append(w.leftOut, p)
		return gittree.Entry{}, false, nil
	default:
		if content, err = w.root.ReadFile(p); err != nil {
			return gittree.Entry{}, false, err
		}
		if info.Mode()&0o111 != 0 {
			entry.Mode = filemode.Executable
		}
	}
	entry.ID = w.store.Add(plumbing.BlobObject, content)
	return entry, true, nil
}
