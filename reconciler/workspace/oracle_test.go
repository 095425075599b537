//go:build linux

package workspace

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reconcile/internal/gitpath"
	"reconcile/internal/stracetest"
	"reconcile/internal/testtier"
	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// layout is a repository that is laid out, with one of its workspaces.
type layout struct {
	files     map[string]string
	tree      *treetest.Tree
	dir       string
	workspace *Workspace
	env       []string // of Terraform, "TF_VAR_x=value"
	binary    string   // of Terraform or OpenTofu
}

func newLayout(t *testing.T, files map[string]string, w *Workspace, product repotree.Product, env map[string]string) *layout {
	t.Helper()
	l := &layout{files: files, tree: treetest.New(files), dir: t.TempDir(), workspace: w, binary: testtier.Tool(t, string(product))}
	for name, value := range env {
		l.env = append(l.env, name+"="+value)
	}
	for name, text := range files {
		l.write(t, name, text)
	}
	if w.HasBackend { // as in a pass, a generated file takes its place
		l.write(t, path.Join(w.Path, GeneratedPrefix+"_override.tf"), "terraform {\n  backend \"local\" {}\n}\n")
	}
	return l
}

func (l *layout) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(l.dir, name)
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if target, isLink := strings.CutPrefix(text, "-> "); err == nil && isLink {
		err = os.Symlink(strings.TrimSpace(target), file)
	} else if err == nil {
		err = os.WriteFile(file, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// terraform runs Terraform in the workspace, and returns all that it prints.
func (l *layout) terraform(t *testing.T, command []string) string {
	t.Helper()
	var output bytes.Buffer
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = filepath.Join(l.dir, l.workspace.Path)
	cmd.Stdout, cmd.Stderr = &output, &output
	home := t.TempDir()
	cmd.Env = append([]string{
		"HOME=" + home, "PATH=" + os.Getenv("PATH"), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=/dev/null",
		"HTTPS_PROXY=http://127.0.0.1:1", "TF_REGISTRY_DISCOVERY_RETRY=0", "GIT_TERMINAL_PROMPT=0",
	}, l.env...)
	_ = cmd.Run() // a plan that fails has an outcome, too
	return strings.ReplaceAll(output.String(), home, "")
}

func (l *layout) planCommand() []string {
	command := []string{l.binary, "plan", "-input=false", "-refresh=false", "-lock=false", "-no-color"}
	for _, f := range l.workspace.Config.VarFiles {
		command = append(command, "-var-file="+filepath.Join(l.dir, f))
	}
	return command
}

// isInput reports whether a change of p, a path without links, makes the workspace stale.
func (l *layout) isInput(p string) bool {
	return slices.ContainsFunc(l.workspace.Inputs, func(in string) bool { return gitpath.IsWithin(p, in) && !l.workspace.Omits(in, p) }) ||
		slices.ContainsFunc(l.workspace.Patterns, func(pattern string) bool {
			prefix, suffix, _ := strings.Cut(pattern, "*")
			return len(p) >= len(prefix)+len(suffix) && strings.HasPrefix(p, prefix) && strings.HasSuffix(p, suffix)
		})
}

// isIgnored reports whether p is below an input, and ignored there.
func (l *layout) isIgnored(p string) bool {
	return slices.ContainsFunc(l.workspace.Inputs, func(in string) bool { return gitpath.IsWithin(p, in) && l.workspace.Omits(in, p) })
}

// isListed reports whether a new name in a directory makes the workspace stale where it
// matters: the directory is an input, or a pattern says which names matter.
func (l *layout) isListed(dir string) bool {
	return l.isInput(dir) || slices.ContainsFunc(l.workspace.Patterns, func(pattern string) bool {
		top, _ := splitPattern(pattern)
		return gitpath.IsWithin(dir, top)
	})
}

// missed returns the paths of the repository that a log of strace has and that are no inputs.
// States are none: what a reader takes from them is known by its outputs.
func (l *layout) missed(lines []string) []string {
	missed := map[string]bool{}
	note := func(place string, covers func(string) bool) {
		p, err := filepath.Rel(l.dir, place)
		if err != nil || repotree.IsOutside(p) || strings.HasSuffix(p, ".tfstate") || strings.Contains(p+"/", "/terraform.tfstate.d/") {
			return
		}
		o, err := repotree.ResolveLinks(l.tree, filepath.ToSlash(p))
		for _, link := range o.Links {
			missed[link] = !l.isInput(link)
		}
		if err == nil {
			missed[o.Path] = missed[o.Path] || !covers(o.Path)
		}
	}
	for _, line := range lines {
		for _, place := range stracetest.Paths(line) {
			note(place, func(p string) bool { // OpenTofu opens tests, and its plan does not depend on them
				return l.isInput(p) || repotree.IsTestFile(p) || strings.HasPrefix(l.tree.ID(p), repotree.DirMode) ||
					l.isIgnored(p) && !strings.Contains(line, "openat") // a listing looks at each name
			})
		}
		if dir := stracetest.ListedDir(line); dir != "" {
			note(dir, l.isListed)
		}
	}
	maps.DeleteFunc(missed, func(_ string, miss bool) bool { return !miss })
	return slices.Sorted(maps.Keys(missed))
}

// mutate changes or removes the files that which is true for. Names that are new are added
// next to each of them, as configuration and as text.
func (l *layout) mutate(t *testing.T, which func(name string) bool) {
	t.Helper()
	added := map[string]bool{"files/4.txt": true, "files/5.txt": true}
	for i, name := range slices.Sorted(maps.Keys(l.files)) {
		added[path.Join(path.Dir(name), "added.tf")] = true
		added[path.Join(path.Dir(name), "added.txt")] = true
		if !which(name) {
			continue
		}
		if err := os.Remove(filepath.Join(l.dir, name)); err != nil {
			t.Fatal(err)
		}
		switch i % 3 {
		case 0:
			l.write(t, name, "changed")
		case 1:
			l.write(t, name, strings.TrimPrefix(l.files[name], "-> ")+"\n# changed\n")
		}
	}
	for name := range added {
		o, err := repotree.ResolveLinks(l.tree, name)
		if err == nil && !o.Exists && which(o.Path) && !slices.ContainsFunc(o.Links, func(link string) bool { return !which(link) }) {
			l.write(t, name, "variable \"added\" {\n}\n")
		}
	}
}

// String returns the inputs and the configuration.
func (l *layout) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q %q\n", l.workspace.Inputs, l.workspace.Patterns, l.workspace.Warnings)
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		if l.isInput(name) {
			fmt.Fprintf(&b, "-- %s --\n%s", name, l.files[name])
		}
	}
	return b.String()
}

// check plans a layout under strace, and again after all that is no input was changed.
// It returns what the plan printed, and reports whether it is one.
func (l *layout) check(t *testing.T) (output string, planned bool) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	if l.workspace.HasBackend {
		l.terraform(t, []string{l.binary, "init", "-input=false"})
	} else if len(l.workspace.Modules) > 0 || strings.Contains(strings.Join(l.workspace.Warnings, "\n"), "module") {
		l.terraform(t, []string{l.binary, "get"})
	}
	traced := append(stracetest.Args(t, "%file,getdents64"), "-o", log)
	before := stracetest.DropMessages(l.terraform(t, append(traced, l.planCommand()...)))
	lines := stracetest.ReadLog(t, log)
	missed := l.missed(lines)
	if len(missed) > 0 {
		t.Errorf("%s: the plan reads %q, which are no inputs: %s", l.workspace.Path, missed, l)
	}
	l.mutate(t, func(name string) bool { return !l.isInput(name) })
	if after := l.terraform(t, l.planCommand()); after != before {
		t.Errorf("%s: files that are no inputs changed the plan (-before +after):\n%s\n%s", l.workspace.Path, cmp.Diff(before, after), l)
	}
	l.checkOracle(t, lines)
	return before, strings.Contains(before, " will perform the following actions") || strings.Contains(before, "Changes to Outputs") || strings.Contains(before, "No changes.")
}

// checkOracle checks that the oracle of a layout would see a missed input: without any but the
// workspace's directory, what the plan read elsewhere is missed.
func (l *layout) checkOracle(t *testing.T, lines []string) {
	t.Helper()
	w := *l.workspace
	w.Inputs, w.Patterns = w.Inputs[:1], nil
	without := *l
	without.workspace = &w
	outside := slices.ContainsFunc(lines, func(line string) bool {
		return slices.ContainsFunc(stracetest.Paths(line), func(place string) bool {
			p, err := filepath.Rel(l.dir, place)
			return err == nil && strings.HasPrefix(l.tree.ID(p), "100") && !gitpath.IsWithin(p, w.Path)
		})
	})
	if outside && len(without.missed(lines)) == 0 {
		t.Errorf("%s: the oracle finds nothing without inputs", w.Path)
	}
}

// layoutsOf returns the workspaces that files have, except those that no pass would plan.
func layoutsOf(files map[string]string, product repotree.Product) []*Workspace {
	tree := treetest.New(files)
	config, err := settings.Load(tree, "")
	if err != nil {
		return nil
	}
	dirs, err := config.Discover(tree, product)
	if err != nil {
		return nil
	}
	var found []*Workspace
	loader := NewLoader(tree, product)
	for _, dir := range dirs {
		if w := loader.Load(dir, config.Config(dir.Name)); w.Err == nil {
			found = append(found, w)
		}
	}
	return found
}

// TestPlansReadInputs plans the workspaces of testdata. What Terraform opens, looks at or
// lists below the repository is an input, and a change of what is no input changes no plan.
func TestPlansReadInputs(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("../../cmd/reconcile/testdata/*/*.txtar")
	if err != nil || len(archives) == 0 || len(scripts) == 0 {
		t.Fatalf("%q, %q, %v", archives, scripts, err)
	}
	testtier.Tool(t, string(repotree.Terraform)) // without it there is no plan to count
	whole := testtier.IsWhole(t)
	var total, planned atomic.Int64
	t.Cleanup(func() {
		if planned.Load()*2 < total.Load() || total.Load() == 0 {
			t.Errorf("of %d workspaces %d have a plan: this test shows little", total.Load(), planned.Load())
		}
	})
	for i, archive := range append(archives, scripts...) {
		if !whole && i%8 != 0 {
			continue
		}
		t.Run(filepath.Base(archive), func(t *testing.T) {
			t.Parallel()
			for _, files := range repositoriesIn(t, archive) {
				for _, w := range layoutsOf(files, repotree.Terraform) {
					total.Add(1)
					if _, ok := newLayout(t, files, w, repotree.Terraform, nil).check(t); ok {
						planned.Add(1)
					}
				}
			}
		})
	}
}

// TestPlansOfOpenTofuReadInputs does the same where OpenTofu reads other files.
func TestPlansOfOpenTofuReadInputs(t *testing.T) {
	t.Parallel()
	planned := 0
	for _, archive := range []string{"tofu", "product", "links", "json", "files"} {
		files, _ := treetest.SplitArchive(t, "testdata/"+archive+".txtar")
		for _, w := range layoutsOf(files, repotree.OpenTofu) {
			if _, ok := newLayout(t, files, w, repotree.OpenTofu, nil).check(t); ok {
				planned++
			}
		}
	}
	if planned < 5 {
		t.Errorf("%d workspaces have a plan: this test shows little", planned)
	}
}

// repositoriesIn returns the repositories of an archive: the archive itself, or each of its
// directories that has settings.
func repositoriesIn(t *testing.T, archive string) []map[string]string {
	t.Helper()
	files, _ := treetest.SplitArchive(t, archive)
	if _, ok := files[settings.File]; ok || strings.HasPrefix(archive, "testdata/") {
		return []map[string]string{files}
	}
	repositories := map[string]map[string]string{}
	for name, text := range files {
		top, rest, ok := strings.Cut(name, "/")
		if !ok {
			continue
		}
		if repositories[top] == nil {
			repositories[top] = map[string]string{}
		}
		repositories[top][rest] = text
	}
	return slices.Collect(maps.Values(repositories))
}

// TestGeneratedPlansReadInputs does the same for generated workspaces.
func TestGeneratedPlansReadInputs(t *testing.T) {
	t.Parallel()
	const batch = 10
	count := 20
	if testtier.IsWhole(t) {
		count = 200
	}
	drawn := rapid.Custom(func(t *rapid.T) *layoutGen {
		g := newLayoutGen(t)
		g.draw()
		return g
	})
	for first := 0; first < count; first += batch {
		t.Run(fmt.Sprint(first), func(t *testing.T) {
			t.Parallel()
			planned, wide, changed := 0, 0, 0
			for seed := first; seed < first+batch; seed++ {
				g := drawn.Example(seed)
				workspaces := layoutsOf(g.files, repotree.Terraform)
				if len(workspaces) != 2 {
					t.Fatalf("seed %d: %d workspaces\n%q", seed, len(workspaces), g.files)
				}
				l := newLayout(t, g.files, workspaces[0], repotree.Terraform, g.env)
				output, ok := l.check(t)
				if ok {
					planned++
				} else {
					t.Logf("seed %d has no plan: %s", seed, output)
				}
				if slices.Contains(l.workspace.Inputs, ".") {
					wide++
				}
				if seed%5 == 0 { // the other way round: inputs change plans
					l.mutate(t, func(name string) bool { return l.isInput(name) && !gitpath.IsWithin(name, "env") })
					if l.terraform(t, l.planCommand()) != output {
						changed++
					}
				}
			}
			if planned < batch*9/10 || wide > batch/5 || changed == 0 {
				t.Errorf("of %d plans %d succeed, %d depend on the whole repository, and %d change with their inputs: this test shows little", batch, planned, wide, changed)
			}
		})
	}
}
