package snapshot

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/klauspost/compress/zstd"

	"reconcile/internal/commitid"
)

const (
	commit      = "0123456789abcdef0123456789abcdef01234567"
	otherCommit = "f123456789abcdef0123456789abcdef01234567"
)

// makeArchive makes a tar.zst with any headers; each file's content is its name.
func makeArchive(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, h := range headers {
		text := "contents of " + h.Name
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(text))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.WriteString(w, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func fileHeader(name string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}
}

func linkHeader(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}
}

// acceptAny accepts every tree.
func acceptAny(string, []byte) error { return nil }

// storeOf returns a store whose only snapshot consists of these bytes.
func storeOf(t *testing.T, archive []byte) *Store {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, commit+archiveSuffix), archive, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), dir, aws.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFetchRefuses(t *testing.T) {
	good := makeArchive(t, fileHeader("a"), fileHeader("b/c"))
	corrupted := bytes.Clone(good)
	corrupted[len(corrupted)-3] ^= 1
	for name, test := range map[string]struct {
		archive []byte
		unsafe  bool
	}{
		"up":                 {makeArchive(t, fileHeader("a"), fileHeader("../x")), true},
		"up, inside":         {makeArchive(t, fileHeader("a/../x")), true},
		"absolute":           {makeArchive(t, fileHeader("/tmp/x")), true},
		"Git's directory":    {makeArchive(t, fileHeader("a/.GIT/config")), true},
		"too long":           {makeArchive(t, fileHeader(strings.Repeat("d/", 2048)+"x")), true},
		"empty part":         {makeArchive(t, fileHeader("a//b")), true},
		"link up":            {makeArchive(t, linkHeader("a", "..")), true},
		"absolute link":      {makeArchive(t, linkHeader("a", "/etc")), true},
		"link through link":  {makeArchive(t, linkHeader("s/up", ".."), linkHeader("e", "s/up/../x")), true},
		"link twice":         {makeArchive(t, linkHeader("a", "b"), linkHeader("a", "c")), true},
		"hard link":          {makeArchive(t, fileHeader("a"), tar.Header{Typeflag: tar.TypeLink, Name: "b", Linkname: "a"}), true},
		"device":             {makeArchive(t, tar.Header{Typeflag: tar.TypeChar, Name: "null", Devmajor: 1, Devminor: 3}), true},
		"fifo":               {makeArchive(t, tar.Header{Typeflag: tar.TypeFifo, Name: "f"}), true},
		"file twice":         {makeArchive(t, fileHeader("a"), fileHeader("a")), false},
		"file below a file":  {makeArchive(t, fileHeader("a"), fileHeader("a/b")), false},
		"file below a link":  {makeArchive(t, linkHeader("l", "d"), fileHeader("d/x"), fileHeader("l/x")), false},
		"link over a file":   {makeArchive(t, fileHeader("a"), linkHeader("a", "b")), false},
		"link over a folder": {makeArchive(t, fileHeader("a/b"), linkHeader("a", "b")), false},
		"corrupted":          {corrupted, false},
		"cut":                {good[:len(good)-1], false},
		"cut in the middle":  {good[:len(good)/2], false},
		"objects alone":      {objectsFrame(t, "objects"), false},
		"objects cut off":    {objectsFrame(t, "objects")[:10], false},
		"objects too long":   {[]byte("\x5e\x2a\x4d\x18\xff\xff\xff\xffx"), false},
		"not zstd":           {[]byte("hello, is this an archive?"), false},
		"empty":              {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "dir")
			err := storeOf(t, test.archive).Fetch(t.Context(), commit, dir, acceptAny)
			if err == nil || errors.Is(err, ErrUnsafe) != test.unsafe {
				t.Errorf("error: %v", err)
			}
			if left, _ := os.ReadDir(parent); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestFetchInto(t *testing.T) {
	s := storeOf(t, makeArchive(t, fileHeader("a"), fileHeader("b/c")))
	t.Run("empty directory", func(t *testing.T) {
		dir := t.TempDir()
		if err := s.Fetch(t.Context(), commit, dir, acceptAny); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(dir, "b/c")); err != nil || string(b) != "contents of b/c" {
			t.Errorf("%q, %v", b, err)
		}
	})
	t.Run("directory in use", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Fetch(t.Context(), commit, dir, acceptAny); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Error(err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("left behind: %v", left)
		}
	})
	t.Run("file", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "mine")
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Fetch(t.Context(), commit, name, acceptAny); err == nil {
			t.Error("no error")
		}
	})
	t.Run("unknown commit", func(t *testing.T) {
		err := s.Fetch(t.Context(), commitid.ID(strings.Repeat("f", 40)), filepath.Join(t.TempDir(), "dir"), acceptAny)
		if !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	})
	for _, id := range []commitid.ID{"", "main", commitid.ID(commit[:10]), commitid.ID("../" + commit[3:]), commitid.ID(strings.ToUpper(commit))} {
		if err := s.Fetch(t.Context(), id, filepath.Join(t.TempDir(), "dir"), acceptAny); err == nil {
			t.Errorf("commit %q: no error", id)
		}
	}
}

// The same tree, in the bytes of another version of the compressor.
func TestPutOverOtherCompression(t *testing.T) {
	z, err := newZstdReader(bytes.NewReader(packed(t, sampleTree())))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var recompressed bytes.Buffer
	w, err := zstd.NewWriter(&recompressed, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, z); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := storeOf(t, recompressed.Bytes()).Put(t.Context(), commit, commitTime, sampleTree(), nil); err != nil {
		t.Error(err)
	}
	if _, err := storeOf(t, recompressed.Bytes()[:100]).Put(t.Context(), commit, commitTime, sampleTree(), nil); !errors.Is(err, ErrDifferentContent) {
		t.Errorf("over a corrupted archive: %v", err)
	}
}

// Fetch returns the objects, and does not unpack a tree that the verifier refuses.
func TestFetchChecks(t *testing.T) {
	s := storeOf(t, makeArchive(t, fileHeader("a")))
	if _, err := s.Put(t.Context(), otherCommit, commitTime, sampleTree(), []byte("objects")); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	for id, want := range map[commitid.ID]string{commit: "", otherCommit: "objects"} {
		parent := t.TempDir()
		err := s.Fetch(t.Context(), id, filepath.Join(parent, "dir"), func(dir string, objects []byte) error {
			if entries, err := os.ReadDir(dir); err != nil || len(entries) == 0 {
				t.Errorf("%s: nothing is laid out: %v", id, err)
			}
			if string(objects) != want {
				t.Errorf("%s: objects are %q, want %q", id, objects, want)
			}
			return refused
		})
		if !errors.Is(err, refused) {
			t.Errorf("%s: %v", id, err)
		}
		if left, _ := os.ReadDir(parent); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// A snapshot of an older version gets the objects that it lacks. Objects that differ from
// ours are never replaced.
func TestPutAddsObjects(t *testing.T) {
	fetchObjects := func(s *Store) (objects string) {
		t.Helper()
		err := s.Fetch(t.Context(), commit, filepath.Join(t.TempDir(), "dir"), func(_ string, o []byte) error {
			objects = string(o)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return objects
	}
	for name, test := range map[string]struct {
		first, second, want string
		err                 error
	}{
		"older version":   {"", "ours", "ours", nil},
		"the same":        {"ours", "ours", "ours", nil},
		"others":          {"theirs", "ours", "theirs", ErrDifferentContent},
		"we have none":    {"theirs", "", "theirs", ErrDifferentContent},
		"neither has any": {"", "", "", nil},
	} {
		s := storeOf(t, packed(t, sampleTree()))
		if test.first != "" {
			s = storeOf(t, slices.Concat(objectsFrame(t, test.first), packed(t, sampleTree())))
		}
		if _, err := s.Put(t.Context(), commit, commitTime, sampleTree(), []byte(test.second)); !errors.Is(err, test.err) {
			t.Errorf("%s: %v", name, err)
		}
		if got := fetchObjects(s); got != test.want {
			t.Errorf("%s: holds %q, want %q", name, got, test.want)
		}
	}
}

func objectsFrame(t *testing.T, objects string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := writeObjects(&b, []byte(objects)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzUnpack unpacks an archive that a line-based description defines. Nothing may end
// up, or point, outside the directory, and nothing may panic.
func FuzzUnpack(f *testing.F) {
	f.Add("f a\nf b/c\nl d a\nd e")
	f.Add("l s/up ..\nl e s/up/../x\nf e/y")
	f.Add("f ../x\nf /x\nf a/.git/x")
	f.Add("l a b\nl b a\nf a/c")
	f.Add("f a\nf a/b\nl a ../..")
	f.Fuzz(func(t *testing.T, text string) {
		var raw bytes.Buffer
		w := tar.NewWriter(&raw)
		for line := range strings.Lines(text) {
			kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			name, target, _ := strings.Cut(rest, " ")
			h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Linkname: target, Mode: 0o644}
			switch kind {
			case "l":
				h.Typeflag = tar.TypeSymlink
			case "d":
				h.Typeflag = tar.TypeDir
			case "h":
				h.Typeflag = tar.TypeLink
			}
			if w.WriteHeader(h) != nil {
				return // no tar can hold it
			}
		}
		if w.Close() != nil {
			return
		}
		assertConfined(t, &raw)
	})
}

// FuzzUnpackBytes does the same for any bytes.
func FuzzUnpackBytes(f *testing.F) {
	var raw bytes.Buffer
	w := tar.NewWriter(&raw)
	for _, h := range []tar.Header{fileHeader("a/b"), linkHeader("c", "a/b"), fileHeader("日本")} {
		if err := w.WriteHeader(&h); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(raw.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) { assertConfined(t, bytes.NewReader(data)) })
}

// assertConfined unpacks a tar and checks that all of it is inside.
func assertConfined(t *testing.T, raw io.Reader) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "dir")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	unpackErr := unpackTar(raw, root)
	if entries, err := os.ReadDir(parent); err != nil || len(entries) != 1 {
		t.Fatalf("next to the directory: %v, %v", entries, err)
	}
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.Type() != fs.ModeSymlink {
			return err
		}
		if to, err := filepath.EvalSymlinks(name); err == nil && to != dir && !strings.HasPrefix(to, dir+"/") {
			t.Errorf("%s leads to %s (%v)", name, to, unpackErr)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
