package snapshot

import (
	"bytes"
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

	"golang.org/x/sync/errgroup"
)

// Tree is what is archived. Its methods are called from several goroutines at
// once, for slash-separated paths below its root ".".
//
// A directory entry that is neither a regular file, a directory nor a
// symbolic link is a submodule, and so is one with fs.ModeIrregular.
type Tree interface {
	fs.ReadDirFS
	ReadLink(name string) (string, error)
}

const (
	window = 64        // files read ahead of the one being archived
	small  = 128 << 10 // bytes; larger files are not read ahead
)

// entry is one file, link or submodule of a tree.
type entry struct {
	name string
	mode fs.FileMode // type, and for files the permissions
	link string
	size int64
	file fs.File       // an open file
	data io.Reader     // its contents
	err  error         // what kept it from being read
	done chan struct{} // closed when the fields above are set; nil: they are
}

func (e *entry) wait() {
	if e.done != nil {
		<-e.done
	}
}

func (e *entry) close() {
	e.wait()
	if e.file != nil {
		_ = e.file.Close() // it was only read
	}
}

// walk calls visit for every entry of tree, in Git's order, while other
// goroutines list the tree and read files ahead.
func walk(ctx context.Context, tree Tree, visit func(*entry) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan *entry, window)
	listed := make(chan error, 1)
	go func() {
		defer close(queue)
		listed <- list(ctx, tree, queue)
	}()
	err := drain(queue, visit)
	cancel()
	for e := range queue {
		e.close() // read ahead in vain
	}
	err = cmp.Or(err, <-listed)
	if p := (*panicError)(nil); errors.As(err, &p) {
		panic(p)
	}
	return err
}

func drain(queue <-chan *entry, visit func(*entry) error) error {
	for e := range queue {
		e.wait()
		err := e.err
		if err == nil {
			err = visit(e)
		}
		e.close()
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return nil
}

// list sends every entry of tree to queue, files before they are read.
func list(ctx context.Context, tree Tree, queue chan<- *entry) (err error) {
	l := lister{tree: tree, queue: queue}
	l.readers.SetLimit(runtime.GOMAXPROCS(0) + 1)
	defer func() { err = cmp.Or(err, l.readers.Wait()) }()
	defer rescue(&err)
	return l.dir(ctx, ".")
}

type lister struct {
	tree    Tree
	queue   chan<- *entry
	readers errgroup.Group
}

func (l *lister) dir(ctx context.Context, dir string) error {
	entries, err := l.tree.ReadDir(dir)
	if err != nil {
		return err
	}
	// As Git sorts them: as if the names of directories ended in a slash.
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(sortName(a), sortName(b)) })
	for i, d := range entries {
		name := path.Join(dir, d.Name())
		if err := checkPart(d.Name()); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		if i > 0 && entries[i-1].Name() == d.Name() {
			return fmt.Errorf("%q: %w: it is there twice", name, ErrUnsafe)
		}
		if d.Type() == fs.ModeDir {
			err = l.dir(ctx, name)
		} else {
			err = l.leaf(ctx, &entry{name: name, mode: d.Type()})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func sortName(d fs.DirEntry) string {
	if d.IsDir() {
		return d.Name() + "/"
	}
	return d.Name()
}

func (l *lister) leaf(ctx context.Context, e *entry) error {
	switch {
	case e.mode == fs.ModeSymlink:
		e.link, e.err = l.tree.ReadLink(e.name)
	case e.mode.IsRegular():
		e.done = make(chan struct{})
	}
	select {
	case l.queue <- e:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if e.done != nil {
		l.readers.Go(func() error {
			defer close(e.done)
			e.read(l.tree)
			return nil
		})
	}
	return nil
}

// read fills in a file's size, permissions and, if it is small, contents.
func (e *entry) read(tree fs.FS) {
	defer rescue(&e.err)
	e.file, e.err = tree.Open(e.name)
	if e.err != nil {
		return
	}
	info, err := e.file.Stat()
	if err != nil {
		e.err = err
		return
	}
	e.size, e.mode, e.data = info.Size(), info.Mode(), e.file
	if _, ok := e.file.(inMemory); !ok && e.size <= small {
		data := make([]byte, e.size)
		_, e.err = io.ReadFull(e.file, data)
		e.data = bytes.NewReader(data)
	}
}

// inMemory is a file that has been read already, as a bytes.Reader has.
type inMemory interface {
	io.WriterTo
	Len() int
}

// panicError carries a panic of a goroutine of ours to the one that waits
// for it, where the program's own recovery can see it.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

func rescue(err *error) {
	if v := recover(); v != nil {
		*err = &panicError{v, debug.Stack()}
	}
}
