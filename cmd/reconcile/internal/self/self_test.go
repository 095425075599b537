package self

import "testing"

// TestChooseGCPercent checks that garbage collection is late for a small heap, and as Go does it
// for a large one.
func TestChooseGCPercent(t *testing.T) {
	for live, want := range map[uint64]uint64{0: minGCMemory, 5 << 20: minGCMemory, 20 << 20: minGCMemory, 32 << 20: minGCMemory, 60 << 20: 120 << 20, 1 << 30: 2 << 30} {
		base := max(live, 1<<20)
		next := base + base*uint64(chooseGCPercent(live))/100
		if next > want || next < want-base/50 {
			t.Errorf("with %d bytes in use the next collection is at %d, want %d", live, next, want)
		}
	}
}
