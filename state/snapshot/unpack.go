package snapshot

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// newZstdReader returns the decompressed contents of r. Memory is bounded by the window
// size of our own archives, whatever r asks for.
func newZstdReader(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
}

// unpackTar unpacks a tar into root, which must be empty. It reads and writes nothing
// outside root, whatever the tar holds. After an error root holds what was unpacked
// before.
func unpackTar(r io.Reader, root *os.Root) error {
	u := unpacker{root: root, dirs: map[string]bool{".": true}, links: links{}}
	in := tar.NewReader(r)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return u.makeLinks()
		}
		if err == nil {
			err = u.add(h, in)
		}
		if err != nil {
			return err
		}
	}
}

type unpacker struct {
	root  *os.Root
	dirs  map[string]bool // those made
	links links           // made last, so that no file is written through one
	quota quota
}

func (u *unpacker) add(h *tar.Header, contents io.Reader) error {
	name := strings.TrimSuffix(h.Name, "/")
	if err := checkPath(name); err != nil {
		return err
	}
	for record := range h.PAXRecords {
		if strings.HasPrefix(record, "GNU.sparse.") { // a few bytes would fill the disk
			return fmt.Errorf("%q: %w: a sparse file", name, ErrUnsafe)
		}
	}
	if err := u.quota.add(h.Size); err != nil {
		return err
	}
	if h.Typeflag == tar.TypeDir {
		return u.makeDir(name)
	}
	if err := u.makeDir(path.Dir(name)); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeReg:
		return u.writeFile(name, h, contents)
	case tar.TypeSymlink:
		if _, twice := u.links[name]; twice {
			return fmt.Errorf("%q: %w: duplicate entry", name, ErrUnsafe)
		}
		u.links[name] = h.Linkname
		return nil
	}
	return fmt.Errorf("%q: %w: neither file, directory nor symbolic link (type %q)", name, ErrUnsafe, h.Typeflag)
}

func (u *unpacker) makeDir(name string) error {
	if u.dirs[name] {
		return nil
	}
	if err := u.makeDir(path.Dir(name)); err != nil {
		return err
	}
	u.dirs[name] = true
	return u.root.Mkdir(name, 0o755)
}

func (u *unpacker) writeFile(name string, h *tar.Header, contents io.Reader) error {
	perm := os.FileMode(0o644)
	if h.Mode&0o111 != 0 {
		perm = 0o755
	}
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, contents)
	return errors.Join(err, f.Close())
}

func (u *unpacker) makeLinks() error {
	if err := u.links.check(); err != nil {
		return err
	}
	for name, target := range u.links {
		if err := u.root.Symlink(target, name); err != nil {
			return err
		}
	}
	return nil
}
