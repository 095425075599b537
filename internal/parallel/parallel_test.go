package parallel

import (
	"sync/atomic"
	"testing"
)

func TestForEach(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 1000} {
		calls := make([]atomic.Int32, n)
		ForEach(n, func(i int) { calls[i].Add(1) })
		for i := range calls {
			if got := calls[i].Load(); got != 1 {
				t.Errorf("of %d: number %d was given %d times", n, i, got)
			}
		}
	}
}
