package gittree

import (
	"path"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"golang.org/x/sys/unix"

	"reconcile/internal/gitpath"
)

// knownStamps remembers the files of one checkout that Repair has found to be as in the tree, and
// what else its directories hold: what has the same stamp need not be read again. This is Git's
// index, with its rule for files that are "racily clean" (isSettled).
type knownStamps struct {
	mu    sync.Mutex
	files map[string]knownFile
	dirs  map[string]knownDir
	// moment is a time that the clock of the file system has shown, in nanoseconds of Unix time.
	moment int64
}

// knownFile is a file whose content is known.
type knownFile struct {
	stamp fileStamp
	id    plumbing.Hash
}

// knownDir is a directory whose names are known.
type knownDir struct {
	stamp  fileStamp
	extras []string // names that are not in the tree
}

// stampsOf returns what is remembered of the checkout in dir.
func (t *Tree) stampsOf(dir string) *knownStamps {
	t.checkoutsMu.Lock()
	defer t.checkoutsMu.Unlock()
	if t.checkouts == nil {
		t.checkouts = map[string]*knownStamps{}
	}
	if t.checkouts[dir] == nil {
		t.checkouts[dir] = &knownStamps{files: map[string]knownFile{}, dirs: map[string]knownDir{}}
	}
	return t.checkouts[dir]
}

// knows reports whether the file at the path name once had the content id.
func (k *knownStamps) knows(name string, id plumbing.Hash) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	known, ok := k.files[name]
	return ok && known.id == id
}

// hasFile reports whether the file at the path name is known to have the content id.
func (k *knownStamps) hasFile(name string, stat *unix.Stat_t, id plumbing.Hash) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	known, ok := k.files[name]
	return ok && known.id == id && known.stamp == stampOf(stat, "")
}

func (k *knownStamps) addFile(name string, stat *unix.Stat_t, id plumbing.Hash) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.files[name] = knownFile{stampOf(stat, ""), id}
}

// extrasOf returns the names in the directory at the path name that are not in the tree, if they
// are known.
func (k *knownStamps) extrasOf(name string, stat *unix.Stat_t) ([]string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	known, ok := k.dirs[name]
	return known.extras, ok && known.stamp == stampOf(stat, "")
}

func (k *knownStamps) addDir(name string, stat *unix.Stat_t, extras []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dirs[name] = knownDir{stampOf(stat, ""), extras}
}

// isSettled reports whether each later change of what has this stat gets a later change time. It
// must be asked before the content is read: only then may the stamp be remembered. top is the
// checkout.
func (k *knownStamps) isSettled(stat *unix.Stat_t, top dirHandle) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	// The change time has ticks of some milliseconds, and what changes twice in one tick may keep
	// its stamp. No program can set the time back. (As in Git, what is written through mapped
	// memory may get its change time later.)
	changed := stat.Ctim.Nano()
	if changed >= k.moment {
		k.moment = max(k.moment, top.moment())
	}
	return changed < k.moment
}

// moment returns the time by the clock of the directory's file system; 0 if it cannot be told.
// Only the file system knows it: its ticks are its own, and it may be on another machine.
func (d dirHandle) moment() int64 {
	stat, err := d.describe()
	if err == nil {
		err = unix.Fchmod(d.fd, uint32(stat.Mode)&0o7777) // sets the change time
	}
	if err == nil {
		stat, err = d.describe()
	}
	if err != nil {
		return 0
	}
	return stat.Ctim.Nano()
}

// describe describes the directory.
func (d dirHandle) describe() (stat unix.Stat_t, err error) {
	err = callSystem("stat", ".", func() error { return unix.Fstat(d.fd, &stat) })
	return stat, err
}

// isBelowDirs reports whether all that is above the path name are directories, and no symlinks.
func (r *repair) isBelowDirs(name string) bool {
	above := path.Dir(name)
	if above == "." || above == r.seenParent {
		return true
	}
	for dir := range parentDirs(name) {
		if stat, err := r.top.stat(dir); err != nil || uint32(stat.Mode)&unix.S_IFMT != unix.S_IFDIR {
			return false
		}
	}
	r.seenParent = above
	return true
}

// isUnchanged reports whether the entry at the path name is known to be as in the tree, with all
// that is below it, and nothing foreign is there. It opens nothing, so it costs half of what
// repairPath does. A directory that is replaced meanwhile does no harm: a stamp is of one file.
func (r *repair) isUnchanged(name string, e Entry) bool {
	if e.Mode == filemode.Symlink || r.ctx.Err() != nil {
		return false
	}
	if r.isLeftOut(name, e) {
		return true
	}
	stat, err := r.top.stat(name)
	if err != nil {
		return false
	}
	if e.Mode != filemode.Dir {
		return r.unchanged.hasFile(name, &stat, e.ID)
	}
	extras, known := r.unchanged.extrasOf(name, &stat)
	if !known {
		return false
	}
	list, err := r.tree.readTree(e.ID)
	if err != nil {
		return false
	}
	for _, e := range list.entries {
		child := gitpath.Join(name, e.Name)
		if e.Mode != filemode.Dir && r.isIgnored(child) {
			continue
		}
		if !r.isUnchanged(child, e) {
			return false
		}
	}
	for _, extra := range extras {
		child := gitpath.Join(name, extra)
		stat, err := r.top.stat(child)
		if err != nil || uint32(stat.Mode)&unix.S_IFMT == unix.S_IFDIR || r.isForeign(child) {
			return false
		}
	}
	return true
}

// listExtras returns the names in an open directory at the path name that are not in the tree.
func (r *repair) listExtras(dir dirHandle, name string, list listing) ([]string, error) {
	stat, err := dir.describe()
	if err != nil {
		return nil, err
	}
	if extras, ok := r.unchanged.extrasOf(name, &stat); ok {
		return extras, nil
	}
	settled := r.unchanged.isSettled(&stat, r.top)
	names, err := dir.names()
	if err != nil {
		return nil, err
	}
	inTree := make(map[string]bool, len(list.entries))
	for _, e := range list.entries {
		inTree[e.Name] = true
	}
	var extras []string
	for _, child := range names {
		if !inTree[child] {
			extras = append(extras, child)
		}
	}
	if settled {
		r.unchanged.addDir(name, &stat, extras)
	}
	return extras, nil
}
