//go:build linux

// The tests assemble the content of a stage of the Dockerfile and run it with bubblewrap,
// as an unprivileged user, with a read-only root and without a network.
package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const repository = "../.."

// startImage assembles the image and a small repository for it.
func startImage(t *testing.T) *container {
	t.Helper()
	return startStage(t, readStage(t, finalStage))
}

// readStage reads a stage of the repository's Dockerfile.
func readStage(t *testing.T, name string) stage {
	t.Helper()
	stages, err := readDockerfile(filepath.Join(repository, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := stages.readStage(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func startStage(t *testing.T, image stage) *container {
	t.Helper()
	c := &container{
		image: image,
		root:  assemble(t, image),
		work:  t.TempDir(),
		repo:  newRepository(t),
		env:   map[string]string{"RECONCILE_REPO": "/repo"},
	}
	makeTraversable(t, c.work)
	if os.Geteuid() == 0 {
		uid, gid := parseUser(t, image.user)
		if err := os.Chown(c.work, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// newRepository returns a repository of two workspaces that share a module.
func newRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	makeTraversable(t, dir)
	writeFile(t, filepath.Join(dir, "modules/note/main.tf"), `
variable "text" {
  type = string
}

resource "terraform_data" "note" {
  input = var.text
}

output "text" {
  value = terraform_data.note.output
}
`)
	for _, name := range []string{"tokyo", "osaka"} {
		writeFile(t, filepath.Join(dir, "env", name, "main.tf"), `
module "note" {
  source = "../../modules/note"
  text   = "`+name+`"
}
`)
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"},
		{"add", "."},
		{"-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-q", "-m", "Two workspaces"},
	} {
		runCommand(t, exec.Command("git", append([]string{"-C", dir}, args...)...))
	}
	return dir
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	mkdir(t, filepath.Dir(path))
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRunsAsItIsConfigured(t *testing.T) {
	image := readStage(t, finalStage)
	parseUser(t, image.user)
	if image.stopSignal != "SIGTERM" {
		t.Errorf("STOPSIGNAL %q: reconcile stops gracefully on SIGTERM", image.stopSignal)
	}
	if len(image.volumes) != 1 || image.volumes[0] != image.env["HOME"] || image.volumes[0] != image.workdir {
		t.Errorf("VOLUME %v, HOME %s, WORKDIR %s: want the same directory, the only writable one", image.volumes, image.env["HOME"], image.workdir)
	}
}

func TestPassInTheImage(t *testing.T) {
	c := startImage(t)

	c.run(t, "doctor")

	first := decode(t, c.run(t, "now", "-o", "json"))
	if first.Outcome != "applied" {
		t.Errorf("the first pass: %+v, want applied", first)
	}
	for _, name := range []string{"osaka", "tokyo"} {
		if !slices.ContainsFunc(first.Workspaces, func(w struct{ Name, Outcome, Error string }) bool {
			return w.Name == name && w.Outcome == "applied"
		}) {
			t.Errorf("the first pass did not apply %s: %+v", name, first)
		}
	}

	c.run(t) // as a scheduled task does: only the image's own CMD

	if second := decode(t, c.run(t, "now", "-o", "json")); second.Outcome != "in-sync" {
		t.Errorf("a pass with nothing to do: %+v, want in-sync", second)
	}
}

// TestBasesHaveDigests holds that no image is built from a tag, which can move.
func TestBasesHaveDigests(t *testing.T) {
	t.Parallel()
	stages, err := readDockerfile(filepath.Join(repository, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	digest := regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)
	for name, lines := range stages {
		words := strings.Fields(strings.TrimPrefix(lines[0], "FROM "))
		if strings.HasPrefix(words[0], "--platform=") {
			words = words[1:]
		}
		base := words[0]
		if _, isStage := stages[base]; !isStage && base != "scratch" && !digest.MatchString(base) {
			t.Errorf("stage %q is built from %s, which has no digest", name, base)
		}
	}
}
