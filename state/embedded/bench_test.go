package embedded_test

import (
	"fmt"
	"testing"

	"reconcile/state/statetest"
)

func BenchmarkWorkspaces(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { statetest.BenchmarkWorkspaces(b, open(b, b.TempDir()), n) })
	}
}

func BenchmarkHead(b *testing.B) { statetest.BenchmarkHead(b, open(b, b.TempDir())) }

func BenchmarkCycle(b *testing.B) {
	for _, parallel := range []int{1, 4, 16} {
		b.Run(fmt.Sprint(parallel), func(b *testing.B) { statetest.BenchmarkCycle(b, open(b, b.TempDir()), parallel) })
	}
}
