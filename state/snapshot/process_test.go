package snapshot_test

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/aws/aws-sdk-go-v2/config"

	"reconcile/state/snapshot"
	"reconcile/state/snapshot/s3test"
)

// TestMain lets the test binary run as a process that puts a snapshot, and is killed or
// fills the disk on the way.
func TestMain(m *testing.M) {
	var err error
	switch os.Getenv("SNAPSHOT_TEST_CHILD") {
	case "":
		os.Exit(m.Run())
	case "hangs":
		err = childPut(hangingFS{smallTree()})
	case "disk full":
		signal.Ignore(syscall.SIGXFSZ) // so that writes fail instead
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10})
		if err == nil {
			noise := make([]byte, 9<<20)                   // a smaller archive needs no temporary file
			_, _ = rand.NewChaCha8([32]byte{}).Read(noise) // never fails
			err = childPut(fstest.MapFS{"noise": {Data: noise}})
		}
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

func childPut(tree snapshot.Tree) error {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	s, err := snapshot.Open(ctx, os.Getenv("SNAPSHOT_TEST_LOCATION"), cfg)
	if err != nil {
		return err
	}
	s.TempDir = os.Getenv("SNAPSHOT_TEST_TEMP")
	_, err = s.Put(ctx, commitA, commitTime, tree, nil)
	return err
}

// hangingFS is a tree with one file whose reading never ends.
type hangingFS struct{ fstest.MapFS }

func (h hangingFS) Open(name string) (fs.File, error) {
	if name == "large" {
		fmt.Println("reading")
		select {}
	}
	return h.MapFS.Open(name)
}

// childCommand returns a command for a process that puts a snapshot into location, and
// the directory of its temporary files.
func childCommand(t *testing.T, action, location string, env []string) (*exec.Cmd, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), env...)
	cmd.Env = append(cmd.Env, "SNAPSHOT_TEST_CHILD="+action, "SNAPSHOT_TEST_LOCATION="+location, "SNAPSHOT_TEST_TEMP="+temp)
	return cmd, temp
}

// forEachLocation runs test on a location of each kind.
func forEachLocation(t *testing.T, test func(t *testing.T, location string, s *snapshot.Store, env []string)) {
	t.Run("directory", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "snapshots")
		server := s3test.Start(t)
		test(t, dir, open(t, dir, server.Config()), nil)
	})
	t.Run("s3", func(t *testing.T) {
		server := s3test.Start(t)
		server.CreateBucket(t, "bucket")
		test(t, "s3://bucket/x", open(t, "s3://bucket/x", server.Config()), server.Env())
	})
}

func assertEmpty(t *testing.T, s *snapshot.Store, temp string) {
	t.Helper()
	if all, err := s.List(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("visible: %v, %v", all, err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("temporary files: %v, %v", left, err)
	}
	put(t, s, commitA, smallTree())
}

func TestKilledPutLeavesNothing(t *testing.T) {
	forEachLocation(t, func(t *testing.T, location string, s *snapshot.Store, env []string) {
		cmd, temp := childCommand(t, "hangs", location, env)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "reading\n" {
			t.Fatal(line, err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		assertEmpty(t, s, temp)
	})
}

func TestFullDiskLeavesNothing(t *testing.T) {
	forEachLocation(t, func(t *testing.T, location string, s *snapshot.Store, env []string) {
		cmd, temp := childCommand(t, "disk full", location, env)
		out, err := cmd.Output()
		if err == nil || !strings.Contains(string(out), syscall.EFBIG.Error()) {
			t.Errorf("%v: %s", err, out)
		}
		assertEmpty(t, s, temp)
	})
}
