// Package release tests what `make release` makes.
package release

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	spdx "github.com/spdx/tools-golang/json"

	"reconcile/internal/testtier"
)

const version = "9.8.7"

// TestRelease makes a release of the same tree in two folders, for Linux on this
// architecture. All files are the same, byte for byte, and the checksums fit.
func TestRelease(t *testing.T) {
	goreleaser := testtier.Tool(t, "goreleaser")
	tree := strings.TrimSpace(run(t, "../..", "git", "stash", "create")) // with what is changed and not committed
	if tree == "" {
		tree = "HEAD"
	}
	dirs := []string{filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "elsewhere", "b")}
	for _, dir := range dirs {
		commitTree(t, tree, dir)
		c := exec.Command(filepath.Join(dir, ".ci/release/make.sh"))
		c.Env = append(os.Environ(),
			"PATH="+filepath.Dir(goreleaser)+string(filepath.ListSeparator)+os.Getenv("PATH"),
			"RELEASE_TERRAFORM="+testtier.Tool(t, "terraform"))
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	dist, again := filepath.Join(dirs[0], "dist"), filepath.Join(dirs[1], "dist")
	sums := readFile(t, dist, "reconcile_"+version+"_checksums.txt")
	if d := cmp.Diff(string(sums), string(readFile(t, again, "reconcile_"+version+"_checksums.txt"))); d != "" {
		t.Errorf("the two releases differ:\n%s", d)
	}
	checkSums(t, dist, string(sums))
	for _, name := range []string{".deb", ".rpm", ".tar.gz", ".spdx.json"} {
		if !strings.Contains(string(sums), "_linux_"+runtime.GOARCH+name+"\n") {
			t.Errorf("the release has no %s:\n%s", name, sums)
		}
	}

	base := filepath.Join(dist, "reconcile_"+version+"_linux_"+runtime.GOARCH)
	unpacked := t.TempDir()
	run(t, unpacked, "tar", "-xzf", base+".tar.gz")
	checkArchive(t, unpacked)
	checkPackage(t, base+".deb", unpacked)
	checkSPDX(t, base+".spdx.json")
	checkImage(t, filepath.Join(dist, "reconcile_"+version+"_image.tar"), readFile(t, unpacked, "reconcile"))
}

// commitTree makes a repository of one commit, which has a version's tag, in dir. Its time
// and its author are always the same.
func commitTree(t *testing.T, tree, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(t.TempDir(), "tree.tar")
	run(t, "../..", "git", "archive", "-o", archive, tree)
	run(t, dir, "tar", "-xf", archive)
	settings := filepath.Join(dir, ".goreleaser.yaml")
	text := string(readFile(t, dir, ".goreleaser.yaml"))
	for from, to := range map[string]string{"goos: [linux, darwin]": "goos: [linux]", "goarch: [amd64, arm64]": "goarch: [" + runtime.GOARCH + "]"} {
		if !strings.Contains(text, from) {
			t.Fatalf(".goreleaser.yaml has no %q", from)
		}
		text = strings.Replace(text, from, to, 1)
	}
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "git", "init", "-q", "-b", "main")
	run(t, dir, "git", "add", "--all", "--force")
	run(t, dir, "git", "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-q", "-m", "Release")
	run(t, dir, "git", "tag", "v"+version)
}

// checkSums verifies the checksums, and that each file that people get has one.
func checkSums(t *testing.T, dist, sums string) {
	t.Helper()
	tool := []string{"sha256sum"}
	if runtime.GOOS == "darwin" {
		tool = []string{"shasum", "-a", "256"}
	}
	run(t, dist, tool[0], append(tool[1:], "--check", "reconcile_"+version+"_checksums.txt")...)
	for _, path := range glob(t, filepath.Join(dist, "reconcile_"+version+"_*")) {
		if name := filepath.Base(path); !strings.HasSuffix(name, "_checksums.txt") && !strings.Contains(sums, "  "+name+"\n") {
			t.Errorf("%s has no checksum", name)
		}
	}
}

func checkArchive(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"LICENSE", "CHANGELOG.md", "README.md", "README.ja.md", "completions/reconcile.bash", "completions/_reconcile", "completions/reconcile.fish", "man/reconcile.1.gz", "man/reconcile-now.1.gz", "man/reconcile-help-settings.1.gz"} {
		if len(readFile(t, dir, name)) == 0 {
			t.Errorf("%s is empty", name)
		}
	}
	if got := run(t, dir, "./reconcile", "--version"); !strings.Contains(got, version) {
		t.Errorf("--version prints %q, want %s", got, version)
	}
	if page := run(t, dir, "gzip", "-dc", "man/reconcile-now.1.gz"); !strings.Contains(page, `"reconcile `+version+`"`) || !strings.Contains(page, "replan") {
		t.Errorf("the manual page of now:\n%s", page)
	}
}

// checkPackage compares the files of a Debian package with the archive's files.
func checkPackage(t *testing.T, path, archive string) {
	t.Helper()
	root := t.TempDir()
	run(t, root, "dpkg-deb", "--extract", path, ".")
	for name, from := range map[string]string{
		"usr/bin/reconcile":                               "reconcile",
		"usr/share/man/man1/reconcile.1.gz":               "man/reconcile.1.gz",
		"usr/share/bash-completion/completions/reconcile": "completions/reconcile.bash",
		"usr/share/doc/reconcile/copyright":               "LICENSE",
	} {
		if !bytes.Equal(readFile(t, root, name), readFile(t, archive, from)) {
			t.Errorf("%s of the package is not %s of the archive", name, from)
		}
	}
	if got := strings.TrimSpace(run(t, root, "dpkg-deb", "--field", path, "Version")); got != version {
		t.Errorf("the package's version is %q, want %s", got, version)
	}
}

func checkSPDX(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	document, err := spdx.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(document.Packages) < 50 || document.Packages[0].PackageName != "reconcile" || document.Packages[0].PackageVersion != version {
		t.Fatalf("%d packages, the first is %+v", len(document.Packages), document.Packages[0])
	}
	for _, p := range document.Packages[1:] {
		if p.PackageVersion == "" || p.PackageLicenseConcluded == "NOASSERTION" {
			t.Errorf("%s has the version %q and the licence %q", p.PackageName, p.PackageVersion, p.PackageLicenseConcluded)
		}
	}
}

// checkImage looks for the program in the image of this architecture.
func checkImage(t *testing.T, archive string, program []byte) {
	t.Helper()
	dir, root := t.TempDir(), t.TempDir()
	run(t, dir, "tar", "-xf", archive)
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 || manifest.Manifests[0].Platform.Architecture != runtime.GOARCH {
		t.Fatalf("%+v, %v: want one image for %s", manifest, err, runtime.GOARCH)
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil || !slices.Equal(config.Config.Entrypoint, []string{"/usr/local/bin/reconcile"}) || config.Config.Labels["org.opencontainers.image.version"] != version {
		t.Errorf("%+v, %v", config, err)
	}
	files := mutate.Extract(image)
	defer files.Close()
	c := exec.Command("tar", "-C", root, "-xf", "-", "usr/local/bin/reconcile")
	c.Stdin = files
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !bytes.Equal(readFile(t, root, "usr/local/bin/reconcile"), program) {
		t.Error("the image and the archive have different programs")
	}
}

// run runs a command that must succeed, and returns its output. Commits have a fixed time.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GIT_AUTHOR_DATE=1764000000 +0000", "GIT_COMMITTER_DATE=1764000000 +0000")
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", c, err, out, &stderr)
	}
	return string(out)
}

func readFile(t *testing.T, dir, name string) []byte {
	t.Helper()
	content, err := fs.ReadFile(os.DirFS(dir), name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %q, %v", pattern, paths, err)
	}
	return paths
}
