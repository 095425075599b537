package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"reconcile/internal/commitid"
	"reconcile/internal/failure"
	"reconcile/internal/files"
	"reconcile/reconciler/source/gitwire"
	"reconcile/reconciler/source/internal/odb"
)

// local is a repository on this machine. Other processes may write to it during a read.
type local struct {
	root       string // root of the main work tree, or the bare repository
	dir        string // Git's common directory
	openedPath string // the path by which it was opened
	branch     string
	repo       *git.Repository
}

// openLocal opens the repository that contains path: a work tree (also a linked one, or a
// directory in it) or a bare repository.
func openLocal(path, branch string) (*local, error) {
	dir, err := findCommonDir(path)
	if err != nil {
		return nil, err
	}
	store := filesystem.NewStorage(osfs.New(dir, osfs.WithBoundOS()), cache.NewObjectLRU(cache.MiByte))
	repo, err := git.Open(lenientStorage{store}, nil)
	if err != nil {
		help := "correct the file config in its Git directory"
		if errors.Is(err, git.ErrUnknownExtension) || errors.Is(err, git.ErrUnsupportedExtensionRepositoryFormatVersion) {
			help = "repositories with SHA-256 ids or reftable are not supported: give the address of the remote, or clone it with ids of SHA-1 and --ref-format=files"
		}
		return nil, &gitwire.Error{Kind: gitwire.ErrNotFound, URL: path, Err: err, Help: help}
	}
	root := dir
	if filepath.Base(dir) == git.GitDirName {
		root = filepath.Dir(dir)
	}
	return &local{root: root, dir: dir, openedPath: path, branch: branch, repo: repo}, nil
}

// workTrees returns the main and the linked work trees. The one that contains openedPath
// comes first.
func (l *local) workTrees() []string {
	var all []string
	for dir := l.openedPath; ; dir = filepath.Dir(dir) {
		if files.Exists(filepath.Join(dir, git.GitDirName)) {
			all = append(all, dir)
			break
		}
		if filepath.Dir(dir) == dir {
			break
		}
	}
	if l.root != l.dir {
		all = append(all, l.root)
	}
	links, _ := filepath.Glob(filepath.Join(l.dir, "worktrees", "*", "gitdir"))
	for _, link := range links {
		if pointer, err := files.ReadRegular(link, files.MaxConfig); err == nil {
			all = append(all, filepath.Dir(resolveGitPath(filepath.Dir(link), string(pointer))))
		}
	}
	return all
}

// findCommonDir returns the directory with the repository's refs and objects. It searches
// upwards from path, as Git does.
func findCommonDir(path string) (string, error) {
	start, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", &gitwire.Error{Kind: gitwire.ErrNotFound, URL: path, Err: err, Help: "check --repo"}
	}
	for parent := start; ; parent = filepath.Dir(parent) {
		for _, dir := range []string{filepath.Join(parent, git.GitDirName), parent} {
			if link, err := files.ReadRegular(dir, files.MaxConfig); err == nil { // ".git" of a linked work tree or a submodule
				dir = resolveGitPath(parent, strings.TrimPrefix(string(link), "gitdir:"))
			}
			if common, err := files.ReadRegular(filepath.Join(dir, "commondir"), files.MaxConfig); err == nil {
				dir = resolveGitPath(dir, string(common))
			}
			if files.Exists(filepath.Join(dir, "HEAD")) && files.Exists(filepath.Join(dir, "objects")) && files.Exists(filepath.Join(dir, "refs")) {
				return dir, nil
			}
		}
		if filepath.Dir(parent) == parent {
			if _, err := os.Stat(filepath.Join(start, git.GitDirName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", &gitwire.Error{Kind: gitwire.ErrNotFound, URL: path, Text: "its Git directory cannot be read", Err: err, Help: "check who may read it"}
			}
			return "", &gitwire.Error{Kind: gitwire.ErrNotFound, URL: path, Text: "not in a Git repository", Help: "check --repo"}
		}
	}
}

// resolveGitPath resolves a path that is written in one of Git's files in dir.
func resolveGitPath(dir, pointer string) string {
	pointer = strings.TrimSpace(pointer)
	if filepath.IsAbs(pointer) {
		return filepath.Clean(pointer)
	}
	return filepath.Join(dir, pointer)
}

func (l *local) tip(context.Context, string) (Tip, error) {
	ref, err := l.repo.Reference(plumbing.NewBranchReferenceName(l.branch), true)
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return Tip{}, l.noBranchError()
	}
	var broken *brokenRefError
	if errors.As(err, &broken) {
		return Tip{}, failure.WithNextStep(fmt.Sprintf("`git reflog` of the branch shows where it was: git update-ref %s COMMIT", broken.name),
			fmt.Errorf("%s: read branch %q: %w", l.root, l.branch, err))
	}
	if err != nil {
		return Tip{}, fmt.Errorf("%s: read branch %q: %w", l.root, l.branch, err)
	}
	return Tip{commitid.ID(ref.Hash().String()), ProtocolLocal}, nil
}

func (l *local) noBranchError() error {
	refs, err := l.repo.References()
	if err != nil {
		return fmt.Errorf("%s: list branches: %w", l.root, err)
	}
	var names []string
	err = refs.ForEach(func(r *plumbing.Reference) error {
		if r.Type() == plumbing.HashReference && !r.Hash().IsZero() {
			names = gitwire.AppendBranch(names, r.Name().String())
		}
		return nil
	})
	if err != nil && !errors.Is(err, storer.ErrStop) {
		return fmt.Errorf("%s: list branches: %w", l.root, err)
	}
	return gitwire.NoBranchError(l.root, l.branch, names)
}

func (l *local) fetch(_ context.Context, id plumbing.Hash) (*Commit, error) {
	store, err := l.openObjects()
	if err != nil {
		return nil, err
	}
	commit, err := readCommit(store, id)
	if err != nil {
		if errors.Is(err, odb.ErrNotFound) {
			return nil, &gitwire.Error{Kind: gitwire.ErrCommitNotFound, URL: l.root, Err: err, Help: "the branch may have been rewritten: read its tip again"}
		}
		return nil, fmt.Errorf("%s: %w", l.root, err)
	}
	if err := l.checkPartial(commit); err != nil {
		return nil, errors.Join(err, commit.Close())
	}
	return commit, nil
}

// checkPartial returns an error if the repository is a partial clone and lacks objects of the
// commit. Git would fetch them when they are read.
func (l *local) checkPartial(commit *Commit) error {
	promises, err := filepath.Glob(filepath.Join(l.dir, "objects", "pack", "*.promisor"))
	if err != nil || len(promises) == 0 {
		return err
	}
	err = commit.Tree.CheckConnected()
	if errors.Is(err, odb.ErrNotFound) {
		return &gitwire.Error{Kind: gitwire.ErrUnavailable, URL: l.root, Text: "this partial clone lacks objects of commit " + string(commit.ID), Err: err,
			Help: "run `git fetch --refetch --no-filter` in it, or give the address of the remote"}
	}
	return err
}

func (l *local) openObjects() (*odb.Store, error) {
	return odb.Open(filepath.Join(l.dir, "objects"))
}

func (l *local) fetchHistory(context.Context, plumbing.Hash, plumbing.Hash) (*history, error) {
	shallow, err := l.repo.Storer.Shallow()
	if err != nil {
		return nil, fmt.Errorf("%s: read shallow: %w", l.root, err)
	}
	return openHistory(l.dir, shallow)
}

// contains walks from tip to the roots until it finds old.
func (l *local) contains(ctx context.Context, tip, old plumbing.Hash) (yes, known bool, err error) {
	store, err := l.openObjects()
	if err != nil {
		return false, false, err
	}
	shallow, err := l.repo.Storer.Shallow()
	if err != nil {
		return false, false, fmt.Errorf("%s: read shallow: %w", l.root, err)
	}
	visited := map[plumbing.Hash]bool{tip: true}
	for queue := []plumbing.Hash{tip}; len(queue) > 0; queue = queue[1:] {
		if err := ctx.Err(); err != nil {
			return false, false, err
		}
		commit, _, err := decodeCommit(store, queue[0])
		if errors.Is(err, odb.ErrNotFound) && len(shallow) > 0 {
			continue // beyond the end of a shallow clone
		}
		if err != nil {
			return false, false, fmt.Errorf("%s: %w", l.root, err)
		}
		for _, parent := range commit.ParentHashes {
			if parent == old {
				return true, true, nil
			}
			if !visited[parent] {
				visited[parent] = true
				queue = append(queue, parent)
			}
		}
	}
	return false, len(shallow) == 0, nil
}

func (l *local) resolve(_ context.Context, rev string) (commitid.ID, error) {
	if id := plumbing.NewHash(rev); plumbing.IsHash(rev) && l.hasCommit(id) { // go-git would read whole indexes for it
		return commitid.ID(id.String()), nil
	}
	for _, name := range []string{"refs/heads/" + rev, rev} {
		id, err := l.repo.ResolveRevision(plumbing.Revision(name))
		if err == nil {
			return commitid.ID(id.String()), nil
		}
	}
	return "", &gitwire.Error{Kind: gitwire.ErrRevision, URL: l.root, Text: fmt.Sprintf("%q", rev), Help: "give a commit id, a branch or a tag of the repository"}
}

// hasCommit reports whether an object is there, and is a commit.
func (l *local) hasCommit(id plumbing.Hash) bool {
	store, err := l.openObjects()
	if err != nil {
		return false
	}
	_, _, err = decodeCommit(store, id)
	return err == nil
}

func (l *local) refs(_ context.Context, names []string) (map[string]commitid.ID, error) {
	ids := map[string]commitid.ID{}
	for _, name := range names {
		ref, err := l.repo.Reference(plumbing.ReferenceName(name), true)
		switch {
		case err == nil:
			ids[name] = commitid.ID(ref.Hash().String())
		case !errors.Is(err, plumbing.ErrReferenceNotFound):
			return nil, fmt.Errorf("%s: read %s: %w", l.root, name, err)
		}
	}
	return ids, nil
}
