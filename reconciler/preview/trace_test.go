//go:build linux

package preview_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"reconcile/internal/programtest"
	"reconcile/internal/stracetest"
	"reconcile/internal/testtier"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
)

// tracedEnv is a preview environment without a sandbox, whose Terraform runs under
// strace. It shows what Terraform really opens after the check alone.
type tracedEnv struct {
	*previewEnv
	binary   string // Terraform under strace
	logs     string
	baseline map[string]bool // what Terraform touches with any configuration
}

func newTracedEnv(t *testing.T, archive string) *tracedEnv {
	t.Helper()
	w := &tracedEnv{previewEnv: newPreviewEnv(t, archive), logs: t.TempDir()}
	strace := strings.Join(stracetest.Args(t, "%file,connect,sendto"), " ")
	real := testtier.Tool(t, "terraform")
	binary := filepath.Join(t.TempDir(), "terraform")
	script := fmt.Sprintf("#!/bin/sh\ncase $1 in version) exec %[3]q \"$@\" ;; esac\nexec %[1]s -o %[2]q/$(basename \"$(pwd -P)\").$1.$$ %[3]q \"$@\"\n", strace, w.logs, real)
	programtest.Write(t, binary, script)
	w.binary = binary
	w.Sandbox = nil
	w.Config.Terraform = func(ctx context.Context) (run.Terraform, error) {
		tf, err := terraform.New(ctx, terraform.Options{WorkDir: w.Config.WorkDir, Binary: binary})
		if err != nil {
			return nil, err
		}
		return run.AdaptTerraform(tf), nil
	}
	return w
}

// touchedPaths returns what the Terraform of each workspace opened, looked at or
// connected to outside its own directories, in the named steps.
func (e *tracedEnv) touchedPaths(steps ...string) map[string]map[string]bool {
	e.T.Helper()
	found := map[string]map[string]bool{}
	logs, err := os.ReadDir(e.logs)
	e.Must(err)
	for _, log := range logs {
		parts := strings.Split(log.Name(), ".")
		if len(parts) != 3 || !slices.Contains(steps, parts[1]) {
			continue
		}
		if found[parts[0]] == nil {
			found[parts[0]] = map[string]bool{}
		}
		for _, line := range stracetest.ReadLog(e.T, filepath.Join(e.logs, log.Name())) {
			for _, place := range stracetest.Paths(line) {
				if !e.isOwnPath(place) {
					found[parts[0]][place] = true
				}
			}
		}
	}
	return found
}

var ownProcessPattern = regexp.MustCompile(`^/proc/(\d+|self)/`)

// isOwnPath reports whether Terraform works in a path, or always touches it.
func (e *tracedEnv) isOwnPath(place string) bool {
	for _, dir := range []string{
		filepath.Join(e.Config.WorkDir, "preview"), filepath.Join(e.Config.WorkDir, "run"), filepath.Join(e.Config.WorkDir, "providers"),
	} {
		if place == dir || strings.HasPrefix(place, dir+"/") {
			return true
		}
	}
	return e.baseline[ownProcessPattern.ReplaceAllString(place, "/proc/PID/")] || strings.HasPrefix(e.Config.WorkDir, place) // a directory on the way
}

// learnBaseline records what a harmless workspace touches as the baseline.
func (e *tracedEnv) learnBaseline() {
	e.T.Helper()
	e.openPullRequest(1, "innocent", "-- env/innocent/main.tf --\nresource \"terraform_data\" \"x\" {\n  input = file(\"main.tf\")\n}\n")
	e.assertActions(e.previewActions(), map[string]string{"innocent": "added"})
	touched := e.touchedPaths("init", "plan", "show")["innocent"]
	if len(touched) == 0 {
		e.T.Fatal("nothing can be traced here: these tests would show nothing")
	}
	e.baseline = map[string]bool{}
	for place := range touched {
		e.baseline[ownProcessPattern.ReplaceAllString(place, "/proc/PID/")] = true
	}
	e.board.open = nil
	e.Must(os.RemoveAll(e.logs))
	e.Must(os.Mkdir(e.logs, 0o755))
}

// refusedFiles returns the files of a pull request that the check refuses.
func (e *tracedEnv) refusedFiles(number int, branch, archive string) map[string]bool {
	e.T.Helper()
	e.openPullRequest(number, branch, archive)
	e.Config.Executor = fakePlanner{e.previewEnv, new([]string), func(order jsonObject) any { return jsonObject{"error": "nothing is planned"} }}
	round, err := e.runPreviews()
	e.Must(err)
	e.Config.Executor = nil
	e.board.open = nil
	files := map[string]bool{}
	for _, ws := range round.PullRequests[0].Workspaces {
		if len(ws.Refused) == 0 {
			e.T.Errorf("%s: nothing in it is refused", ws.Name)
		}
		for _, said := range ws.Refused {
			file, _, _ := strings.Cut(said, ":")
			files[file] = true
		}
	}
	return files
}

// planTraced plans a pull request, and fails for every path that was touched without
// permission.
func (e *tracedEnv) planTraced(number int, branch, archive string, steps ...string) {
	e.T.Helper()
	e.openPullRequest(number, branch, archive)
	round, err := e.runPreviews()
	e.Must(err)
	for _, ws := range round.PullRequests[0].Workspaces {
		if len(ws.Refused) > 0 {
			e.T.Errorf("%s passed the check by itself, and is refused in company: %q", ws.Name, ws.Refused)
		}
	}
	e.board.open = nil
	for name, places := range e.touchedPaths(steps...) {
		for _, place := range slices.Sorted(maps.Keys(places)) {
			e.T.Errorf("%s passed the check, and touches %s", name, place)
		}
	}
}

const harmlessFiles = "-- env/reconcile.hcl --\n-- env/one/main.tf --\n-- README.md --\nhello\n"

// The cases that test the check itself.
func TestTraceOfCases(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("../workspace/policy/testdata/refuse/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("%q, %v", archives, err)
	}
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var cases txtar.Archive
			settings := harmlessFiles
			for _, f := range archive.Files {
				switch {
				case f.Name == "env/reconcile.hcl":
					settings = strings.Replace(harmlessFiles, "env/reconcile.hcl --\n", "env/reconcile.hcl --\n"+string(f.Data), 1)
				case !strings.HasPrefix(f.Name, "want/"):
					cases.Files = append(cases.Files, f)
				}
			}
			w := newTracedEnv(t, settings)
			w.learnBaseline()
			w.planTracedCases(string(txtar.Format(&cases)))
		})
	}
}

func (e *tracedEnv) planTracedCases(archive string) {
	e.T.Helper()
	e.openPullRequest(2, "cases", archive)
	_, err := e.runPreviews()
	e.Must(err)
	// init may read the sources of providers; what it installs is not traced.
	for name, places := range e.touchedPaths("plan", "show") {
		for _, place := range slices.Sorted(maps.Keys(places)) {
			e.T.Errorf("%s passed the check, and touches %s", name, place)
		}
	}
}

// Generated expressions, each in a file of its own. Those that the check refuses are
// dropped, and the rest is planned under strace, many at once.
func TestTraceOfGenerated(t *testing.T) {
	t.Parallel()
	count, batch := 1000, 250
	if testtier.IsWhole(t) {
		count = 10000
	}
	w := newTracedEnv(t, harmlessFiles)
	w.learnBaseline()
	random := rand.New(rand.NewPCG(11, 2))
	var all []txtar.File
	for i := range count {
		all = append(all, txtar.File{Name: fmt.Sprintf("g%d.tf", i), Data: []byte(generatedConfig(i, randomExpression(random)))})
	}
	refused := w.refusedFiles(2, "generated", placeInWorkspaces("g", all, batch))
	var passed []txtar.File
	for i, file := range all {
		if !refused[fmt.Sprintf("env/g%d/%s", i/batch, file.Name)] {
			passed = append(passed, file)
		}
	}
	if len(passed) < count*3/10 || len(passed) > count*9/10 {
		t.Errorf("%d of %d pass the check: this test shows little", len(passed), count)
	}
	w.planTraced(3, "passed", placeInWorkspaces("b", passed, batch), "init", "plan", "show")
}

// placeInWorkspaces puts files into workspaces, batch files in each.
func placeInWorkspaces(name string, files []txtar.File, batch int) string {
	var archive strings.Builder
	for n := 0; n < len(files); n += batch {
		dir := fmt.Sprintf("env/%s%d", name, n/batch)
		archive.WriteString(generatedFiles(dir))
		for _, file := range files[n:min(n+batch, len(files))] {
			fmt.Fprintf(&archive, "-- %s/%s --\n%s", dir, file.Name, file.Data)
		}
	}
	return archive.String()
}
