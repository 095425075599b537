package source

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"reconcile/internal/files"
	"reconcile/reconciler/source/internal/odb"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/hash"
)

const (
	// maxCached is the number of commits that stay in the cache, in addition to those in use.
	maxCached = 2
	// tmpPrefix is the prefix of incomplete directories.
	tmpPrefix = "partial-"
	// lockFile is locked (shared) by each process that reads a commit.
	lockFile = "in-use"
)

// commitCache caches commits of one remote, each in a separate directory with an object store
// of depth 1. Objects are never added to a store: mixing depths in one store has lost trees
// without an error (go-git v5).
type commitCache struct {
	dir string
	url string
}

// cacheDir returns the directory of a repository's commits in the cache of all; "" if there is
// no cache.
func cacheDir(cache, repository string) string {
	if cache == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(repository))
	return filepath.Join(cache, hex.EncodeToString(sum[:8]))
}

// open opens a cached commit. It removes one that is not readable, unless it is in use.
func (c commitCache) open(id plumbing.Hash) (*Commit, error) {
	dir := filepath.Join(c.dir, id.String())
	lock, err := lockShared(dir)
	if err != nil {
		c.remove(dir)
		return nil, err
	}
	err = checkPacks(dir)
	var commit *Commit
	if err == nil {
		commit, err = openCommit(dir, id)
	}
	if err != nil {
		lock.Close()
		c.remove(dir)
		return nil, fmt.Errorf("commit %s in the cache: %w", id, err)
	}
	now := time.Now()
	_ = os.Chtimes(dir, now, now) // affects only the order of removal
	commit.closers = append(commit.closers, lock)
	return commit, nil
}

// add moves the complete commit in dir into the cache and opens it. It locks the commit
// before others can see it, so that none removes it.
func (c commitCache) add(dir string, id plumbing.Hash) (*Commit, error) {
	if err := os.WriteFile(filepath.Join(dir, lockFile), nil, 0o600); err != nil {
		return nil, err
	}
	lock, err := lockShared(dir)
	if err != nil {
		return nil, err
	}
	target := filepath.Join(c.dir, id.String())
	for tries := 0; ; tries++ {
		err := os.Rename(dir, target)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) || tries == 10 {
			lock.Close()
			return nil, err
		}
		// Another process was faster, and may already have removed the commit.
		if commit, err := c.open(id); err == nil {
			lock.Close()
			return commit, nil
		}
		waitForRemoval(target)
	}
	commit, err := openCommit(target, id)
	if err != nil {
		lock.Close()
		return nil, err
	}
	commit.closers = append(commit.closers, lock)
	c.prune()
	return commit, nil
}

// checkPacks compares the packs of the object store in dir with the checksums at their ends: a
// byte that flipped on the disk would make every pass fail at the object that it is in.
func checkPacks(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "pack-*.pack"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := checkPack(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func checkPack(name string) error {
	pack, err := files.OpenRegular(name)
	if err != nil {
		return err
	}
	defer pack.Close()
	info, err := pack.Stat()
	if err != nil {
		return err
	}
	sum, end := hash.New(crypto.SHA1), make([]byte, hash.Size)
	if _, err := io.CopyN(sum, pack, info.Size()-hash.Size); err != nil {
		return err
	}
	if _, err := io.ReadFull(pack, end); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), end) {
		return errors.New("the pack is damaged: its checksum is wrong")
	}
	return nil
}

// openCommit opens the commit from the object store in dir.
func openCommit(dir string, id plumbing.Hash) (*Commit, error) {
	store, err := odb.Open(filepath.Join(dir, "objects"))
	if err != nil {
		return nil, err
	}
	commit, err := readCommit(store, id)
	if err == nil {
		_, err = commit.Tree.ReadDir(".")
	}
	if err != nil {
		return nil, err
	}
	return commit, nil
}

// lockShared marks the directory as in use until the file is closed or the process ends.
func lockShared(dir string) (*os.File, error) {
	path := filepath.Join(dir, lockFile)
	f, err := files.OpenRegular(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%w: %s is being removed", fs.ErrNotExist, dir)
	}
	if _, err := os.Stat(path); err != nil { // removed before it was locked
		f.Close()
		return nil, err
	}
	return f, nil
}

// waitForRemoval waits until another process has removed the directory. Otherwise all retries
// could fail before that.
func waitForRemoval(dir string) {
	f, err := files.OpenRegular(filepath.Join(dir, lockFile))
	if err != nil {
		return
	}
	defer f.Close()
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_SH)
}

// remove removes the directory unless it is in use. It renames it first, so that no process
// finds a partial commit.
func (c commitCache) remove(dir string) {
	if !files.Exists(dir) {
		return
	}
	f, err := files.OpenRegular(filepath.Join(dir, lockFile))
	if err == nil {
		defer f.Close()
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			return
		}
	}
	trash, err := os.MkdirTemp(c.dir, tmpPrefix)
	if err != nil {
		return
	}
	_ = os.Rename(dir, filepath.Join(trash, "old"))
	os.RemoveAll(trash)
}

// prune removes all but the newest commits, and directories of killed processes. What it
// cannot remove stays until the next time.
func (c commitCache) prune() {
	const abandoned = time.Hour
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	type cachedCommit struct {
		path string
		used time.Time
	}
	var commits []cachedCommit
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue
		}
		path := filepath.Join(c.dir, e.Name())
		switch {
		case plumbing.IsHash(e.Name()):
			commits = append(commits, cachedCommit{path, info.ModTime()})
		case strings.HasPrefix(e.Name(), tmpPrefix) && time.Since(info.ModTime()) > abandoned:
			os.RemoveAll(path)
		}
	}
	slices.SortFunc(commits, func(a, b cachedCommit) int { return b.used.Compare(a.used) })
	for _, k := range commits[min(maxCached, len(commits)):] {
		c.remove(k.path)
	}
}
