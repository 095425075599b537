package run

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// The checkout of the version before may hold a state that could not be written.
func TestCheckoutOfTheVersionBeforeIsFound(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	for _, c := range []struct {
		name, record, old string
	}{
		{"a default name", "example.com/P/estate@main", "example.com_P_estate_main"},
		{"a plain name", "estate", "estate"},
		{"a name with a port", `host:8443\a/b@main`, "host_8443_a_b_main"},
	} {
		config := Config{WorkDir: work, RecordName: c.record}
		old, fresh := filepath.Join(work, "checkout", c.old), config.PassDir()
		if fresh == old || filepath.Dir(fresh) != filepath.Dir(old) {
			t.Errorf("%s: a new checkout is in %s", c.name, fresh)
		}
		if err := errors.Join(os.MkdirAll(filepath.Join(fresh, CheckoutTree), 0o755), os.MkdirAll(filepath.Join(old, CheckoutTree), 0o755)); err != nil {
			t.Fatal(err)
		}
		if got := config.PassDir(); got != old {
			t.Errorf("%s: the old checkout in %s is not found: %s", c.name, old, got)
		}
	}
	for _, record := range []string{"", ".", ".."} {
		config := Config{WorkDir: work, RecordName: record}
		if got := config.PassDir(); filepath.Dir(got) != filepath.Join(work, "checkout") {
			t.Errorf("record %q: the checkout is in %s", record, got)
		}
	}
}
