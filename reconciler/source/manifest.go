package source

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// manifest is what the last checkout left in a directory, by path.
type manifest map[string]seen

// seen is how a file looked just after it was written.
type seen struct {
	ID    string // as in Tree.ID
	Size  int64
	Time  int64 // of its content, nanoseconds of Unix time
	Perms uint32
}

func see(info fs.FileInfo, id string) seen {
	return seen{ID: id, Size: info.Size(), Time: info.ModTime().UnixNano(), Perms: uint32(info.Mode())}
}

// manifestFile is a manifest on the disk.
type manifestFile struct {
	// Boot is the machine's boot that it was written in: after a power
	// failure a file can have its size and times without its content.
	Boot  string
	Files manifest
}

// readManifest returns an empty one when there is none, or none to trust:
// then everything is written anew.
func readManifest(dir string) manifest {
	var file manifestFile
	data, err := os.ReadFile(manifestPath(dir))
	if err != nil || json.Unmarshal(data, &file) != nil || file.Boot != boot() {
		return nil
	}
	return file.Files
}

func (m manifest) save(dir string) error {
	data, err := json.Marshal(manifestFile{boot(), m})
	if err != nil {
		return err
	}
	path := manifestPath(dir)
	draft := path + ".new"
	if err := os.WriteFile(draft, data, 0o600); err != nil {
		return fmt.Errorf("note what was checked out: %w", err)
	}
	return os.Rename(draft, path)
}

// boot names the boot of this machine, where the system tells it.
func boot() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}
