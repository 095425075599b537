package files

import (
	"os"

	"github.com/gofrs/flock"
)

// NewLock returns the lock of a file, which it makes for this user alone. A pipe in its place is
// locked like a file: to open one only for reading would wait for a writer.
func NewLock(path string) *flock.Flock {
	return flock.New(path, flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR))
}
