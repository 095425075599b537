//go:build linux

package image

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"reconcile/internal/testtier"
)

// assemble writes the files of a stage into a directory. It builds each file or finds it
// on this machine, as the earlier stages would.
func assemble(t *testing.T, s stage) string {
	t.Helper()
	root := t.TempDir()
	makeTraversable(t, root)
	for _, c := range s.copies {
		target := filepath.Join(root, c.target)
		mkdir(t, filepath.Dir(target))
		if c.source == "/out/home" {
			mkdir(t, target) // a mount point, like a volume's
			continue
		}
		runCommand(t, exec.Command("cp", "-rLT", "--preserve=mode", findSource(t, c), target))
	}
	for _, mount := range []string{"proc", "dev", "repo", s.workdir} {
		mkdir(t, filepath.Join(root, mount))
	}
	return root
}

// findSource returns the path on this machine of a file from another stage.
func findSource(t *testing.T, c copyInstruction) string {
	t.Helper()
	switch {
	case c.from == "base": // Debian's own
		return c.source
	case c.source == "/out/reconcile":
		return buildProgram(t)
	case c.source == "/src/LICENSE":
		return filepath.Join(repository, "LICENSE")
	case c.source == "/out/terraform":
		return testtier.Tool(t, "terraform")
	case c.source == "/out/LICENSE.txt": // Terraform's; part of the download
		return os.DevNull
	}
	t.Fatalf("the Dockerfile copies %s from %s: add it to this test", c.source, c.from)
	return ""
}

// buildProgram builds the program as the Dockerfile does, but without -trimpath, which
// would compile everything again.
func buildProgram(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "reconcile")
	cmd := exec.Command("go", "build", "-ldflags", "-s -w -X main.version=image-test", "-o", binary, "./cmd/reconcile")
	cmd.Dir = repository
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	runCommand(t, cmd)
	return binary
}

// makeTraversable lets the image's user enter the parent directories of dir that
// testing created for us only.
func makeTraversable(t *testing.T, dir string) {
	t.Helper()
	for d := dir; strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func mkdir(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
}

// runCommand runs a command that must succeed.
func runCommand(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
}

// parseUser returns the numbers in a stage's USER.
func parseUser(t *testing.T, user string) (uid, gid uint32) {
	t.Helper()
	u, g, _ := strings.Cut(user, ":")
	uid64, err1 := strconv.ParseUint(u, 10, 32)
	gid64, err2 := strconv.ParseUint(g, 10, 32)
	if err1 != nil || err2 != nil || uid64 == 0 || gid64 == 0 {
		t.Fatalf("USER %q: want two numbers that are not root's, so that the image runs where names are not looked up", user)
	}
	return uint32(uid64), uint32(gid64)
}
