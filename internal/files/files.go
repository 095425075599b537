// Package files writes small private files whole, and makes files survive a loss of power.
package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Replace writes a file with mode 0600 under another name and then renames it, so that no
// reader sees a partial one. The file survives a loss of power.
func Replace(path string, content []byte) error { return write(path, content, os.Rename) }

// Create writes a file as Replace does, but only if there is none. Else it leaves the file
// as it is, and the error wraps fs.ErrExist.
func Create(path string, content []byte) error { return write(path, content, os.Link) }

// write writes a temporary file and calls publish, which gives it its name.
func write(path string, content []byte, publish func(tmp, path string) error) error {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".new-") // mode 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(content)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = publish(tmp.Name(), path)
	}
	if err := errors.Join(err, RemoveIfExists(tmp.Name())); err != nil {
		return err
	}
	return Sync(dir)
}

// Sync flushes a file to the disk, or the names in a directory.
func Sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// MaxConfig limits the size of a file of configuration, in bytes.
const MaxConfig = 32 << 20

// ReadRegular reads a file that a setting names, or that somebody else may have put there: it
// neither waits for a pipe, which no signal ends, nor reads more than limit bytes.
func ReadRegular(path string, limit int64) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return ReadRegularFile(file, limit)
}

// OpenRegular opens a file to read it, as ReadRegular does.
func OpenRegular(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// ReadRegularFile does the same with a file that was opened with O_NONBLOCK, and closes it.
func ReadRegularFile(file *os.File, limit int64) ([]byte, error) {
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s is no regular file of at most %d bytes", file.Name(), limit)
	}
	content := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead)) // so that it never grows
	_, err = content.ReadFrom(io.LimitReader(file, limit))
	return content.Bytes(), err
}

// AreSame reports whether two paths lead to one file. It is false if one cannot be read.
func AreSame(a, b string) bool {
	infoA, err := os.Stat(a)
	if err != nil {
		return false
	}
	infoB, err := os.Stat(b)
	return err == nil && os.SameFile(infoA, infoB)
}

// RemoveIfExists removes a file. It is no error if there is none.
func RemoveIfExists(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// RemoveTree removes a directory with all that is in it, also where somebody has taken the
// permission to remove from one of its directories. It follows no symlink.
func RemoveTree(path string) error {
	err := os.RemoveAll(path)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer root.Close()
	unlock(root, filepath.Base(path))
	return os.RemoveAll(path)
}

// unlock lets the owner list and change a directory and those below it. What fails is told by
// the removal that follows.
func unlock(root *os.Root, name string) {
	info, err := root.Lstat(name)
	if err != nil || !info.IsDir() {
		return
	}
	_ = root.Chmod(name, 0o700)
	dir, err := root.Open(name)
	if err != nil {
		return
	}
	entries, _ := dir.ReadDir(-1)
	_ = dir.Close()
	for _, entry := range entries {
		if entry.IsDir() {
			unlock(root, filepath.Join(name, entry.Name()))
		}
	}
}

// Exists reports whether the path names something; it does not follow a symlink at its end.
func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
