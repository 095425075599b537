// Package cache keeps values that several goroutines look up by key.
package cache

import "sync"

// Map keeps values by key. Its zero value is empty. It is safe for concurrent use, and faster
// than sync.Map where few goroutines look up many times.
type Map[K comparable, V any] struct {
	mu    sync.RWMutex
	items map[K]V
}

// Get returns the value of key, and whether there is one.
func (m *Map[K, V]) Get(key K) (value V, ok bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	value, ok = m.items[key]
	return value, ok
}

// Put sets the value of key.
func (m *Map[K, V]) Put(key K, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(key, value)
}

func (m *Map[K, V]) put(key K, value V) {
	if m.items == nil {
		m.items = map[K]V{}
	}
	m.items[key] = value
}

// GetOrPut returns the value of key. If there is none, it puts this one.
func (m *Map[K, V]) GetOrPut(key K, value V) V {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.items[key]; ok {
		return known
	}
	m.put(key, value)
	return value
}

// Delete removes the value of key and returns it, and whether there was one.
func (m *Map[K, V]) Delete(key K) (value V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok = m.items[key]
	delete(m.items, key)
	return value, ok
}

// Clear removes all values.
func (m *Map[K, V]) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.items)
}
