package snapshot

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Limits of one archive. They are the same for writing and for reading, so that what was
// stored can be fetched.
const (
	maxArchiveBytes = 16 << 30 // of all contents together, unpacked
	maxEntries      = 2 << 20
)

// packArchive writes objects and then tree as tar.zst to w. The same tree, time and
// objects give the same bytes on any machine. Memory is bounded for a tree of any size.
func packArchive(ctx context.Context, w io.Writer, tree Tree, commitTime time.Time, objects []byte) error {
	if err := writeObjects(w, objects); err != nil {
		return err
	}
	// WithLowerEncoderMem saves a window of memory, but would copy the window for each block: a
	// quarter more work.
	compressed, err := zstd.NewWriter(w,
		zstd.WithEncoderConcurrency(1),           // the output must not depend on the machine
		zstd.WithWindowSize(1<<20),               // before the level, which would change the size of blocks too
		zstd.WithEncoderLevel(zstd.SpeedFastest), // a third less work than the default for 3 % more bytes
	)
	if err != nil {
		return err
	}
	p := packer{ctx: ctx, buffer: make([]byte, 32<<10), tar: tar.NewWriter(compressed), commitTime: commitTime.UTC().Truncate(time.Second), links: links{}}
	if err := walk(ctx, tree, p.add); err != nil {
		return err
	}
	if err := p.links.check(); err != nil {
		return err
	}
	if err := p.tar.Close(); err != nil {
		return err
	}
	return compressed.Close()
}

type packer struct {
	ctx        context.Context // a file may take minutes
	buffer     []byte          // for copying: a new one for each file is most of the memory of a snapshot
	tar        *tar.Writer
	commitTime time.Time
	links      links
	quota      quota
}

func (p *packer) add(e *treeEntry) error {
	if p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	h := &tar.Header{Name: e.name, ModTime: p.commitTime, Mode: 0o644}
	switch {
	case e.mode.IsRegular():
		h.Typeflag, h.Size = tar.TypeReg, e.size
		if e.mode&0o111 != 0 {
			h.Mode = 0o755
		}
	case e.mode.Type() == fs.ModeSymlink:
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, e.link, 0o777
		p.links[e.name] = e.link
	default: // a submodule: an empty directory, as `git archive` has it
		h.Typeflag, h.Name, h.Mode = tar.TypeDir, e.name+"/", 0o755
	}
	if err := p.quota.add(e.size); err != nil {
		return err
	}
	if err := p.tar.WriteHeader(h); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	if e.content != nil {
		_, err := p.tar.Write(*e.content)
		return err
	}
	n, err := io.CopyBuffer(p.tar, ctxReader{p.ctx, e.file}, p.buffer)
	if err == nil && n != e.size {
		err = fmt.Errorf("read %d bytes of %d: %w", n, e.size, io.ErrUnexpectedEOF)
	}
	return err
}

// quota counts what an archive holds.
type quota struct {
	entries int
	bytes   int64
}

// add counts one more entry of size bytes.
func (q *quota) add(size int64) error {
	q.entries++
	if size > maxArchiveBytes-q.bytes || q.entries > maxEntries {
		return fmt.Errorf("the tree is too large for a snapshot (at most %d GiB in %d files)", maxArchiveBytes>>30, maxEntries)
	}
	q.bytes += size
	return nil
}
