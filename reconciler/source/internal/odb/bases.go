package odb

import (
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
)

// maxCacheBytes bounds the objects of a cache.
const maxCacheBytes = 8 << 20

// cache keeps objects by key. Its zero value is empty.
type cache[K comparable] struct {
	mu    sync.Mutex
	items map[K]cachedObject
	bytes int
}

type baseKey struct {
	pack   *pack
	offset int64
}

type cachedObject struct {
	kind plumbing.ObjectType
	data []byte
}

func (c *cache[K]) get(key K) (plumbing.ObjectType, []byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	item, ok := c.items[key]
	return item.kind, item.data, ok
}

// put keeps the object. If there is no room it drops all others: that costs a few
// inflations, but needs no list in order of use.
func (c *cache[K]) put(key K, kind plumbing.ObjectType, data []byte) {
	if len(data) > maxCacheBytes/4 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.items[key]; ok {
		return
	}
	if c.items == nil || c.bytes+len(data) > maxCacheBytes {
		c.items, c.bytes = map[K]cachedObject{}, 0
	}
	c.items[key] = cachedObject{kind, data}
	c.bytes += len(data)
}
