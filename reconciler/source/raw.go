package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// Objects are Git objects in Git's own form, one after the other: kind, length
// and data, the hash of which is the object's id. They prove a snapshot to be
// its commit's: see Restore.

// Objects returns what the files of the tree, laid out, do not tell of the
// commit: itself as Git stores it, with its signature, the directories that
// hold what is not laid out or is written in an unusual way, and the links
// among that. They are kept with the commit's snapshot.
func (c *Commit) Objects(ctx context.Context) ([]byte, error) {
	if err := c.Tree.bounded(); err != nil {
		return nil, err
	}
	u := &untold{tree: c.Tree, done: map[plumbing.Hash]bool{}}
	if c.raw != nil { // nil: it is none of Git's, as that of a merge
		u.objects = appendObject(nil, plumbing.CommitObject, c.raw)
	}
	_, err := u.dir(ctx, ".", c.Tree.root.id)
	return u.objects, err
}

// untold collects the objects of a tree that its files do not tell.
type untold struct {
	tree    *Tree
	objects []byte
	done    map[plumbing.Hash]bool
}

// dir reports whether a directory, or one below it, is not told.
func (u *untold) dir(ctx context.Context, at string, id plumbing.Hash) (bool, error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	list, err := u.tree.listing(id)
	if err != nil {
		return false, err
	}
	add := !list.canonical
	for _, e := range list.entries {
		name := path.Join(at, e.name)
		left := u.tree.leftOut(name, e) != ""
		add = add || left
		switch {
		case left && e.odd == "" && e.mode == filemode.Symlink:
			err = u.link(e)
		case !left && e.mode == filemode.Dir:
			var below bool
			below, err = u.dir(ctx, name, e.id)
			add = add || below
		}
		if err != nil {
			return false, err
		}
	}
	if add {
		err = u.add(id)
	}
	return add, err
}

// maxLink bounds what is kept of a link, in bytes: none is meant that says more.
const maxLink = 1 << 20

// link adds a link that is left out, by which it can be told again why.
func (u *untold) link(e entry) error {
	if size, err := u.tree.store.Size(e.id); err != nil || size > maxLink {
		return err
	}
	return u.add(e.id)
}

func (u *untold) add(id plumbing.Hash) error {
	if u.done[id] {
		return nil
	}
	u.done[id] = true
	kind, data, err := u.tree.store.Read(id)
	if err == nil {
		u.objects = appendObject(u.objects, kind, data)
	}
	return err
}

func appendObject(objects []byte, kind plumbing.ObjectType, data []byte) []byte {
	objects = fmt.Appendf(objects, "%s %d\x00", kind, len(data))
	return append(objects, data...)
}

var errObjects = errors.New("damaged Git object")

// parseObjects returns the objects by their ids.
func parseObjects(objects []byte) (map[plumbing.Hash]object, error) {
	found := map[plumbing.Hash]object{}
	for len(objects) > 0 {
		header, rest, ok := bytes.Cut(objects, []byte{0})
		name, length, hasLength := bytes.Cut(header, []byte{' '})
		size, err := strconv.Atoi(string(length))
		if !ok || !hasLength || err != nil || size < 0 || size > len(rest) {
			return nil, errObjects
		}
		kind, err := plumbing.ParseObjectType(string(name))
		if err != nil {
			return nil, errObjects
		}
		found[plumbing.ComputeHash(kind, rest[:size])] = object{kind, rest[:size]}
		objects = rest[size:]
	}
	return found, nil
}
