package snapshot

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

var commitTime = time.Unix(1_700_000_000, 123).In(time.FixedZone("JST", 9*3600))

func sampleTree() fstest.MapFS {
	tree := fstest.MapFS{
		"a.tf":        {Data: []byte("a file\n")},
		"a/main.tf":   {Data: []byte("in a directory, after a.tf\n"), Mode: 0o664},
		"a-b/main.tf": {Data: []byte("before a/ in Git's order\n"), Mode: 0o700},
		"a/link":      {Data: []byte("../a.tf"), Mode: fs.ModeSymlink},
		"vendored":    {Mode: fs.ModeIrregular},
		"large":       {Data: bytes.Repeat([]byte("0123456789abcdef"), 20_000)},
		"日本語":         {Data: []byte("a name that needs PAX")},
		"empty":       {},
	}
	for i := range 500 {
		tree[fmt.Sprintf("many/%d/f%d", i%7, i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "%d", i*i*i)}
	}
	return tree
}

func packed(t testing.TB, tree Tree) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := packArchive(t.Context(), &out, tree, commitTime, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// reversedFS lists directories in another order, as other file systems do.
type reversedFS struct{ fstest.MapFS }

func (r reversedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := r.MapFS.ReadDir(name)
	slices.Reverse(entries)
	return entries, err
}

// The bytes depend on the tree and the time alone. If a new version of the compressor
// changes them, change the sum here too: stored snapshots are then compared by their
// contents.
func TestPackIsDeterministic(t *testing.T) {
	const want = "840db755a969bf53fef33696039f6cf4dcdcaf41e5761fc70bdb5e5fe6e47c0a"
	for _, procs := range []int{1, 2, 8} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		for _, tree := range []Tree{sampleTree(), reversedFS{sampleTree()}} {
			sum := sha256.Sum256(packed(t, tree))
			if got := hex.EncodeToString(sum[:]); got != want {
				t.Errorf("GOMAXPROCS %d, %T: %s, want %s", procs, tree, got, want)
			}
		}
	}
}

func TestPackedHeaders(t *testing.T) {
	z, err := newZstdReader(bytes.NewReader(packed(t, sampleTree())))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var names []string
	in := tar.NewReader(z)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(h.Name, "many/") {
			names = append(names, fmt.Sprintf("%s %c %o %s", h.Name, h.Typeflag, h.Mode, h.Linkname))
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || h.ModTime.Unix() != commitTime.Unix() || h.ModTime.Nanosecond() != 0 {
			t.Errorf("%+v", h)
		}
		if pax := h.Name == "日本語"; pax != (len(h.PAXRecords) > 0) {
			t.Errorf("%s: PAX records %v", h.Name, h.PAXRecords)
		}
	}
	want := []string{
		"a-b/main.tf 0 755 ", "a.tf 0 644 ", "a/link 2 777 ../a.tf", "a/main.tf 0 644 ",
		"empty 0 644 ", "large 0 644 ", "vendored/ 5 755 ", "日本語 0 644 ",
	}
	if !slices.Equal(names, want) {
		t.Errorf("got  %q\nwant %q", names, want)
	}
}

// oddNameFS is a tree with one entry of any name.
type oddNameFS struct {
	fstest.MapFS
	name  string
	twice bool
}

func (n oddNameFS) ReadDir(string) ([]fs.DirEntry, error) {
	e := fs.FileInfoToDirEntry(fileInfo{n.name})
	if n.twice {
		return []fs.DirEntry{e, e}, nil
	}
	return []fs.DirEntry{e}, nil
}

func (n oddNameFS) Open(string) (fs.File, error) { return fstest.MapFS{"x": {}}.Open("x") }

type fileInfo struct{ name string }

func (i fileInfo) Name() string     { return i.name }
func (fileInfo) Size() int64        { return 0 }
func (fileInfo) Mode() fs.FileMode  { return 0o644 }
func (fileInfo) ModTime() time.Time { return time.Time{} }
func (fileInfo) IsDir() bool        { return false }
func (fileInfo) Sys() any           { return nil }

func TestPackRefuses(t *testing.T) {
	trees := map[string]Tree{
		"twice":     oddNameFS{name: "a", twice: true},
		"link out":  fstest.MapFS{"a/l": {Data: []byte("../../x"), Mode: fs.ModeSymlink}},
		"link to /": fstest.MapFS{"l": {Data: []byte("/etc"), Mode: fs.ModeSymlink}},
	}
	for _, name := range []string{"..", ".", "", "/", "a/b", "/etc/passwd", ".git", ".Git", "a\x00"} {
		trees[name] = oddNameFS{name: name}
	}
	for name, tree := range trees {
		if err := packArchive(t.Context(), io.Discard, tree, commitTime, nil); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

var errRead = errors.New("the pack is corrupt")

// brokenFS is a tree with one file that cannot be opened, or whose reading panics.
type brokenFS struct {
	fstest.MapFS
	file  string
	panic bool
}

func (b brokenFS) Open(name string) (fs.File, error) {
	if name == b.file {
		if b.panic {
			panic(errRead)
		}
		return nil, errRead
	}
	return b.MapFS.Open(name)
}

func TestPackFails(t *testing.T) {
	for _, file := range []string{"a-b/main.tf", "large", "many/3/f3", "日本語"} {
		err := packArchive(t.Context(), io.Discard, brokenFS{sampleTree(), file, false}, commitTime, nil)
		if !errors.Is(err, errRead) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := packArchive(ctx, io.Discard, sampleTree(), commitTime, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// endlessFS is a tree with one file of many zeros. Reading it stops its context.
type endlessFS struct {
	fstest.MapFS
	stop context.CancelFunc
	size int64
	read *int64
}

func (e endlessFS) ReadDir(string) ([]fs.DirEntry, error) {
	return []fs.DirEntry{fs.FileInfoToDirEntry(sizedInfo{fileInfo{"x"}, e.size})}, nil
}

func (e endlessFS) Open(string) (fs.File, error) { return &endlessFile{endlessFS: e}, nil }

type sizedInfo struct {
	fs.FileInfo
	size int64
}

func (i sizedInfo) Size() int64 { return i.size }

type endlessFile struct{ endlessFS }

func (f *endlessFile) Stat() (fs.FileInfo, error) { return sizedInfo{fileInfo{"x"}, f.size}, nil }
func (*endlessFile) Close() error                 { return nil }

func (f *endlessFile) Read(p []byte) (int, error) {
	f.stop()
	clear(p)
	p = p[:min(int64(len(p)), f.size-*f.read)]
	*f.read += int64(len(p))
	if len(p) == 0 {
		return 0, io.EOF
	}
	return len(p), nil
}

// A file may be as large as a snapshot: archiving it and unpacking it end in its middle when
// their context does.
func TestStopInTheMiddleOfAFile(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var read int64
	err := packArchive(ctx, io.Discard, endlessFS{stop: cancel, size: 1 << 30, read: &read}, commitTime, nil)
	if !errors.Is(err, context.Canceled) || read > 8<<20 {
		t.Errorf("%d bytes were archived: %v", read, err)
	}

	var archive bytes.Buffer
	read = 0
	if err := packArchive(t.Context(), &archive, endlessFS{stop: func() {}, size: 256 << 20, read: &read}, commitTime, nil); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, cancel = context.WithCancel(t.Context())
	// The whole archive is read into buffers before a part of it is unpacked.
	_, err = unpackArchive(ctx, dir, stoppingReader{bytes.NewReader(archive.Bytes()), cancel})
	info, statErr := os.Stat(filepath.Join(dir, "x"))
	if !errors.Is(err, context.Canceled) || statErr == nil && info.Size() > 64<<20 {
		t.Errorf("unpacked: %v, %v", err, info)
	}
	ctx, cancel = context.WithCancel(t.Context())
	if _, err := readContents(ctx, stoppingReader{bytes.NewReader(archive.Bytes()), cancel}); !errors.Is(err, context.Canceled) {
		t.Errorf("compared: %v", err)
	}
}

// stoppingReader stops a context at its first byte.
type stoppingReader struct {
	r    io.Reader
	stop context.CancelFunc
}

func (r stoppingReader) Read(p []byte) (int, error) {
	r.stop()
	return r.r.Read(p)
}

// A panic of a goroutine that reads ahead reaches the caller of packArchive, where the
// program recovers from panics.
func TestPackPanics(t *testing.T) {
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), errRead.Error()) {
			t.Errorf("recovered %v", v)
		}
	}()
	_ = packArchive(t.Context(), io.Discard, brokenFS{sampleTree(), "many/3/f3", true}, commitTime, nil)
}

var errFull = errors.New("no space left on device")

// fullDisk is a disk with room for that many bytes.
type fullDisk int

func (f *fullDisk) Write(p []byte) (int, error) {
	n := min(len(p), int(*f))
	*f -= fullDisk(n)
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func TestPackToAFullDisk(t *testing.T) {
	size := len(packed(t, sampleTree()))
	for _, room := range []int{0, 1, 100, size / 2, size - 1} {
		disk := fullDisk(room)
		if err := packArchive(t.Context(), &disk, sampleTree(), commitTime, nil); !errors.Is(err, errFull) {
			t.Errorf("room for %d of %d bytes: %v", room, size, err)
		}
	}
}

func TestQuota(t *testing.T) {
	var q quota
	if q.add(maxArchiveBytes) != nil || q.add(0) != nil || q.add(1) == nil {
		t.Error("bytes")
	}
	q = quota{entries: maxEntries - 1}
	if q.add(0) != nil || q.add(0) == nil {
		t.Error("entries")
	}
}
