package gittree

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// dirHandle is an open directory of a checkout. Its methods take the name of an entry, not a
// path, and follow no symlink, so they never leave it. A pass opens each input of a workspace
// three times, and package os makes five system calls more for each.
type dirHandle struct{ fd int }

// openDirHandle opens a directory by its path, which may lead through symlinks.
func openDirHandle(path string) (dirHandle, error) {
	fd, err := openFD(unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	return dirHandle{fd}, err
}

func (d dirHandle) close() { _ = unix.Close(d.fd) } // nothing is written through it

// openDir opens a directory. isNotDir reports true for its error if there is none.
func (d dirHandle) openDir(name string) (dirHandle, error) {
	fd, err := openFD(d.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	return dirHandle{fd}, err
}

// isNotDir reports whether openDir found nothing, or no directory.
func isNotDir(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

// list returns the entries of the directory, in no order.
func (d dirHandle) list() ([]fs.DirEntry, error) {
	again, err := d.openDir(".") // has a position of its own
	if err != nil {
		return nil, err
	}
	dir := os.NewFile(uintptr(again.fd), ".")
	defer dir.Close()
	return dir.ReadDir(-1)
}

// names returns the names in the directory, in no order. It can be called once.
func (d dirHandle) names() (names []string, err error) {
	buffer := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buffer)
	for {
		var n int
		err := callSystem("read", ".", func() (err error) {
			n, err = unix.ReadDirent(d.fd, *buffer)
			return err
		})
		if err != nil || n <= 0 {
			return names, err
		}
		_, _, names = unix.ParseDirent((*buffer)[:n], -1, names)
	}
}

// stat describes an entry; it does not follow a symlink.
func (d dirHandle) stat(name string) (stat unix.Stat_t, err error) {
	err = callSystem("stat", name, func() error { return unix.Fstatat(d.fd, name, &stat, unix.AT_SYMLINK_NOFOLLOW) })
	return stat, err
}

// readLink returns the target of a symlink whose size is known.
func (d dirHandle) readLink(name string, size int64) ([]byte, error) {
	target := make([]byte, size+1) // a target that became longer fills it
	var n int
	err := callSystem("readlink", name, func() (err error) {
		n, err = unix.Readlinkat(d.fd, name, target)
		return err
	})
	return target[:max(n, 0)], err
}

// openFile opens a file to read it, and describes it. It does not wait for a pipe. The caller
// closes the file.
func (d dirHandle) openFile(name string) (f openFile, stat unix.Stat_t, err error) {
	fd, err := openFD(d.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return f, stat, err
	}
	if err := callSystem("stat", name, func() error { return unix.Fstat(fd, &stat) }); err != nil {
		_ = unix.Close(fd)
		return f, stat, err
	}
	return openFile{fd, name}, stat, nil
}

// create creates a file with exactly this mode, lets write write it, and describes it.
func (d dirHandle) create(name string, mode fs.FileMode, write func(w io.Writer) error) (stat unix.Stat_t, err error) {
	fd, err := openFD(d.fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, mode)
	if err != nil {
		return stat, err
	}
	defer func() { // not again after EINTR: the file is closed
		if closeErr := unix.Close(fd); closeErr != nil && err == nil {
			err = &fs.PathError{Op: "close", Path: name, Err: closeErr}
		}
	}()
	if err := write(openFile{fd, name}); err != nil {
		return stat, err
	}
	describe := func() error { return unix.Fstat(fd, &stat) }
	if err := callSystem("stat", name, describe); err != nil || fs.FileMode(stat.Mode).Perm() == mode {
		return stat, err
	}
	if err := callSystem("chmod", name, func() error { return unix.Fchmod(fd, uint32(mode)) }); err != nil { // the umask removed bits
		return stat, err
	}
	return stat, callSystem("stat", name, describe)
}

func (d dirHandle) makeDir(name string) error {
	return callSystem("mkdir", name, func() error { return unix.Mkdirat(d.fd, name, 0o755) })
}

func (d dirHandle) symlink(target, name string) error {
	return callSystem("symlink", name, func() error { return unix.Symlinkat(target, d.fd, name) })
}

// remove removes a file or a symlink.
func (d dirHandle) remove(name string) error {
	return callSystem("remove", name, func() error { return unix.Unlinkat(d.fd, name, 0) })
}

// openFile is an open file.
type openFile struct {
	fd   int
	name string
}

func (f openFile) close() { _ = unix.Close(f.fd) } // it was only read

func (f openFile) Read(p []byte) (n int, err error) {
	err = callSystem("read", f.name, func() (err error) {
		n, err = unix.Read(f.fd, p)
		return err
	})
	if n == 0 && err == nil && len(p) > 0 {
		err = io.EOF
	}
	return max(n, 0), err
}

func (f openFile) Write(p []byte) (written int, err error) {
	for written < len(p) && err == nil {
		err = callSystem("write", f.name, func() error {
			n, err := unix.Write(f.fd, p[written:])
			written += max(n, 0)
			return err
		})
	}
	return written, err
}

func openFD(dir int, name string, flags int, mode fs.FileMode) (fd int, err error) {
	err = callSystem("open", name, func() error {
		fd, err = unix.Openat(dir, name, flags|unix.O_CLOEXEC, uint32(mode.Perm()))
		return err
	})
	return fd, err
}

// callSystem makes a system call on name until no signal interrupts it.
func callSystem(operation, name string, call func() error) error {
	for {
		err := call()
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EINTR) {
			return &fs.PathError{Op: operation, Path: name, Err: err}
		}
	}
}
