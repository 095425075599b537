// Package ownership refuses directories and programs that another user of the machine owns
// or may write. reconcile would run or trust their content with its own permissions.
package ownership

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Error reports a file or directory that another user could change.
type Error struct {
	Path   string
	Reason string // what is wrong
	Help   string // what to do
}

func (e *Error) Error() string { return fmt.Sprintf("%s %s: %s", e.Path, e.Reason, e.Help) }

// overflowUID is the user that Linux shows for owners outside of a user namespace
// (/proc/sys/kernel/overflowuid). As the owner of a parent directory it stands for root.
const overflowUID = 65534

// CheckDir returns an *Error for a directory that a user other than root and ourselves owns
// or may write, or could replace because a parent directory is unsafe. We must also own the
// entries of the directory: another user may have created them while the directory was
// open. For a directory that does not exist yet, CheckDir checks its parents.
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
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // may be deleted by now
				return err
			}
		}
	}
	return checkPath(real.path, real.isComplete)
}

// CheckFilePath returns an *Error for a file that a user other than root and ourselves owns
// or may write, or could replace because a parent directory is unsafe.
func CheckFilePath(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return err
	}
	return checkPath(real, true)
}

// checkPath checks a file or directory and its parents. The path has no symbolic links.
func checkPath(path string, isTarget bool) error {
	for ; ; path, isTarget = filepath.Dir(path), false {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if err := checkOwner(path, info, isTarget); err != nil {
			return err
		}
		if path == filepath.Dir(path) {
			return nil
		}
	}
}

// CheckFile returns an *Error for a file that a user other than root and ourselves owns or
// may write.
func CheckFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return checkOwner(path, info, true)
}

// checkOwner checks one file or directory. A parent directory may be writable by its group,
// or by all users if it is sticky: nobody can replace our entries there.
func checkOwner(path string, info fs.FileInfo, isTarget bool) error {
	mode := info.Mode()
	owner, euid := int(info.Sys().(*syscall.Stat_t).Uid), os.Geteuid()
	switch {
	case owner != 0 && owner != euid && (isTarget || owner != overflowUID):
		return &Error{path, fmt.Sprintf("is owned by another user (%d)", owner), "use a directory that you own, or change its owner (chown)"}
	case isTarget && mode.Perm()&0o022 != 0, !isTarget && mode.Perm()&0o002 != 0 && mode&fs.ModeSticky == 0:
		return &Error{path, fmt.Sprintf("is writable by other users (%s)", mode), "run: chmod go-w " + path}
	}
	return nil
}

type existingPath struct {
	path       string // without symbolic links
	isComplete bool   // the whole requested path exists
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
