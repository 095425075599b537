package gittree

import (
	"fmt"
	"os"

	"github.com/go-json-experiment/json"
	"golang.org/x/sys/unix"

	"reconcile/internal/gitpath"
	"reconcile/internal/procinfo"
)

// manifest maps the paths of the last checkout to their stamps.
type manifest map[string]fileStamp

// fileStamp describes a file just after it was written.
type fileStamp struct {
	ID    string // as in Tree.ID
	Size  int64
	Time  int64  // modification time, nanoseconds of Unix time
	Perms uint32 // and the type
	// Inode and Changed (nanoseconds of Unix time) are set by the system. A writer can
	// restore the modification time of a file, but not these.
	Inode   uint64
	Changed int64
}

func stampOf(stat *unix.Stat_t, id string) fileStamp {
	return fileStamp{
		ID: id, Size: stat.Size, Time: stat.Mtim.Nano(), Perms: uint32(stat.Mode), Inode: stat.Ino, Changed: stat.Ctim.Nano(),
	}
}

// manifestFile is the stored form of a manifest.
type manifestFile struct {
	// Boot is the boot id at the time of writing. After a power failure a file can have its
	// size and times but not its content.
	Boot  string
	Files manifest
}

// readManifest returns the manifest, or an empty one if it is missing or not trusted; then
// every file is written again.
func readManifest(dir string) manifest {
	var file manifestFile
	data, err := os.ReadFile(manifestPath(dir))
	if err != nil || json.Unmarshal(data, &file) != nil || file.Boot != procinfo.BootID() {
		return nil
	}
	files := make(manifest, len(file.Files))
	for name, s := range file.Files {
		files[gitpath.Unquote(name)] = s
	}
	return files
}

func (m manifest) save(dir string) error {
	files := make(manifest, len(m))
	for name, s := range m {
		files[gitpath.Quote(name)] = s // JSON strings must be UTF-8
	}
	data, err := json.Marshal(manifestFile{procinfo.BootID(), files})
	if err != nil {
		return err
	}
	// It need not survive a loss of power, since the boot id would differ: no sync.
	path := manifestPath(dir)
	tmp := path + ".new"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return fmt.Errorf("write the checkout manifest: %w", err)
	}
	return os.Rename(tmp, path)
}
