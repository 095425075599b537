package gittree

import (
	"path"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// FilteredID returns the ID that the directory at p would have without the entries below it for
// which omits returns true, and without directories that are then empty: Git has none. It
// equals ID if nothing is omitted. rel is relative to the directory.
func (t *Tree) FilteredID(p string, omits func(rel string, isDir bool) bool) string {
	found, err := t.resolvePath(p, keepLast)
	if err != nil || found.entry.Mode != filemode.Dir {
		return t.ID(p)
	}
	if found.entry.ID, err = t.filterTree(found.entry.ID, "", omits); err != nil {
		return "unreadable: " + err.Error()
	}
	return found.entry.String()
}

// filterTree returns the id of the tree object id without what is omitted.
func (t *Tree) filterTree(id plumbing.Hash, rel string, omits func(rel string, isDir bool) bool) (plumbing.Hash, error) {
	list, err := t.readTree(id)
	if err == nil && t.listedDirs.Add(1) > maxUncheckedListings {
		err = t.CheckLimits()
	}
	if err != nil {
		return id, err
	}
	kept := make([]Entry, 0, len(list.entries))
	isSame := true
	for _, e := range list.entries {
		inner := path.Join(rel, e.Name)
		if omits(inner, e.Mode == filemode.Dir) {
			isSame = false
			continue
		}
		if e.Mode == filemode.Dir {
			was := e.ID
			if e.ID, err = t.filterTree(was, inner, omits); err != nil {
				return id, err
			}
			if isSame = isSame && e.ID == was; e.ID == emptyTreeID {
				continue
			}
		}
		kept = append(kept, e)
	}
	if isSame {
		return id, nil
	}
	return plumbing.ComputeHash(plumbing.TreeObject, encodeTree(kept)), nil
}
