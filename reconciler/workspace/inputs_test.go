package workspace

import (
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// repoGen draws random repositories. It knows, without evaluation, what Terraform could
// read from each workspace.
type repoGen struct {
	*rapid.T
	files   map[string]string
	calls   map[string][]string // module directory -> directories it calls
	reads   map[string][]string // module directory -> files it reads
	modules []string
}

func (g *repoGen) draw() {
	g.files, g.calls, g.reads = map[string]string{}, map[string][]string{}, map[string][]string{}
	for i := range 4 {
		g.files[fmt.Sprintf("files/%d.txt", i)] = "x"
		g.files[fmt.Sprintf("files/sub/%d.txt", i)] = "x"
	}
	g.files["files/link"] = "-> sub/1.txt"
	g.files["files/dirlink"] = "-> sub"
	// A module calls only modules drawn before it, so that there are no cycles.
	for i := range rapid.IntRange(0, 5).Draw(g.T, "modules") {
		dir := rapid.SampledFrom([]string{"modules/m%d", "lib/m%d", "modules/m%d/nested", "env/m%d/deep/er"}).Draw(g.T, "place")
		g.drawModule(fmt.Sprintf(dir, i))
	}
	for i := range rapid.IntRange(1, 3).Draw(g.T, "workspaces") {
		g.drawModule(fmt.Sprintf("env/w%d", i))
	}
}

// drawModule draws the configuration of one directory.
func (g *repoGen) drawModule(dir string) {
	var b strings.Builder
	fmt.Fprintf(&b, "variable \"up\" {\n  default = \"unused\"\n}\n")
	for i, callee := range g.modules {
		if rapid.IntRange(0, 2).Draw(g.T, "calls") > 0 {
			continue
		}
		g.calls[dir] = append(g.calls[dir], callee)
		fmt.Fprintf(&b, "module \"c%d\" {\n  source = %q\n}\n", i, sourceOfPath(repotree.RelativePath(dir, callee)))
	}
	for i := range rapid.IntRange(0, 3).Draw(g.T, "reads") {
		g.drawRead(&b, dir, i)
	}
	g.files[dir+"/main.tf"] = b.String()
	g.modules = append(g.modules, dir)
}

func sourceOfPath(p string) string {
	if strings.HasPrefix(p, "../") {
		return p
	}
	return "./" + p
}

// drawRead draws one way to read files, and records the files.
func (g *repoGen) drawRead(b *strings.Builder, dir string, i int) {
	up := repotree.RelativePath(dir, ".")
	n := rapid.IntRange(0, 5).Draw(g.T, "file") // 4 and 5 do not exist
	file := fmt.Sprintf("files/%d.txt", n)
	visible := []string{file}
	kind := rapid.IntRange(0, 9).Draw(g.T, "way")
	switch kind {
	case 0:
		fmt.Fprintf(b, "locals {\n  l%d = file(\"${path.module}/%s/%s\")\n}\n", i, up, file)
	case 1:
		fmt.Fprintf(b, "locals {\n  base%d = \"${path.module}/%s\"\n  l%d = filesha256(join(\"/\", [local.base%d, %q]))\n}\n", i, up, i, i, file)
	case 2:
		fmt.Fprintf(b, "resource \"x\" \"r%d\" {\n  for_each = toset([%q])\n  source = \"${path.module}/%s/${each.value}\"\n}\n", i, file, up)
	case 3:
		fmt.Fprintf(b, "locals {\n  l%d = fileset(\"${path.module}/%s/files\", \"sub/*.txt\")\n}\n", i, up)
		visible = []string{"files/sub"} // including files added later
	case 4:
		fmt.Fprintf(b, "locals {\n  l%d = file(abspath(\"${path.module}/%s/files/link\"))\n}\n", i, up)
		visible = []string{"files/link", "files/sub/1.txt"}
	case 5:
		fmt.Fprintf(b, "locals {\n  l%d = file(format(\"%%s/files/dirlink/%%d.txt\", \"${path.module}/%s\", %d))\n}\n", i, up, n)
		visible = []string{"files/dirlink", fmt.Sprintf("files/sub/%d.txt", n)}
	case 6:
		g.files[fmt.Sprintf("%s/t%d.tpl", dir, i)] = fmt.Sprintf("${file(\"${base}/%s\")}", file)
		fmt.Fprintf(b, "locals {\n  l%d = templatefile(\"${path.module}/t%d.tpl\", { base = \"${path.module}/%s\" })\n}\n", i, i, up)
	case 7:
		fmt.Fprintf(b, "data \"external\" \"e%d\" {\n  program = [\"sh\", \"${path.cwd}/%s/%s\"]\n}\n", i, "../..", file)
	case 8:
		fmt.Fprintf(b, "locals {\n  l%d = [for n in [%d] : file(\"${path.module}/%s/files/${n}.txt\")]\n}\n", i, n, up)
	case 9:
		fmt.Fprintf(b, "locals {\n  l%d = var.up == \"no\" ? \"\" : fileexists(\"${path.module}/%s/%s\")\n}\n", i, up, file)
	}
	g.reads[dir] = append(g.reads[dir], visible...)
}

// visiblePaths returns what Terraform could read from a workspace.
func (g *repoGen) visiblePaths(dir string) map[string]bool {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(dir string) {
		for file := range g.files {
			if gitpath.IsWithin(file, dir) {
				seen[file] = true
			}
		}
		for _, f := range g.reads[dir] {
			seen[f] = true
		}
		for _, callee := range g.calls[dir] {
			visit(callee)
		}
	}
	visit(dir)
	return seen
}

// TestChangeMakesReadersStale checks over random repositories that a change of any object makes exactly
// those workspaces stale that could read it.
func TestChangeMakesReadersStale(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := &repoGen{T: t}
		g.draw()
		tree := treetest.New(g.files)
		changes := slices.Sorted(maps.Keys(g.files))
		changes = append(changes, "files/4.txt", "files/5.txt", "files/sub/4.txt", "files/sub/5.txt", "other.txt")
		changed := rapid.SampledFrom(changes).Draw(t, "changed")
		files := maps.Clone(g.files)
		if old := files[changed]; strings.HasPrefix(old, "-> ") {
			files[changed] = "-> 3.txt"
		} else {
			files[changed] = old + "\n# changed\n"
		}
		after := treetest.New(files)
		for _, dir := range g.modules {
			if path.Dir(dir) != "env" {
				continue
			}
			w := NewLoader(tree, repotree.Terraform).Load(settings.Dir{Name: path.Base(dir), Path: dir}, settings.Config{})
			if w.Err != nil || len(w.Warnings) > 0 {
				t.Fatalf("%s: %v %v", dir, w.Err, w.Warnings)
			}
			visible := g.visiblePaths(dir)
			want := visible[changed] || visible["files/sub"] && gitpath.IsWithin(changed, "files/sub")
			if stale := StalePaths(newFileLists(after), settings.Config{}, w.Trace(newFileLists(tree))); (len(stale) > 0) != want {
				t.Fatalf("%s: change of %s: stale %v, want %t\ninputs %v\n%s", dir, changed, stale, want, w.Inputs, g.files[dir+"/main.tf"])
			}
		}
	})
}

// TestLoadReadsOnlyInputs checks that a workspace that is not stale after a change would be loaded as
// before: the result depends only on its inputs.
func TestLoadReadsOnlyInputs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := &repoGen{T: t}
		g.draw()
		tree := treetest.New(g.files)
		files := maps.Clone(g.files)
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			mutate(t, files)
		}
		after := treetest.New(files)
		for _, dir := range g.modules {
			d := settings.Dir{Name: path.Base(dir), Path: dir}
			before := NewLoader(tree, repotree.Terraform).Load(d, settings.Config{})
			trace := before.Trace(newFileLists(tree))
			if len(StalePaths(newFileLists(after), settings.Config{}, trace)) > 0 {
				continue
			}
			now := NewLoader(after, repotree.Terraform).Load(d, settings.Config{})
			if !reflect.DeepEqual(now.Trace(newFileLists(after)), trace) || !reflect.DeepEqual(now, before) {
				t.Fatalf("%s is not stale, but\n%+v\nbecame\n%+v", dir, before, now)
			}
		}
	})
}

// mutate adds, removes or changes a file, or replaces it with a link.
func mutate(t *rapid.T, files map[string]string) {
	paths := slices.Sorted(maps.Keys(files))
	p := rapid.SampledFrom(paths).Draw(t, "path")
	switch rapid.IntRange(0, 4).Draw(t, "how") {
	case 0:
		files[p] += "\n# changed\n"
	case 1:
		delete(files, p)
	case 2:
		files[path.Join(path.Dir(p), "new.tf")] = "locals {\n  new = file(\"../../files/5.txt\")\n}\n"
	case 3:
		files[p] = "-> " + path.Base(rapid.SampledFrom(paths).Draw(t, "to"))
	case 4:
		files[rapid.SampledFrom([]string{"files/4.txt", "files/5.txt", "files/sub/4.txt"}).Draw(t, "made")] = "new"
	}
}
