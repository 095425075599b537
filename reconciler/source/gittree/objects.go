package gittree

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

// Objects are Git objects in Git's own form, one after the other: kind, length and data. The
// hash of these is the object's id. They prove that a snapshot belongs to its commit: see
// DirStore.

// AppendObjects appends the tree's objects that cannot be computed from its checked out files
// to objects: directories with skipped entries or in an unusual encoding, and the symlinks
// among those entries.
func (t *Tree) AppendObjects(ctx context.Context, objects []byte) ([]byte, error) {
	if err := t.CheckLimits(); err != nil {
		return nil, err
	}
	u := &objectCollector{tree: t, objects: objects, visited: map[plumbing.Hash]bool{}}
	_, err := u.collectDir(ctx, ".", t.root.ID)
	return u.objects, err
}

// objectCollector collects the tree's objects that cannot be computed from its files.
type objectCollector struct {
	tree    *Tree
	objects []byte
	visited map[plumbing.Hash]bool
}

// collectDir reports whether the directory, or one below it, had to be collected.
func (c *objectCollector) collectDir(ctx context.Context, treePath string, id plumbing.Hash) (bool, error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	list, err := c.tree.readTree(id)
	if err != nil {
		return false, err
	}
	needed := !list.canonical
	for _, e := range list.entries {
		name := path.Join(treePath, e.Name)
		isSkipped := c.tree.skipReason(treePath, e) != ""
		needed = needed || isSkipped
		switch {
		case isSkipped && e.Problem == "" && e.Mode == filemode.Symlink:
			err = c.addLink(e)
		case !isSkipped && e.Mode == filemode.Dir:
			var childAdded bool
			childAdded, err = c.collectDir(ctx, name, e.ID)
			needed = needed || childAdded
		}
		if err != nil {
			return false, err
		}
	}
	if needed {
		err = c.add(id)
	}
	return needed, err
}

// maxLink is the maximum length in bytes of a stored symlink target. No real target is
// longer.
const maxLink = 1 << 20

// addLink adds a skipped symlink, so that the reason can be determined again later.
func (c *objectCollector) addLink(e Entry) error {
	if size, err := c.tree.objects.Size(e.ID); err != nil || size > maxLink {
		return err
	}
	return c.add(e.ID)
}

func (c *objectCollector) add(id plumbing.Hash) error {
	if c.visited[id] {
		return nil
	}
	c.visited[id] = true
	kind, data, err := c.tree.objects.Read(id)
	if err == nil {
		c.objects = AppendObject(c.objects, kind, data)
	}
	return err
}

// AppendObject appends one object to objects.
func AppendObject(objects []byte, kind plumbing.ObjectType, data []byte) []byte {
	objects = fmt.Appendf(objects, "%s %d\x00", kind, len(data))
	return append(objects, data...)
}

var errDamagedObject = errors.New("damaged Git object")

// parseObjects returns the objects by id.
func parseObjects(objects []byte) (map[plumbing.Hash]object, error) {
	found := map[plumbing.Hash]object{}
	for len(objects) > 0 {
		header, rest, ok := bytes.Cut(objects, []byte{0})
		name, length, hasLength := bytes.Cut(header, []byte{' '})
		size, err := strconv.Atoi(string(length))
		if !ok || !hasLength || err != nil || size < 0 || size > len(rest) {
			return nil, errDamagedObject
		}
		kind, err := plumbing.ParseObjectType(string(name))
		if err != nil {
			return nil, errDamagedObject
		}
		found[plumbing.ComputeHash(kind, rest[:size])] = object{kind, rest[:size]}
		objects = rest[size:]
	}
	return found, nil
}
