//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"reconcile/internal/release"
	"reconcile/internal/testtier"
)

// assemble writes a stage as an image, as a release does, and unpacks that. It builds the
// program, and takes the Terraform of this machine.
func assemble(t *testing.T, s stage) string {
	t.Helper()
	image, err := s.newImage(runtime.GOARCH, parts{repository: repository, program: buildProgram(t), terraform: testtier.Tool(t, "terraform")})
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(t.TempDir(), "image.tar")
	if err := release.WriteImages(archive, time.Unix(0, 0), image); err != nil {
		t.Fatal(err)
	}
	root := unpackImage(t, archive)
	for _, mount := range []string{"proc", "dev", "repo", s.workdir} {
		mkdir(t, filepath.Join(root, mount))
	}
	return root
}

// unpackImage returns a folder with the files of the only image in an archive.
func unpackImage(t *testing.T, archive string) string {
	t.Helper()
	dir, root := t.TempDir(), t.TempDir()
	makeTraversable(t, root)
	runCommand(t, exec.Command("tar", "-C", dir, "-xf", archive))
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 {
		t.Fatalf("%+v, %v: want one image", manifest, err)
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	files := mutate.Extract(image)
	defer files.Close()
	tar := exec.Command("tar", "-C", root, "-xpf", "-")
	tar.Stdin = files
	runCommand(t, tar)
	return root
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
