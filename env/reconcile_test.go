package env_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"reconcile/modules/tftest"
	"reconcile/reconciler/source/gittest"
)

// estateRepo is a Git repository with the current infrastructure, and a built reconcile.
type estateRepo struct {
	t           testing.TB
	dir, binary string
}

// newEstateRepo commits the infrastructure's configuration to a new repository.
func newEstateRepo(t testing.TB) *estateRepo {
	t.Helper()
	e := &estateRepo{t: t, dir: t.TempDir(), binary: buildReconcile(t)}
	gittest.Git(t, e.dir, "init", "-q", "-b", "main")
	for name, from := range map[string]string{"env": ".", "modules": modulesDir} {
		tftest.Copy(t, from, filepath.Join(e.dir, name))
	}
	e.commit("the estate")
	return e
}

// commit commits everything and returns the commit's id.
func (e *estateRepo) commit(message string) string {
	e.t.Helper()
	gittest.Git(e.t, e.dir, "add", "-A")
	gittest.Git(e.t, e.dir, "commit", "-q", "--allow-empty", "-m", message)
	return gittest.Git(e.t, e.dir, "rev-parse", "HEAD")
}

// runJSON runs reconcile on the repository and reads its JSON output. Exit code 2
// (changes are pending) is allowed.
func (e *estateRepo) runJSON(into any, args ...string) {
	e.t.Helper()
	cmd := exec.CommandContext(e.t.Context(), e.binary, append(args, "-o", "json")...)
	cmd.Dir = e.dir
	home := e.t.TempDir()
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "RECONCILE_STATE=" + home + "/state", "RECONCILE_WORK=" + home + "/work"}
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() != 2 {
		e.t.Fatalf("reconcile %v: %v\n%s%s", args, err, out, exit.Stderr)
	}
	if err := json.Unmarshal(out, into); err != nil {
		e.t.Fatalf("reconcile %v: %v\n%s", args, err, out)
	}
}

// graphNode is a workspace in reconcile's graph.
type graphNode struct {
	Name      string   `json:"name"`
	DependsOn []string `json:"depends_on"`
	Inputs    []string `json:"inputs"`
}

func loadGraph(t testing.TB, e *estateRepo, flags ...string) []graphNode {
	t.Helper()
	var g struct{ Workspaces []graphNode }
	e.runJSON(&g, append([]string{"graph"}, flags...)...)
	return g.Workspaces
}
