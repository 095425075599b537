//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
)

// container runs an image's content with bubblewrap as Fargate would: with the image's
// user, a read-only root, one volume, no other process, and without any network.
type container struct {
	image stage
	root  string            // the image's files
	work  string            // the volume
	repo  string            // mounted on /repo
	env   map[string]string // added to the image's own
}

// command returns the image's entry point with args, or with the image's own CMD if
// there are none.
func (c *container) command(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if len(args) == 0 {
		args = c.image.cmd
	}
	bwrap, err := exec.LookPath("bwrap")
	if err != nil {
		t.Fatalf("%v: run `make tools`", err)
	}
	uid, gid := parseUser(t, c.image.user)
	sandbox := []string{
		"--unshare-all", "--unshare-user", "--uid", fmt.Sprint(uid), "--gid", fmt.Sprint(gid),
		"--as-pid-1", "--die-with-parent", "--new-session", "--clearenv",
		"--ro-bind", c.root, "/", "--proc", "/proc", "--dev", "/dev",
		"--bind", c.work, c.image.volumes[0], "--ro-bind", c.repo, "/repo",
		"--chdir", c.image.workdir,
	}
	env := maps.Clone(c.image.env)
	maps.Copy(env, c.env)
	for _, name := range slices.Sorted(maps.Keys(env)) {
		sandbox = append(sandbox, "--setenv", name, env[name])
	}
	sandbox = append(append(append(sandbox, "--"), c.image.entrypoint...), args...)
	cmd := exec.CommandContext(ctx, bwrap, sandbox...)
	cmd.Dir = "/"
	if os.Geteuid() == 0 { // otherwise bubblewrap maps us to that user
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	}
	return cmd
}

// run runs the command, which must succeed, and returns stdout.
func (c *container) run(t *testing.T, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := c.command(t.Context(), t, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("reconcile %v: %v\nstdout:\n%s\nstderr:\n%s", args, err, &stdout, &stderr)
	}
	return stdout.Bytes()
}

// result is the part of `now -o json` that the tests read.
type result struct {
	Outcome    string
	Workspaces []struct{ Name, Outcome, Error string }
}

func decode(t *testing.T, out []byte) (r result) {
	t.Helper()
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v in:\n%s", err, out)
	}
	return r
}
