// Package tools has the tests of the scripts that install tools. The tools themselves are
// in the modules below.
package tools

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"reconcile/internal/programtest"
)

// packZip returns an archive with one file.
func packZip(t *testing.T, name, content string) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	f, err := w.Create(name)
	if err == nil {
		_, err = f.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

func packTar(t *testing.T, name, content string) []byte {
	t.Helper()
	var archive bytes.Buffer
	compressed := gzip.NewWriter(&archive)
	w := tar.NewWriter(compressed)
	err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))})
	if err == nil {
		_, err = w.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = compressed.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

// A tool is installed only from an archive with the listed checksum. In every other case
// the script says why, and leaves nothing behind.
func TestReadyMade(t *testing.T) {
	platform := runtime.GOOS + "_" + runtime.GOARCH
	inZip, inTar := packZip(t, "tool", "the program"), packTar(t, "tool", "the program")
	other := packZip(t, "another", "the program")
	files := map[string][]byte{
		"/v1.2.3/tool_" + platform + ".zip":          inZip,
		"/v1.2.3/tool_1.2.3_" + platform + ".tar.gz": inTar,
		"/other/v1.2.3/tool_" + platform + ".zip":    other,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(content)
	}))
	defer server.Close()
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close() // its port refuses connections
	sum := func(archive []byte) string { return fmt.Sprintf("%x", sha256.Sum256(archive)) }
	for name, c := range map[string]struct {
		url, sum string
		says     string // "": it is installed
	}{
		"a zip":           {server.URL + "/v1.2.3/tool_" + platform + ".zip", sum(inZip), ""},
		"a tar":           {server.URL + "/v1.2.3/tool_1.2.3_" + platform + ".tar.gz", sum(inTar), ""},
		"another sum":     {server.URL + "/v1.2.3/tool_" + platform + ".zip", sum(inTar), "the SHA-256 of " + server.URL},
		"another program": {server.URL + "/other/v1.2.3/tool_" + platform + ".zip", sum(other), "has no tool in it"},
		"no such file":    {server.URL + "/none/v1.2.3/tool_" + platform + ".zip", sum(inZip), "404"},
		"no server":       {away.URL + "/v1.2.3/tool_" + platform + ".zip", sum(inZip), "curl: (7)"},
		"other version":   {server.URL + "/v1.2.4/tool_" + platform + ".zip", sum(inZip), "no checksum of 1.2.3 for " + platform},
		"other platform":  {server.URL + "/v1.2.3/tool_plan9_mips.zip", sum(inZip), "no checksum of 1.2.3 for " + platform},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			list, binary := filepath.Join(dir, "list"), filepath.Join(dir, "bin-tool")
			if err := os.WriteFile(list, []byte(c.sum+"  "+c.url+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("./ready-made.sh", "tool", "1.2.3", binary, list).CombinedOutput()
			program, readErr := os.ReadFile(binary)
			if c.says == "" {
				if err != nil || string(program) != "the program" {
					t.Errorf("%v: %s\ninstalled: %q, %v", err, out, program, readErr)
				}
				return
			}
			if err == nil || readErr == nil || !strings.Contains(string(out), "tools: tool: not downloaded: ") || !strings.Contains(string(out), c.says) {
				t.Errorf("%v: %s\ninstalled: %q", err, out, program)
			}
		})
	}
}

// Each line of the list is of the version that is pinned, so that it is used.
func TestReadyMadeList(t *testing.T) {
	list, err := os.ReadFile("ready-made.sha256")
	if err != nil {
		t.Fatal(err)
	}
	pinned := ""
	for _, tool := range []string{"tofu", "tflint"} {
		module, err := os.ReadFile(filepath.Join(tool, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		pinned += string(module)
	}
	for line := range strings.Lines(string(list)) {
		var owner, repo, version string
		path := strings.ReplaceAll(line[strings.Index(line, "github.com/"):], "/", " ")
		if _, err := fmt.Sscanf(path, "github.com %s %s releases download %s", &owner, &repo, &version); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if !strings.Contains(pinned, owner+"/"+repo+" "+version) {
			t.Errorf("no go.mod pins %s %s", repo, version)
		}
	}
}

// The AWS provider from the registry stands where aws-provider.sh would put it, which then
// has nothing to do. Without a registry nothing is left behind.
func TestRegistryProvider(t *testing.T) {
	const name = "terraform-provider-aws_v6.34.0_x5"
	for _, online := range []bool{true, false} {
		t.Run(fmt.Sprintf("online=%t", online), func(t *testing.T) {
			cache := t.TempDir()
			dir := filepath.Join(cache, "aws-provider")
			terraform := "echo; echo 'Error: the registry is away' >&2; exit 1"
			if online {
				terraform = `cd "${1#-chdir=}"; grep -q zh: .terraform.lock.hcl
mirrored=.terraform/providers/registry.terraform.io/hashicorp/aws/6.34.0/some_platform
mkdir -p "$mirrored"; echo the provider >"$mirrored/` + name + `"`
			}
			if err := os.Mkdir(filepath.Join(cache, "bin"), 0o700); err != nil {
				t.Fatal(err)
			}
			programtest.Write(t, filepath.Join(cache, "bin", "terraform"), "#!/usr/bin/env bash\nset -e\n"+terraform+"\n")
			run := func(script string) (string, error) {
				c := exec.Command(script)
				c.Env = append(os.Environ(), "RECONCILE_TEST_CACHE="+cache)
				out, err := c.CombinedOutput()
				return string(out), err
			}
			out, err := run("./registry-provider.sh")
			if !online {
				left, globErr := filepath.Glob(filepath.Join(dir, "*"))
				if err == nil || !strings.Contains(out, "not downloaded: Error: the registry is away") || globErr != nil || len(left) > 0 {
					t.Errorf("%v: %s; left are %q, %v", err, out, left, globErr)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for _, file := range []string{name, "dev.tfrc", "mirror.tfrc", "mirror/registry.terraform.io/hashicorp/aws/6.34.0/some_platform/" + name} {
				if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
					t.Error(err)
				}
			}
			if out, err := run("./registry-provider.sh"); err != nil || out != "" {
				t.Errorf("a second time: %v: %s", err, out)
			}
			provider := filepath.Join(dir, name)
			if err := os.Chmod(provider, 0o700); err != nil { // as the registry's is
				t.Fatal(err)
			}
			if out, err := run("./aws-provider.sh"); err != nil || out != "" {
				t.Errorf("aws-provider.sh has something to do: %v: %s", err, out)
			}
		})
	}
}
