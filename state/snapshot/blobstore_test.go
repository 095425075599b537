package snapshot

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"reconcile/state/snapshot/s3test"
)

// blobStores are the kinds of blobStore; each function makes an empty one. The suite
// below says what each must do.
var blobStores = map[string]func(t *testing.T) blobStore{
	"directory": func(t *testing.T) blobStore {
		return &dirBlobStore{root: filepath.Join(t.TempDir(), "not", "yet"), now: time.Now}
	},
	"s3": func(t *testing.T) blobStore {
		s := s3test.Start(t)
		s.CreateBucket(t, "bucket")
		return newS3BlobStore("bucket", "a/b", s.Config())
	},
	"s3 without prefix": func(t *testing.T) blobStore {
		s := s3test.Start(t)
		s.CreateBucket(t, "bucket")
		return newS3BlobStore("bucket", "", s.Config())
	},
}

func blobOf(t testing.TB, text string) *blob {
	t.Helper()
	b, err := newBlob(t.TempDir(), func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	return b
}

// A blob is the same in memory and in a file, which leaves no name.
func TestLargeBlob(t *testing.T) {
	for size, isFile := range map[int]bool{0: false, 1: false, maxMemoryBlob: false, maxMemoryBlob + 1: true, 3 * maxMemoryBlob: true} {
		text := bytes.Repeat([]byte("0123456"), size/7+1)[:size]
		dir := t.TempDir()
		b, err := newBlob(dir, func(w io.Writer) error {
			for part := range slices.Chunk(text, 1<<20) {
				if n, err := w.Write(part); n != len(part) || err != nil {
					t.Errorf("wrote %d: %v", n, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(b.reader())
		if err != nil || !bytes.Equal(got, text) || b.size != int64(size) || b.sha() != sha256.Sum256(text) || (b.file != nil) != isFile {
			t.Errorf("%d bytes: %d read, size %d, in a file %v, %v", size, len(got), b.size, b.file != nil, err)
		}
		b.close()
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left %v, %v", left, err)
		}
	}
	if _, err := newBlob(filepath.Join(t.TempDir(), "absent"), func(w io.Writer) error { _, err := w.Write(make([]byte, maxMemoryBlob+1)); return err }); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory for the file: %v", err)
	}
}

func readKey(t *testing.T, b blobStore, key string) string {
	t.Helper()
	r, err := b.get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestBuckets(t *testing.T) {
	suite := map[string]func(t *testing.T, b blobStore){
		"create":     testCreate,
		"put":        testPut,
		"absent":     testAbsent,
		"list":       testList,
		"remove":     testRemove,
		"concurrent": testConcurrent,
	}
	for kind, make := range blobStores {
		for name, test := range suite {
			t.Run(kind+"/"+name, func(t *testing.T) { test(t, make(t)) })
		}
	}
}

func testCreate(t *testing.T, b blobStore) {
	for _, text := range []string{"", "text", strings.Repeat("large ", 1<<20)} {
		key := fmt.Sprintf("dir/%d%%2F é", len(text))
		if err := b.create(t.Context(), key, blobOf(t, text)); err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{text, "other"} {
			if err := b.create(t.Context(), key, blobOf(t, other)); !errors.Is(err, errExists) {
				t.Errorf("%q again: %v", key, err)
			}
		}
		if got := readKey(t, b, key); got != text {
			t.Errorf("%q: %d bytes, want %d", key, len(got), len(text))
		}
		if sum, err := b.checksum(t.Context(), key); err != nil || sum != blobOf(t, text).sha() {
			t.Errorf("%q: sum %x, %v", key, sum, err)
		}
	}
}

func testPut(t *testing.T, b blobStore) {
	for _, text := range []string{"a first text", "second"} {
		if err := b.put(t.Context(), "k", blobOf(t, text)); err != nil {
			t.Fatal(err)
		}
		if got := readKey(t, b, "k"); got != text {
			t.Errorf("%q, want %q", got, text)
		}
		if sum, err := b.checksum(t.Context(), "k"); err != nil || sum != blobOf(t, text).sha() {
			t.Errorf("sum %x, %v", sum, err)
		}
	}
}

func testAbsent(t *testing.T, b blobStore) {
	if _, err := b.get(t.Context(), "k"); !errors.Is(err, ErrNotFound) {
		t.Errorf("get: %v", err)
	}
	if _, err := b.checksum(t.Context(), "k"); !errors.Is(err, ErrNotFound) {
		t.Errorf("sum: %v", err)
	}
	if list, err := b.list(t.Context(), "dir"); err != nil || len(list) > 0 {
		t.Errorf("list: %v, %v", list, err)
	}
	if err := b.remove(t.Context(), "dir/k"); err != nil {
		t.Errorf("remove: %v", err)
	}
}

func testList(t *testing.T, b blobStore) {
	for _, key := range []string{"b", "a", "dir/x", "dir/y", "dir/z/deep", "directory/x", "dir.x"} {
		if err := b.put(t.Context(), key, blobOf(t, key)); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]string{
		"":          "a:1 b:1 dir.x:5 dir/ directory/",
		"dir":       "x:5 y:5 z/",
		"dir/z":     "deep:10",
		"directory": "x:11",
		"di":        "",
	} {
		list, err := b.list(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range list {
			if o.isDir {
				got = append(got, o.name+"/")
				continue
			}
			got = append(got, fmt.Sprintf("%s:%d", o.name, o.size))
			if age := time.Since(o.modTime); age < -time.Minute || age > time.Hour {
				t.Errorf("%s: stored at %v", o.name, o.modTime)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", dir, got, want)
		}
	}
}

func testRemove(t *testing.T, b blobStore) {
	for _, key := range []string{"runs/r/a", "runs/r/files/b"} {
		if err := b.put(t.Context(), key, blobOf(t, key)); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"runs/r/files/b", "runs/r/a", "runs/r/a"} {
		if err := b.remove(t.Context(), key); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	if list, err := b.list(t.Context(), "runs"); err != nil || len(list) > 0 {
		t.Errorf("left: %v, %v", list, err)
	}
	if err := b.create(t.Context(), "runs/r/a", blobOf(t, "again")); err != nil {
		t.Error(err)
	}
}

// If many create one key at once, one succeeds and its content stays.
func testConcurrent(t *testing.T, b blobStore) {
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		text := blobOf(t, fmt.Sprint(i))
		wg.Go(func() { errs[i] = b.create(t.Context(), "k", text) })
	}
	wg.Wait()
	won := -1
	for i, err := range errs {
		switch {
		case err == nil && won < 0:
			won = i
		case !errors.Is(err, errExists):
			t.Errorf("%d: %v; %d has won", i, err, won)
		}
	}
	if got := readKey(t, b, "k"); got != fmt.Sprint(won) {
		t.Errorf("%s is there, %d has won", got, won)
	}
}

func TestDirectoryIsPrivate(t *testing.T) {
	d := &dirBlobStore{root: filepath.Join(t.TempDir(), "new"), now: time.Now}
	if err := d.put(t.Context(), "runs/r/a.log", blobOf(t, "x")); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]os.FileMode{"": 0o700, "runs": 0o700, "runs/r": 0o700, "runs/r/a.log": 0o600} {
		if info, err := os.Stat(d.filePath(key)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v, %v", key, info.Mode(), err)
		}
	}
}

func TestDirectoryCleansTmp(t *testing.T) {
	d := &dirBlobStore{root: t.TempDir(), now: time.Now}
	left := d.filePath(tmpDir + "/left-by-a-killed-process")
	if err := os.Mkdir(d.filePath(tmpDir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(left, []byte("half of i"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, age := range []time.Duration{minTmpAge - time.Hour, minTmpAge + time.Hour} {
		d.now = func() time.Time { return time.Now().Add(age) }
		if err := d.put(t.Context(), "k", blobOf(t, "x")); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(left); (err == nil) != (age < minTmpAge) {
			t.Errorf("after %v: %v", age, err)
		}
	}
	list, err := d.list(t.Context(), "")
	if err != nil || len(list) != 1 {
		t.Errorf("visible: %v, %v", list, err)
	}
}

func TestDirectoryFailsCleanly(t *testing.T) {
	d := &dirBlobStore{root: t.TempDir(), now: time.Now}
	b := blobOf(t, strings.Repeat("x", maxMemoryBlob+1))
	b.close() // its file, so that it cannot be read
	if err := d.create(t.Context(), "k", b); err == nil {
		t.Error("no error")
	}
	if left, err := os.ReadDir(d.filePath(tmpDir)); err != nil || len(left) > 0 {
		t.Errorf("drafts: %v, %v", left, err)
	}
}

// TestPipeInADirectory: a pipe is an error at once: opening it would wait for a writer.
func TestPipeInADirectory(t *testing.T) {
	d := &dirBlobStore{root: t.TempDir(), now: time.Now}
	if err := syscall.Mkfifo(d.filePath("k"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.get(t.Context(), "k"); err == nil || errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// injectOnce injects a fault into one request, and serves the others.
func injectOnce(injection int) func(*http.Request) int {
	var mu sync.Mutex
	return func(r *http.Request) int {
		mu.Lock()
		defer mu.Unlock()
		v := injection
		injection = s3test.Serve
		return v
	}
}

func TestS3Faults(t *testing.T) {
	server := s3test.Start(t)
	server.CreateBucket(t, "bucket")
	b := newS3BlobStore("bucket", "", server.Config())
	for name, injection := range map[string]int{"slow down": 503, "internal": 500, "conflict": 409, "cut": s3test.Disconnect} {
		server.Inject(injectOnce(injection))
		if err := b.create(t.Context(), name, blobOf(t, "x")); err != nil {
			t.Errorf("%s, once: %v", name, err)
		}
	}
	always := func(injection int) error {
		server.Inject(func(*http.Request) int { return injection })
		defer server.Inject(nil)
		return b.create(t.Context(), "refused", blobOf(t, "x"))
	}
	for injection, want := range map[int]string{
		403:               "access denied: the role needs",
		301:               "set AWS_REGION",
		404:               "there is no bucket bucket",
		409:               "ConditionalRequestConflict",
		503:               "SlowDown",
		s3test.Disconnect: "s3://bucket/refused",
	} {
		if err := always(injection); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v; want %q", injection, err, want)
		}
	}
	if _, err := b.get(t.Context(), "refused"); !errors.Is(err, ErrNotFound) {
		t.Errorf("refused, but there: %v", err)
	}
	large := blobOf(t, "x")
	large.size = maxS3ObjectBytes + 1
	if err := b.create(t.Context(), "large", large); err == nil || !strings.Contains(err.Error(), "more than S3 takes") {
		t.Errorf("too large: %v", err)
	}
}

// The answer to a write that took effect is lost, so the SDK's second try is refused. The
// stored content is ours.
func TestS3PutWithLostAnswer(t *testing.T) {
	server := s3test.Start(t)
	server.CreateBucket(t, "bucket")
	s, err := Open(t.Context(), "s3://bucket", server.Config())
	if err != nil {
		t.Fatal(err)
	}
	server.Inject(injectOnce(s3test.DisconnectAfter))
	if _, err := s.Put(t.Context(), commit, commitTime, sampleTree(), nil); err != nil {
		t.Error(err)
	}
	var requests []string
	for _, r := range server.Requests() {
		requests = append(requests, fmt.Sprint(r.Method, " ", r.Status))
		if r.Method == http.MethodPut && (r.Header.Get("If-None-Match") != "*" || r.Header.Get("X-Amz-Checksum-Sha256") == "") {
			t.Errorf("unconditional, or without checksum: %v", r.Header)
		}
	}
	if want := []string{"PUT 0", "PUT 412", "HEAD 200"}; !slices.Equal(requests, want) {
		t.Errorf("asked %q, want %q", requests, want)
	}
}
