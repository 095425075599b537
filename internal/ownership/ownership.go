// Package ownership refuses folders and programs that another user of the
// machine owns or may write: what lies in them would be run, or believed, with
// our rights.
package ownership

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Error is a file or folder that another user could change.
type Error struct {
	Path   string
	Reason string // what is wrong with it
	Help   string // what to do
}

func (e *Error) Error() string { return fmt.Sprintf("%s %s: %s", e.Path, e.Reason, e.Help) }

// overflowUID is the user as whom Linux shows owners that a user namespace does
// not know (/proc/sys/kernel/overflowuid). Above a folder it stands for root.
const overflowUID = 65534

// CheckDir refuses, with an *Error, a folder that a user other than root
// and ourselves owns or may write, or could replace since a folder above it is
// such a one. What lies in it directly must be ours, too: another user can have
// put it there while the folder was open. A folder that is not there yet is
// judged by those above it.
func CheckDir(path string) error {
	real, err := findExisting(path)
	if err != nil {
		return err
	}
	if real.isComplete {
		entries, err := os.ReadDir(real.path)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			err := CheckFile(filepath.Join(real.path, entry.Name()))
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // it may be gone by now
				return err
			}
		}
	}
	for dir, isTarget := real.path, real.isComplete; ; dir, isTarget = filepath.Dir(dir), false {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if err := checkOwner(dir, info, isTarget); err != nil {
			return err
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// CheckFile refuses, with an *Error, a file that a user other than root and
// ourselves owns or may write.
func CheckFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return checkOwner(path, info, true)
}

// checkOwner judges one file or folder. A folder above the one that we use may be
// writable by its group, or by all if it is sticky: nobody can replace what we
// own there.
func checkOwner(path string, info fs.FileInfo, isTarget bool) error {
	mode := info.Mode()
	owner, euid := int(info.Sys().(*syscall.Stat_t).Uid), os.Geteuid()
	switch {
	case owner != 0 && owner != euid && (isTarget || owner != overflowUID):
		return &Error{path, fmt.Sprintf("belongs to another user (%d)", owner), "use a folder of your own, or change its owner (chown)"}
	case isTarget && mode.Perm()&0o022 != 0, !isTarget && mode.Perm()&0o002 != 0 && mode&fs.ModeSticky == 0:
		return &Error{path, fmt.Sprintf("may be written by other users (%s)", mode), "take that right away: chmod go-w " + path}
	}
	return nil
}

type existingPath struct {
	path       string // without symbolic links
	isComplete bool   // it is the path that was asked for
}

// findExisting returns the longest part of a path that exists.
func findExisting(path string) (existingPath, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return existingPath{}, err
	}
	for dir := abs; ; dir = filepath.Dir(dir) {
		real, err := filepath.EvalSymlinks(dir)
		switch {
		case err == nil:
			return existingPath{real, dir == abs}, nil
		case !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir):
			return existingPath{}, err
		}
	}
}
