package cache

import (
	"sync"
	"testing"
)

// TestMap checks each method on a map that begins empty.
func TestMap(t *testing.T) {
	var m Map[string, int]
	if _, ok := m.Get("a"); ok {
		t.Error("an empty map has a value")
	}
	m.Put("a", 1)
	m.Put("a", 2)
	if got := m.GetOrPut("a", 3); got != 2 {
		t.Errorf("GetOrPut returns %d for a key that has 2", got)
	}
	if got := m.GetOrPut("b", 4); got != 4 {
		t.Errorf("GetOrPut returns %d, want what it puts", got)
	}
	if got, ok := m.Delete("a"); got != 2 || !ok {
		t.Errorf("Delete returns %d, %v", got, ok)
	}
	if got, ok := m.Delete("a"); got != 0 || ok {
		t.Errorf("the second Delete returns %d, %v", got, ok)
	}
	m.Clear()
	if _, ok := m.Get("b"); ok {
		t.Error("a value is left after Clear")
	}
}

// TestMapKeepsTheFirst checks that goroutines that put different values get the same one.
func TestMapKeepsTheFirst(t *testing.T) {
	var m Map[string, int]
	got := make([]int, 100)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = m.GetOrPut("a", i) })
	}
	wg.Wait()
	want, _ := m.Get("a")
	for i, value := range got {
		if value != want {
			t.Errorf("goroutine %d got %d, want %d", i, value, want)
		}
	}
}
