package objects

import (
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
)

// maxBaseCacheBytes is how many bytes of delta bases are kept.
const maxBaseCacheBytes = 8 << 20

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
