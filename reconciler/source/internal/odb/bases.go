package odb

import (
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
)

// maxBaseCacheBytes bounds the cached delta bases.
const maxBaseCacheBytes = 8 << 20

// baseCache caches objects that deltas were resolved to or from. Neighbours in a delta chain
// share most of the chain.
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

// put caches the object. If there is no room it drops all others: that costs a few
// inflations, but needs no list in order of use.
func (c *baseCache) put(p *pack, offset int64, kind plumbing.ObjectType, data []byte) {
	if len(data) > maxBaseCacheBytes/4 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.items[baseKey{p, offset}]; ok {
		return
	}
	if c.items == nil || c.bytes+len(data) > maxBaseCacheBytes {
		c.items, c.bytes = map[baseKey]baseItem{}, 0
	}
	c.items[baseKey{p, offset}] = baseItem{kind, data}
	c.bytes += len(data)
}
