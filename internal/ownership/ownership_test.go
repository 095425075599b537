package ownership

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fakeInfo is a file with any owner and mode. The tests also run as users other than root,
// who cannot change the owner of a real file.
type fakeInfo struct {
	owner int
	mode  fs.FileMode
}

func (i fakeInfo) Name() string       { return "x" }
func (i fakeInfo) Size() int64        { return 0 }
func (i fakeInfo) Mode() fs.FileMode  { return i.mode }
func (i fakeInfo) ModTime() time.Time { return time.Time{} }
func (i fakeInfo) IsDir() bool        { return i.mode.IsDir() }
func (i fakeInfo) Sys() any           { return &syscall.Stat_t{Uid: uint32(i.owner)} }

func TestJudge(t *testing.T) {
	t.Parallel()
	me := os.Geteuid()
	for _, test := range []struct {
		name string
		info fakeInfo
		ours bool
		want string
	}{
		{"our own", fakeInfo{me, 0o700}, true, ""},
		{"root's", fakeInfo{0, 0o755}, true, ""},
		{"another user's", fakeInfo{me + 4711, 0o700}, true, "is owned by another user"},
		{"an unmapped user's", fakeInfo{overflowUID, 0o700}, true, "is owned by another user"},
		{"writable by all", fakeInfo{me, 0o777}, true, "is writable by other users"},
		{"writable by all, sticky", fakeInfo{me, 0o777 | fs.ModeSticky}, true, "is writable by other users"},
		{"writable by the group", fakeInfo{me, 0o770}, true, "is writable by other users"},
		{"parent: our own", fakeInfo{me, 0o755}, false, ""},
		{"parent: the group's", fakeInfo{me, 0o775}, false, ""},
		{"parent: sticky", fakeInfo{0, 0o777 | fs.ModeSticky}, false, ""},
		{"parent: unmapped", fakeInfo{overflowUID, 0o755}, false, ""},
		{"parent: writable by all", fakeInfo{0, 0o777}, false, "is writable by other users"},
		{"parent: another user's", fakeInfo{me + 4711, 0o755}, false, "is owned by another user"},
	} {
		err := checkOwner("x", test.info, test.ours)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

func TestCheckFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := filepath.Join(dir, "open")
	own := filepath.Join(dir, "own")
	for path, mode := range map[string]fs.FileMode{open: 0o777, own: 0o700} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	planted := filepath.Join(dir, "planted")
	if err := os.MkdirAll(filepath.Join(planted, "providers"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(planted, "providers"), 0o777); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(open, link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		own:                           "",
		filepath.Join(own, "new/er"):  "",
		open:                          open,
		filepath.Join(open, "new/er"): open,
		link:                          open,
		planted:                       filepath.Join(planted, "providers"),
		filepath.Join(link, "new"):    open,
	} {
		var refused *Error
		err := CheckDir(path)
		if want == "" && err != nil || want != "" && (!errors.As(err, &refused) || refused.Path != want) {
			t.Errorf("%s: %v, want %q refused", path, err, want)
		}
	}
	file := filepath.Join(own, "terraform")
	if err := os.WriteFile(file, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := CheckFile(file); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(file, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := CheckFile(file); err == nil {
		t.Error("a program that all users may write is accepted")
	}
}
