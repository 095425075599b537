package source

import (
	"bytes"
	"io"

	"github.com/go-git/go-git/v5/plumbing"

	"reconcile/reconciler/source/internal/odb"
)

// overlay is a store with additional objects in memory. One goroutine adds objects before
// others read.
type overlay struct {
	store
	objects map[plumbing.Hash]object
}

// object is a Git object in memory.
type object struct {
	kind plumbing.ObjectType
	data []byte
}

func (o object) open() *odb.Object {
	return &odb.Object{Kind: o.kind, Size: int64(len(o.data)), Content: io.NopCloser(bytes.NewReader(o.data))}
}

func newOverlay(below store) *overlay {
	return &overlay{store: below, objects: map[plumbing.Hash]object{}}
}

// add adds an object and returns its id.
func (o *overlay) add(kind plumbing.ObjectType, data []byte) plumbing.Hash {
	id := plumbing.ComputeHash(kind, data)
	o.objects[id] = object{kind, data}
	return id
}

func (o *overlay) addTree(entries []entry) plumbing.Hash {
	return o.add(plumbing.TreeObject, encodeTree(entries))
}

func (o *overlay) Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	if m, ok := o.objects[id]; ok {
		return m.kind, m.data, nil
	}
	return o.store.Read(id)
}

func (o *overlay) Open(id plumbing.Hash) (*odb.Object, error) {
	if m, ok := o.objects[id]; ok {
		return m.open(), nil
	}
	return o.store.Open(id)
}

func (o *overlay) Size(id plumbing.Hash) (int64, error) {
	if m, ok := o.objects[id]; ok {
		return int64(len(m.data)), nil
	}
	return o.store.Size(id)
}

func (o *overlay) Has(id plumbing.Hash) bool {
	_, ok := o.objects[id]
	return ok || o.store.Has(id)
}
