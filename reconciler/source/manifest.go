package source

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"reconcile/internal/gitpath"
)

// manifest is what the last checkout left in a directory, by path.
type manifest map[string]fileStamp

// fileStamp is how a file looked just after it was written.
type fileStamp struct {
	ID    string // as in Tree.ID
	Size  int64
	Time  int64 // of its content, nanoseconds of Unix time
	Perms uint32
	// Inode and Changed (nanoseconds of Unix time) are the system's own: who
	// writes a file may give it its old time, but not these.
	Inode   uint64
	Changed int64
}

func stampOf(info fs.FileInfo, id string) fileStamp {
	s := fileStamp{ID: id, Size: info.Size(), Time: info.ModTime().UnixNano(), Perms: uint32(info.Mode())}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Inode, s.Changed = stat.Ino, changeTime(stat)
	}
	return s
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
	if err != nil || json.Unmarshal(data, &file) != nil || file.Boot != bootID() {
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
		files[gitpath.Quote(name)] = s // JSON takes no other bytes than UTF-8
	}
	data, err := json.Marshal(manifestFile{bootID(), files})
	if err != nil {
		return err
	}
	path := manifestPath(dir)
	tmp := path + ".new"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return fmt.Errorf("note what was checked out: %w", err)
	}
	return os.Rename(tmp, path)
}

// bootID names the boot of this machine, where the system tells it.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}
