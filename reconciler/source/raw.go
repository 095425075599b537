package source

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-git/go-git/v5/plumbing"
)

// Objects are Git objects in Git's own form, one after the other: kind, length
// and data, the hash of which is the object's id. They prove a snapshot to be
// its commit's: see Restore.

// Objects returns the commit as Git stores it, with its signature. It is
// kept with the commit's snapshot.
func (c *Commit) Objects() []byte {
	if c.raw == nil {
		return nil // it is none of Git's, as that of a merge
	}
	return appendObject(nil, plumbing.CommitObject, c.raw)
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
