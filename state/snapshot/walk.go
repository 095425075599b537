package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"

	"reconcile/internal/gitpath"
)

// Tree is a tree to archive. Its methods are called from several goroutines at once, for
// slash-separated paths below its root ".".
//
// An entry that is neither a regular file, a directory nor a symbolic link is a
// submodule. Sizes and modes come from the directory entries.
type Tree interface {
	fs.ReadDirFS
	ReadLink(name string) (string, error)
}

const (
	maxQueued         = 64       // entries listed ahead of the current one
	maxReadAhead      = 16 << 20 // bytes of them that are in memory
	maxPrefetchedFile = 1 << 20  // bytes; larger files are read only when it is their turn
)

// treeEntry is one file, link or submodule of a tree.
type treeEntry struct {
	name string
	mode fs.FileMode // type, and for files the permissions
	link string
	size int64

	ready   chan struct{} // closed when the fields below are set; nil: they are set
	file    fs.File
	content *[]byte // of a small file; nil: it is read from file
	err     error   // why it could not be read
}

func (e *treeEntry) wait() {
	if e.ready != nil {
		<-e.ready
	}
}

func (e *treeEntry) close() {
	e.wait()
	if e.file != nil {
		_ = e.file.Close() // it was only read
	}
	if e.content != nil && cap(*e.content) <= maxPooled {
		contents.Put(e.content)
		e.content = nil
	}
}

// walk calls visit for every entry of tree, in Git's order, while other goroutines list
// the tree and read files ahead.
func walk(ctx context.Context, tree Tree, visit func(*treeEntry) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &lister{tree: tree, queue: make(chan *treeEntry, maxQueued), files: make(chan *treeEntry), memory: semaphore.NewWeighted(maxReadAhead)}
	listed := make(chan error, 1)
	go func() { listed <- l.run(ctx) }()
	err := l.drain(visit)
	cancel()
	for e := range l.queue {
		e.close() // read ahead for nothing
	}
	err = cmp.Or(err, <-listed)
	if p := (*panicError)(nil); errors.As(err, &p) {
		panic(p)
	}
	return err
}

type lister struct {
	tree   Tree
	queue  chan *treeEntry // all entries
	files  chan *treeEntry // those to read, all of them also in queue
	memory *semaphore.Weighted
}

// drain visits the entries of the queue until its end or an error.
func (l *lister) drain(visit func(*treeEntry) error) error {
	for e := range l.queue {
		e.wait()
		err := e.err
		if err == nil {
			err = visit(e)
		}
		e.close()
		l.memory.Release(e.weight())
		if err != nil {
			return fmt.Errorf("%s: %w", gitpath.Quote(e.name), err)
		}
	}
	return nil
}

// run sends every entry of the tree to the queue, and closes the queue. Entries get their
// share of memory in the order in which they return it.
func (l *lister) run(ctx context.Context) (err error) {
	var readers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) + 1 { // one goroutine for each file would grow its stack each time
		readers.Go(func() {
			for e := range l.files {
				e.read(ctx, l.tree)
				close(e.ready)
			}
		})
	}
	defer close(l.queue)
	defer readers.Wait()
	defer close(l.files)
	defer recoverPanic(&err)
	return l.listDir(ctx, ".")
}

func (l *lister) listDir(ctx context.Context, dir string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	entries, err := l.tree.ReadDir(dir)
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int {
		return cmp.Compare(gitpath.SortKey(a.Name(), a.IsDir()), gitpath.SortKey(b.Name(), b.IsDir()))
	})
	seen := make(map[string]bool, len(entries))
	for _, d := range entries {
		name := path.Join(dir, d.Name())
		if err := checkPart(d.Name()); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		if seen[d.Name()] {
			return fmt.Errorf("%q: %w: duplicate entry", name, ErrUnsafe)
		}
		seen[d.Name()] = true
		if d.Type() == fs.ModeDir {
			err = l.listDir(ctx, name)
		} else {
			err = l.queueEntry(ctx, name, d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) queueEntry(ctx context.Context, name string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return fmt.Errorf("%s: %w", gitpath.Quote(name), err)
	}
	e := &treeEntry{name: name, mode: info.Mode()}
	switch {
	case e.mode.IsRegular():
		e.size, e.ready = info.Size(), make(chan struct{})
	case e.mode.Type() == fs.ModeSymlink:
		e.link, e.err = l.tree.ReadLink(name)
	}
	if err := l.memory.Acquire(ctx, e.weight()); err != nil {
		return err
	}
	select {
	case l.queue <- e:
	case <-ctx.Done():
		return ctx.Err()
	}
	if e.ready != nil {
		l.files <- e
	}
	return nil
}

// contents are buffers for files, of at most maxPooled bytes, since one is used for a file of
// any size.
var contents = sync.Pool{New: func() any { return new([]byte) }}

const maxPooled = 64 << 10

// weight returns the entry's share of the memory for reading ahead.
func (e *treeEntry) weight() int64 { return min(e.size, maxReadAhead) }

// stoppable is a tree in which opening a file may take minutes.
type stoppable interface {
	OpenWithin(ctx context.Context, name string) (fs.File, error)
}

// read opens a file and, if it is small, reads it.
func (e *treeEntry) read(ctx context.Context, tree fs.FS) {
	defer recoverPanic(&e.err)
	if slow, ok := tree.(stoppable); ok {
		e.file, e.err = slow.OpenWithin(ctx, e.name)
	} else {
		e.file, e.err = tree.Open(e.name)
	}
	if e.err != nil {
		return
	}
	if e.size <= maxPrefetchedFile {
		e.content = contents.Get().(*[]byte)
		*e.content = slices.Grow((*e.content)[:0], int(e.size))[:e.size]
		_, e.err = io.ReadFull(e.file, *e.content)
	}
}

// panicError carries a panic of a goroutine to the goroutine that waits for it, where the
// program's own recovery can see it.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

func recoverPanic(err *error) {
	if v := recover(); v != nil {
		*err = &panicError{v, debug.Stack()}
	}
}
