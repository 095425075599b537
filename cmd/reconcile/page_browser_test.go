package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"reconcile/cmd/reconcile/internal/page"
	"reconcile/cmd/reconcile/internal/page/browsertest"
	"reconcile/internal/testtier"
	"reconcile/internal/waittest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source/gittest"
)

// hostileName is the name of a workspace, and hostileText what else people write.
const (
	hostileName = `x"><img src=x onerror=alert(1)>`
	hostileText = `</pre></code><script>alert(1)</script><img src=x onerror=alert(2)>"'&`
)

// pageProgram runs the program as a person does, with pages in a directory.
type pageProgram struct {
	t     *testing.T
	env   []string
	pages string
}

func newPageProgram(t *testing.T, repo *gittest.Repo) *pageProgram {
	home := t.TempDir()
	p := &pageProgram{t: t, pages: filepath.Join(home, "pages")}
	p.env = append(os.Environ(), "HOME="+home, "RECONCILE_GATE=always", "RECONCILE_PARALLELISM=4", "RECONCILE_REPO="+repo.Dir, "RECONCILE_PAGE="+p.pages, "RECONCILE_RECORD=production", "RECONCILE_OUTPUT=json")
	return p
}

func (p *pageProgram) command(args ...string) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	c := exec.CommandContext(context.WithoutCancel(p.t.Context()), program) // serve is asked to end
	c.Args = append([]string{"reconcile"}, args...)                         // the name makes it the program: TestMain
	c.Env, c.Stderr = p.env, os.Stderr
	return c
}

// run runs a command, which must exit with a code, and returns the outcomes of its
// workspaces.
func (p *pageProgram) run(code int, args ...string) map[string]string {
	p.t.Helper()
	c := p.command(args...)
	c.Stderr = nil
	out, err := c.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || c.ProcessState.ExitCode() != code {
		p.t.Fatalf("%q exited %d, not %d: %s, %v", args, c.ProcessState.ExitCode(), code, out, err)
	}
	var result struct {
		Workspaces []struct{ Name, Outcome string }
	}
	if err := json.Unmarshal(out, &result); err != nil {
		p.t.Fatalf("%q: %v: %s", args, err, out)
	}
	outcomes := map[string]string{}
	for _, w := range result.Workspaces {
		outcomes[w.Name] = w.Outcome
	}
	return outcomes
}

// serve starts serve, until the end of the test, and returns where its pages are.
func (p *pageProgram) serve() string {
	p.t.Helper()
	c := p.command("serve", "127.0.0.1:0")
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			p.t.Errorf("serve: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var answer struct{ URL string }
	if err = errors.Join(err, json.Unmarshal(line, &answer)); err != nil {
		p.t.Fatalf("%v: %s", err, line)
	}
	return answer.URL + "/" + page.DirOf("production")
}

// Pages that real passes make, in a real browser: in a directory, and by serve.
func TestPagesInBrowser(t *testing.T) {
	t.Parallel()
	testtier.Needs(t, testtier.Terraform)
	b := browsertest.Open(t)
	repo := gittest.New(t)
	p := newPageProgram(t, repo)
	home := filepath.Dir(p.pages)
	live := p.serve()
	static := httptest.NewServer(http.FileServer(http.Dir(p.pages)))
	t.Cleanup(static.Close)
	inDirectory := static.URL + "/" + page.DirOf("production")
	shows := func(url string, width int64, dark bool, texts ...string) {
		t.Helper()
		b.Check(t, browsertest.View{URL: url, Width: width, Dark: dark})
		text := browsertest.Evaluate[string](t, b, `document.body.innerText`)
		for _, want := range texts {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q: %s", url, want, text)
			}
		}
	}

	shows(live+"/en/index.html", 1200, false, "No pass has run yet", "No run yet.")

	pipe := filepath.Join(home, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	world := func(tag string) {
		t.Helper()
		text := fmt.Sprintf(`{"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "w", "outputs": {"tag": {"value": %q, "type": "string"}}, "resources": []}`, tag)
		if err := os.WriteFile(filepath.Join(home, "world.tfstate"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	world("as-applied")
	resource := func(name, more string) string {
		return "resource \"terraform_data\" \"" + name + "\" {\n" + more + "\n}\n"
	}
	files := map[string]string{
		"env/reconcile.hcl":               "workspaces = [\"env/*\"]\n\nworkspace \"network\" {\n  apply = \"safe\"\n}\n",
		"env/network/main.tf":             resource("net", "input = 1\n triggers_replace = 1") + "output \"id\" { value = terraform_data.net.id }\n",
		"env/" + hostileName + "/main.tf": resource("x", fmt.Sprintf("input = %q", hostileText)) + fmt.Sprintf("output \"x\" { value = %q }\n", hostileText),
		"env/drifts/main.tf":              "data \"terraform_remote_state\" \"world\" {\n backend = \"local\"\n config = { path = pathexpand(\"~/world.tfstate\") }\n}\n" + resource("app", "input = data.terraform_remote_state.world.outputs.tag"),
	}
	repo.Commit("First "+hostileText, files)
	if got := p.run(0, "now"); got["network"] != "applied" || got[hostileName] != "applied" {
		t.Fatalf("%v", got)
	}
	shows(inDirectory+"/en/index.html", 1200, false, "In sync: what runs is what Git says", hostileName, "<script>alert(1)</script>")
	shows(inDirectory+"/ja/"+page.WorkspacePath(hostileName), 360, true, hostileName, hostileText)
	shows(static.URL+"/en.html", 360, false, "production", "Nothing needs a person")

	world(hostileText)
	p.run(2, "drift")
	files["env/network/main.tf"] = strings.ReplaceAll(files["env/network/main.tf"], "triggers_replace = 1", "triggers_replace = 2")
	files["env/fails/main.tf"] = resource("x", "provisioner \"local-exec\" {\n command = \"echo '<img src=x onerror=alert(3)>' >&2; exit 1\"\n}")
	files["env/slow/main.tf"] = resource("x", fmt.Sprintf("provisioner \"local-exec\" {\n command = \"cat '%s'\"\n}", pipe))
	repo.Commit("Replace the network", files)
	pass := p.command("now")
	pass.Stderr = nil
	ended := waittest.Go(pass.Run) // it exits as its workspaces say, which the pages show
	held := waittest.OpenForReader(t, pipe, ended)
	shows(live+"/en/index.html", 1200, true, "Running now", "slow")
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	_ = ended.Wait()

	shows(inDirectory+"/en/index.html", 1200, false, "waiting for a person", "Failed", "Waits for an approval", "reconcile approve network ", "Changed outside Git", "1 replaced")
	shows(inDirectory+"/ja/index.html", 360, true, "対応が必要なもの", "reconcile approve network ")
	shows(live+"/en/"+page.WorkspacePath("network"), 1200, false, "must be replaced", "reconcile approve network ")
	shows(live+"/ja/"+page.WorkspacePath("drifts"), 1200, true, "reconcile now --replan drifts")
	shows(inDirectory+"/en/"+page.WorkspacePath("fails"), 360, false, "<img src=x onerror=alert(3)>")
	shows(inDirectory+"/en/graph.html", 1200, false, "network")
	b.Show(t, browsertest.View{URL: inDirectory + "/en/index.html", Width: 1200})
	run := browsertest.Evaluate[string](t, b, `document.querySelector("a[href^='r/']").href`)
	shows(run, 1200, false, "Time line", "network", "apply")
	shows(strings.Replace(run, "/en/", "/ja/", 1), 360, true, "タイムライン")
}

// The pages of 1,000 workspaces that a real pass has applied, with a stub for Terraform.
func TestPagesOfManyWorkspacesInBrowser(t *testing.T) {
	t.Parallel()
	testtier.Needs(t, testtier.Terraform)
	const count = 1000
	b := browsertest.Open(t)
	repo := gittest.New(t)
	files := map[string]string{"env/reconcile.hcl": "workspaces = [\"env/*\"]\n"}
	for i := range count {
		files[fmt.Sprintf("env/w%04d/main.tf", i)] = "resource \"terraform_data\" \"this\" {}\n"
	}
	repo.Commit("many", files)
	setup := &benchSetup{TB: t, url: repo.Dir, dir: t.TempDir()}
	if err := setup.runStubPass(run.Options{}); err != nil {
		t.Fatal(err)
	}
	p := newPageProgram(t, repo)
	p.env = append(p.env, "RECONCILE_RECORD="+benchRecord, "RECONCILE_STATE="+setup.path("state"), "RECONCILE_WORK="+setup.path("work"))
	p.run(0, "now")
	static := httptest.NewServer(http.FileServer(http.Dir(p.pages)))
	t.Cleanup(static.Close)
	overview := static.URL + "/" + page.DirOf(benchRecord) + "/en/index.html"
	b.Check(t, browsertest.View{URL: overview, Width: 1200})
	text := browsertest.Evaluate[string](t, b, `document.body.innerText`)
	if !strings.Contains(text, "In sync") || strings.Count(text, "applied") < count || !strings.Contains(text, "w0999") {
		t.Errorf("the overview of %d workspaces says %s", count, text)
	}
	b.Check(t, browsertest.View{URL: strings.Replace(overview, "/en/index", "/ja/graph", 1), Width: 360, Dark: true})
}
