package risk

import "testing"

func TestEmbedded(t *testing.T) {
	t.Parallel()
	if embedded() == nil {
		t.Fatal("no data")
	}
}
