package gittree

import (
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"golang.org/x/sys/unix"
)

// unchanged remembers the files of one checkout that Repair has found to be as in the tree, and
// what else its directories hold: what has the same stamp need not be read again.
//
// This is Git's index, with its rule for files that are "racily clean". The change time has ticks
// of some milliseconds: a file that is changed twice in one tick may have the same stamp. So a
// stamp is remembered only if the clock of the file system had left that tick before the content
// was read. Each later change then has a later change time, which no program can set back. (Only
// what is written through memory that a program has mapped can get one later, as in Git.)
type unchanged struct {
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

// unchangedIn returns what is remembered of the checkout in dir.
func (t *Tree) unchangedIn(dir string) *unchanged {
	t.checkoutsMu.Lock()
	defer t.checkoutsMu.Unlock()
	if t.checkouts == nil {
		t.checkouts = map[string]*unchanged{}
	}
	if t.checkouts[dir] == nil {
		t.checkouts[dir] = &unchanged{files: map[string]knownFile{}, dirs: map[string]knownDir{}}
	}
	return t.checkouts[dir]
}

// hasFile reports whether the file at the path name is known to have the content id.
func (u *unchanged) hasFile(name string, stat *unix.Stat_t, id plumbing.Hash) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	known, ok := u.files[name]
	return ok && known.id == id && known.stamp == stampOf(stat, "")
}

func (u *unchanged) addFile(name string, stat *unix.Stat_t, id plumbing.Hash) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.files[name] = knownFile{stampOf(stat, ""), id}
}

// extrasOf returns the names in the directory at the path name that are not in the tree, if they
// are known.
func (u *unchanged) extrasOf(name string, stat *unix.Stat_t) ([]string, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	known, ok := u.dirs[name]
	return known.extras, ok && known.stamp == stampOf(stat, "")
}

func (u *unchanged) addDir(name string, stat *unix.Stat_t, extras []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.dirs[name] = knownDir{stampOf(stat, ""), extras}
}

// isSettled reports whether each later change of what has this stat gets a later change time. It
// must be asked before the content is read. top is the checkout.
func (u *unchanged) isSettled(stat *unix.Stat_t, top dirHandle) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	changed := stat.Ctim.Nano()
	if changed >= u.moment {
		u.moment = max(u.moment, top.moment())
	}
	return changed < u.moment
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
