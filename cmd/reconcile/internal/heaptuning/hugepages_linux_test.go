package heaptuning

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// TestReserveHugePages checks that memory is marked for huge pages where Linux leaves the choice
// to programs: the flag hg of its mapping.
func TestReserveHugePages(t *testing.T) {
	choice, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	if err != nil {
		t.Fatal(err)
	}
	memory := make([]byte, 1<<20) // lies in the part of the heap that init has reserved
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	flags := findMappingFlags(t, string(maps), uintptr(unsafe.Pointer(&memory[0])))
	if got, want := slices.Contains(flags, "hg"), string(choice) == hugePagesByAdvice; got != want {
		t.Errorf("Linux says %q; the flags of the heap are %v, hg among them: %v, want %v", choice, flags, got, want)
	}
}

// findMappingFlags returns the flags of the mapping that has an address, from /proc/self/smaps.
func findMappingFlags(t *testing.T, smaps string, address uintptr) []string {
	var isIn bool
	for line := range strings.Lines(smaps) {
		if regexp.MustCompile(`^[0-9a-f]+-[0-9a-f]+ `).MatchString(line) {
			var begin, end uintptr
			if _, err := fmt.Sscanf(line, "%x-%x", &begin, &end); err != nil {
				t.Fatal(err)
			}
			isIn = begin <= address && address < end
		} else if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && isIn {
			return strings.Fields(flags)
		}
	}
	t.Fatalf("no mapping has the address %x", address)
	return nil
}
