package gittree

import (
	"bytes"
	"context"
	"io"

	"github.com/go-git/go-git/v5/plumbing"

	"reconcile/reconciler/source/internal/odb"
)

// Overlay is a store with additional objects in memory. One goroutine adds objects before
// others read.
type Overlay struct {
	below   Reader
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

// NewOverlay returns an overlay without objects of its own.
func NewOverlay(below Reader) *Overlay {
	return &Overlay{below: below, objects: map[plumbing.Hash]object{}}
}

// NewMemory returns a store that has only the objects that are added to it.
func NewMemory() *Overlay { return NewOverlay(noObjects{}) }

// noObjects is a store without objects.
type noObjects struct{}

func (noObjects) Read(plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	return plumbing.InvalidObject, nil, plumbing.ErrObjectNotFound
}
func (noObjects) Open(context.Context, plumbing.Hash) (*odb.Object, error) {
	return nil, plumbing.ErrObjectNotFound
}
func (noObjects) Size(plumbing.Hash) (int64, error) { return 0, plumbing.ErrObjectNotFound }
func (noObjects) Has(plumbing.Hash) bool            { return false }

// Add adds an object and returns its id.
func (o *Overlay) Add(kind plumbing.ObjectType, data []byte) plumbing.Hash {
	id := plumbing.ComputeHash(kind, data)
	o.objects[id] = object{kind, data}
	return id
}

// AddTree adds a directory with the entries and returns its id.
func (o *Overlay) AddTree(entries []Entry) plumbing.Hash {
	return o.Add(plumbing.TreeObject, encodeTree(entries))
}

// Read returns the kind and the content of an object.
func (o *Overlay) Read(id plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	if m, ok := o.objects[id]; ok {
		return m.kind, m.data, nil
	}
	return o.below.Read(id)
}

// Open opens an object.
func (o *Overlay) Open(ctx context.Context, id plumbing.Hash) (*odb.Object, error) {
	if m, ok := o.objects[id]; ok {
		return m.open(), nil
	}
	return o.below.Open(ctx, id)
}

// Size returns the size of an object in bytes.
func (o *Overlay) Size(id plumbing.Hash) (int64, error) {
	if m, ok := o.objects[id]; ok {
		return int64(len(m.data)), nil
	}
	return o.below.Size(id)
}

// Has reports whether the overlay, or the store below, has the object.
func (o *Overlay) Has(id plumbing.Hash) bool {
	_, ok := o.objects[id]
	return ok || o.below.Has(id)
}
