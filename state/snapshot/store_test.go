package snapshot_test

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/oklog/ulid/v2"

	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/state/snapshot"
	"reconcile/state/snapshot/s3test"
)

const (
	commitA = "0123456789abcdef0123456789abcdef01234567"
	commitB = "89abcdef0123456789abcdef0123456789abcdef"
	runA    = "01JD0000000000000000000000"
	runB    = "01KD0000000000000000000000"
)

// acceptAny accepts every tree.
func acceptAny(string, []byte) error { return nil }

var commitTime = time.Unix(1_700_000_000, 0)

func smallTree() fstest.MapFS {
	return fstest.MapFS{
		"env/tokyo/main.tf": {Data: []byte("terraform {}\n")},
		"env.hcl":           {Data: []byte("x")},
		"bin/run":           {Data: []byte("#!/bin/sh\n"), Mode: 0o755},
		"env/tokyo/link.tf": {Data: []byte("../../env.hcl"), Mode: fs.ModeSymlink},
		"日本語/" + strings.Repeat("長", 80) + ".tf": {Data: []byte{}},
		"vendored": {Mode: fs.ModeIrregular},
		"large":    {Data: []byte(strings.Repeat("0123456789abcdef", 1<<16))},
	}
}

// stores are the kinds of store; each function opens an empty one.
var stores = map[string]func(t *testing.T) *snapshot.Store{
	"directory": func(t *testing.T) *snapshot.Store {
		return open(t, filepath.Join(t.TempDir(), "a", "b"), aws.Config{})
	},
	"s3": func(t *testing.T) *snapshot.Store {
		s := s3test.Start(t)
		s.CreateBucket(t, "bucket")
		return open(t, "s3://bucket/pre/fix", s.Config())
	},
}

func open(t *testing.T, location string, cfg aws.Config) *snapshot.Store {
	t.Helper()
	s, err := snapshot.Open(t.Context(), location, cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.TempDir = t.TempDir()
	return s
}

func forEachStore(t *testing.T, test func(t *testing.T, s *snapshot.Store)) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func put(t *testing.T, s *snapshot.Store, commit commitid.ID, tree snapshot.Tree) string {
	t.Helper()
	location, err := s.Put(t.Context(), commit, commitTime, tree, nil)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

func TestPutAndFetch(t *testing.T) {
	forEachStore(t, func(t *testing.T, s *snapshot.Store) {
		location := put(t, s, commitA, smallTree())
		if again := put(t, s, commitA, smallTree()); again != location {
			t.Errorf("put twice: %s, then %s", location, again)
		}
		dir := filepath.Join(t.TempDir(), "tree")
		if err := s.Fetch(t.Context(), commitA, dir, acceptAny); err != nil {
			t.Fatal(err)
		}
		assertTree(t, dir)
	})
}

func assertTree(t *testing.T, dir string) {
	t.Helper()
	want := smallTree()
	got := os.DirFS(dir)
	for name, file := range want {
		if file.Mode == fs.ModeIrregular {
			if entries, err := fs.ReadDir(got, name); err != nil || len(entries) > 0 {
				t.Errorf("%s: %v, %v; want an empty directory", name, entries, err)
			}
			continue
		}
		if file.Mode == fs.ModeSymlink {
			if link, err := os.Readlink(filepath.Join(dir, name)); err != nil || link != string(file.Data) {
				t.Errorf("%s: link to %q, %v", name, link, err)
			}
			continue
		}
		data, err := fs.ReadFile(got, name)
		if err != nil || string(data) != string(file.Data) {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(data), err, len(file.Data))
		}
		info, err := fs.Stat(got, name)
		if err != nil || (info.Mode()&0o100 != 0) != (file.Mode&0o100 != 0) {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestNeverOverwritten(t *testing.T) {
	forEachStore(t, func(t *testing.T, s *snapshot.Store) {
		put(t, s, commitA, smallTree())
		other := smallTree()
		other["env.hcl"] = &fstest.MapFile{Data: []byte("y")}
		if _, err := s.Put(t.Context(), commitA, commitTime, other, nil); !errors.Is(err, snapshot.ErrDifferentContent) {
			t.Fatalf("another tree under the same commit: %v", err)
		}
		dir := filepath.Join(t.TempDir(), "tree")
		if err := s.Fetch(t.Context(), commitA, dir, acceptAny); err != nil {
			t.Fatal(err)
		}
		assertTree(t, dir)
	})
}

func TestListAndPrune(t *testing.T) {
	forEachStore(t, func(t *testing.T, s *snapshot.Store) {
		if all, err := s.List(t.Context()); err != nil || len(all) > 0 {
			t.Fatalf("empty store: %v, %v", all, err)
		}
		locations := []string{put(t, s, commitA, smallTree()), put(t, s, commitB, smallTree())}
		if err := s.PutLog(t.Context(), runA, "a", strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		all, err := s.List(t.Context())
		if err != nil || len(all) != 2 || all[0].Commit != commitA || all[1].Commit != commitB {
			t.Fatalf("%v, %v", all, err)
		}
		for i, got := range all {
			if got.Size == 0 || time.Since(got.StoredAt) > time.Hour || got.Location != locations[i] {
				t.Errorf("%+v; want location %s", got, locations[i])
			}
		}
		if removed, err := s.Prune(t.Context(), time.Now().Add(-time.Hour), keepNone); err != nil || len(removed) > 0 {
			t.Errorf("nothing is old: %v, %v", removed, err)
		}
		removed, err := s.Prune(t.Context(), time.Now().Add(time.Hour), func(c commitid.ID) bool { return c == commitB })
		if err != nil || len(removed) != 1 || removed[0] != commitA {
			t.Errorf("removed %v, %v", removed, err)
		}
		if all, err := s.List(t.Context()); err != nil || len(all) != 1 || all[0].Commit != commitB {
			t.Errorf("left: %v, %v", all, err)
		}
	})
}

func keepNone(commitid.ID) bool { return false }

func TestLogs(t *testing.T) {
	forEachStore(t, func(t *testing.T, s *snapshot.Store) {
		ctx := t.Context()
		long := strings.Repeat("環境/", 40) + "a" // 400 bytes, and 1,120 when escaped
		for _, workspace := range []string{"tokyo-ap-A", "a/b", "a", "a.log/b", long} {
			for _, text := range []string{"first", "log of " + workspace} {
				if err := s.PutLog(ctx, runA, workspace, strings.NewReader(text)); err != nil {
					t.Fatal(err)
				}
			}
			if got := readAll(t)(s.Log(ctx, runA, workspace)); got != "log of "+workspace {
				t.Errorf("%s: %q", workspace, got)
			}
		}
		logs, err := s.Logs(ctx, runA)
		if got := strings.Join(logs, " "); err != nil || got != "a a.log/b a/b tokyo-ap-A "+long {
			t.Errorf("logs: %s, %v", got, err)
		}
		if logs, err := s.Logs(ctx, runB); err != nil || len(logs) > 0 {
			t.Errorf("a run without logs: %v, %v", logs, err)
		}
		if _, err := s.Log(ctx, runB, "a"); !errors.Is(err, snapshot.ErrNotFound) {
			t.Errorf("no such log: %v", err)
		}
	})
}

func readAll(t *testing.T) func(io.ReadCloser, error) string {
	return func(r io.ReadCloser, err error) string {
		t.Helper()
		if err != nil {
			t.Error(err)
			return ""
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
}

func TestFiles(t *testing.T) {
	forEachStore(t, func(t *testing.T, s *snapshot.Store) {
		ctx := t.Context()
		putFile := func(text string) (string, error) {
			return s.PutFile(ctx, runA, "a/b", "errored.tfstate", strings.NewReader(text))
		}
		location, err := putFile("state")
		if err != nil {
			t.Fatal(err)
		}
		if again, err := putFile("state"); err != nil || again != location {
			t.Errorf("again: %s, %v", again, err)
		}
		if _, err := putFile("another state"); !errors.Is(err, snapshot.ErrDifferentContent) {
			t.Errorf("another state: %v", err)
		}
		if got := readAll(t)(s.File(ctx, runA, "a/b", "errored.tfstate")); got != "state" {
			t.Errorf("kept %q", got)
		}
		long := strings.Repeat("環境", 30)
		if _, err := s.PutFile(ctx, runA, long, "errored.tfstate", strings.NewReader("long")); err != nil {
			t.Error(err)
		}
		if got := readAll(t)(s.File(ctx, runA, long, "errored.tfstate")); got != "long" {
			t.Errorf("kept %q", got)
		}
		if logs, err := s.Logs(ctx, runA); err != nil || len(logs) > 0 {
			t.Errorf("logs: %v, %v", logs, err)
		}
	})
}

func TestPruneLogs(t *testing.T) {
	forEachStore(t, func(t *testing.T, s *snapshot.Store) {
		ctx := t.Context()
		kept := runid.ID(ulid.MustNew(ulid.Timestamp(time.Unix(1_600_000_000, 0)), nil).String())
		for _, run := range []runid.ID{runA, runB, kept} {
			if err := s.PutLog(ctx, run, "a/b", strings.NewReader("x")); err != nil {
				t.Fatal(err)
			}
			if _, err := s.PutFile(ctx, run, "a/b", "errored.tfstate", strings.NewReader("x")); err != nil {
				t.Fatal(err)
			}
		}
		between := ulid.Time(ulid.MustParse(runB).Time())
		removed, err := s.PruneLogs(ctx, between, func(run runid.ID) bool { return run == kept })
		if err != nil || len(removed) != 1 || removed[0] != runA {
			t.Errorf("removed %v, %v", removed, err)
		}
		for run, want := range map[runid.ID]int{runA: 0, runB: 1, kept: 1} {
			if logs, err := s.Logs(ctx, run); err != nil || len(logs) != want {
				t.Errorf("%s: %v, %v", run, logs, err)
			}
		}
		if _, err := s.File(ctx, runA, "a/b", "errored.tfstate"); !errors.Is(err, snapshot.ErrNotFound) {
			t.Errorf("file of a removed run: %v", err)
		}
	})
}

func TestNames(t *testing.T) {
	s := open(t, t.TempDir(), aws.Config{})
	for _, name := range []string{"", ".", "..", "/a", "a/", "a//b", "a/../b", "../a", "a\x00", ".git"} {
		if err := s.PutLog(t.Context(), runA, name, strings.NewReader("x")); !errors.Is(err, snapshot.ErrUnsafe) {
			t.Errorf("workspace %q: %v", name, err)
		}
		if _, err := s.PutFile(t.Context(), runA, "a", snapshot.FileName(name), strings.NewReader("x")); !errors.Is(err, snapshot.ErrUnsafe) {
			t.Errorf("file %q: %v", name, err)
		}
	}
	for _, run := range []runid.ID{"", "..", "x", runid.ID(strings.ToLower(runA)), runA + "/..", runid.ID(runA[1:])} {
		if err := s.PutLog(t.Context(), run, "a", strings.NewReader("x")); err == nil {
			t.Errorf("run %q: no error", run)
		}
		if _, err := s.Logs(t.Context(), run); err == nil {
			t.Errorf("run %q: no error", run)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, location := range []string{"", "s3://", "s3:///x", "s3://b//x", "s3://b/../x", "https://b/x", "file:///x"} {
		if _, err := snapshot.Open(t.Context(), location, aws.Config{}); err == nil || !strings.Contains(err.Error(), "s3://BUCKET/PREFIX") {
			t.Errorf("%q: %v", location, err)
		}
	}
}

func TestCheck(t *testing.T) {
	forEachStore(t, func(t *testing.T, s *snapshot.Store) {
		for range 2 {
			if err := s.Check(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if all, err := s.List(t.Context()); err != nil || len(all) > 0 {
			t.Errorf("it made snapshots: %v, %v", all, err)
		}
	})
	t.Run("no bucket", func(t *testing.T) {
		s := open(t, "s3://nowhere/x", s3test.Start(t).Config())
		if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no bucket nowhere") {
			t.Error(err)
		}
	})
	t.Run("reads alone are allowed", func(t *testing.T) {
		server := s3test.Start(t)
		server.CreateBucket(t, "b")
		server.Inject(func(r *http.Request) int {
			if r.Method == http.MethodPut {
				return http.StatusForbidden
			}
			return s3test.Serve
		})
		if err := open(t, "s3://b", server.Config()).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "access denied") {
			t.Error(err)
		}
	})
	t.Run("conditions are ignored", func(t *testing.T) {
		server := s3test.Start(t)
		server.CreateBucket(t, "b")
		server.Inject(func(r *http.Request) int {
			r.Header.Del("If-None-Match")
			return s3test.Serve
		})
		if err := open(t, "s3://b", server.Config()).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "If-None-Match") {
			t.Error(err)
		}
	})
	t.Run("not a directory", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := open(t, file, aws.Config{}).Check(t.Context()); err == nil {
			t.Error("no error")
		}
	})
}
