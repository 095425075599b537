//go:build linux

package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPassInCodeBuild runs a buildspec's command as with `run-as`: by a shell, as the
// image's user for it. This must be the user of the other image, because they share
// files.
func TestPassInCodeBuild(t *testing.T) {
	image := readStage(t, "codebuild")
	if image.user != "" || image.entrypoint != nil {
		t.Fatalf("USER %q, ENTRYPOINT %v: CodeBuild's agent starts as root, without an entry point", image.user, image.entrypoint)
	}
	finalImage := readStage(t, finalStage)
	uid, _ := parseUser(t, finalImage.user)
	user := regexp.MustCompile(`^useradd --uid (\d+) .*--home-dir (\S+) .*\breconcile$`).FindStringSubmatch(image.runs[0])
	if len(image.runs) != 2 || !strings.Contains(image.runs[1], " bubblewrap ") || user == nil || user[1] != regexp.MustCompile(`^\d+`).FindString(finalImage.user) {
		t.Fatalf("RUN %q creates no user reconcile with the id %d, or installs no bubblewrap", image.runs, uid)
	}
	if user[2] != image.workdir || image.env["HOME"] != image.workdir {
		t.Fatalf("its home %s is not WORKDIR %s and HOME %s", user[2], image.workdir, image.env["HOME"])
	}

	// Debian and CodeBuild provide these.
	image.user, image.volumes = finalImage.user, []string{image.workdir}
	image.entrypoint = []string{"/bin/sh", "-c"}
	image.env["PATH"] = "/usr/local/bin:/usr/bin:/bin"
	image.copies = append(image.copies, copyInstruction{from: "base", source: "/bin/sh", target: "/bin/sh"})
	for _, library := range findLibraries(t, "/bin/sh") {
		image.copies = append(image.copies, copyInstruction{from: "base", source: library, target: library})
	}

	c := startStage(t, image)
	pass := decode(t, c.run(t, "reconcile now --trigger webhook -o json"))
	if pass.Outcome != "applied" || len(pass.Workspaces) != 2 {
		t.Errorf("the pass: %+v, want two workspaces applied", pass)
	}
}

// findLibraries returns the shared libraries of a program.
func findLibraries(t *testing.T, program string) (paths []string) {
	t.Helper()
	out, err := exec.Command("ldd", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range regexp.MustCompile(`/\S+`).FindAllString(string(out), -1) {
		paths = append(paths, filepath.Clean(path))
	}
	return paths
}
