package objects

import (
	"errors"
	"fmt"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

const (
	// maxChain is the longest chain of deltas followed; Git makes none above
	// 4095.
	maxChain = 4095
	// maxObject is the largest object read into memory, in bytes. Backlog
	// takes no file above 100 MB.
	maxObject = 1 << 30
)

// readAt returns the object at offset of the pack, with its deltas applied.
func (s *Store) readAt(p *pack, offset int64, depth int) (plumbing.ObjectType, []byte, error) {
	if kind, data, ok := s.bases.get(p, offset); ok {
		return kind, data, nil
	}
	if depth > maxChain {
		return 0, nil, errors.New("damaged: chain of deltas without an end")
	}
	e, err := p.entry(offset)
	if err != nil {
		return 0, nil, err
	}
	data, err := e.inflate()
	if err != nil {
		return 0, nil, err
	}
	kind := e.kind
	switch kind {
	case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject:
		if depth == 0 {
			return kind, data, nil
		}
	case plumbing.OFSDeltaObject, plumbing.REFDeltaObject:
		var base []byte
		if kind, base, err = s.base(p, e, depth); err != nil {
			return 0, nil, err
		}
		if data, err = packfile.PatchDelta(base, data); err != nil {
			return 0, nil, err
		}
	default:
		return 0, nil, fmt.Errorf("damaged: object of type %d", kind)
	}
	s.bases.put(p, offset, kind, data)
	return kind, data, nil
}

// base returns the object that the delta e changes.
func (s *Store) base(p *pack, e *entry, depth int) (plumbing.ObjectType, []byte, error) {
	if e.kind == plumbing.OFSDeltaObject {
		return s.readAt(p, e.base, depth+1)
	}
	offset, ok, err := p.find(e.ref)
	if err != nil {
		return 0, nil, err
	}
	if !ok {
		return 0, nil, fmt.Errorf("base %s of a delta: %w", e.ref, ErrNotFound)
	}
	return s.readAt(p, offset, depth+1)
}

// maxBases is how many bytes of delta bases are kept.
const maxBases = 8 << 20

// baseCache keeps objects that deltas were resolved to or from: neighbours in
// a chain share most of it.
type baseCache struct {
	mu    sync.Mutex
	items map[baseKey]baseItem
	bytes int
}

type baseKey struct {
	pack   *pack
	offset int64
}

type baseItem struct {
	kind plumbing.ObjectType
	data []byte
}

func (c *baseCache) get(p *pack, offset int64) (plumbing.ObjectType, []byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	item, ok := c.items[baseKey{p, offset}]
	return item.kind, item.data, ok
}

// put keeps the object; when there is no room all others go, which costs a
// few inflations and spares a list in order of use.
func (c *baseCache) put(p *pack, offset int64, kind plumbing.ObjectType, data []byte) {
	if len(data) > maxBases/4 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.items[baseKey{p, offset}]; ok {
		return
	}
	if c.items == nil || c.bytes+len(data) > maxBases {
		c.items, c.bytes = map[baseKey]baseItem{}, 0
	}
	c.items[baseKey{p, offset}] = baseItem{kind, data}
	c.bytes += len(data)
}
