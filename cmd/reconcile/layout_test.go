package main

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What a reader can take in at once. CONTRIBUTING.md says so too.
const (
	maxFileLines = 400
	maxFuncLines = 90
	maxFiles     = 20 // of a package that is no main, without tests
	maxPassFiles = 15 // of package reconciler
	maxComment   = 3  // lines, of what is not exported
)

// largePackages have more files than maxFiles.
var largePackages = map[string]string{
	"env/awstest": "a file for each service of AWS that it answers for",
}

// TestLayout holds the limits of files, functions and packages, and that no struct embeds
// another of ours: a reader of v.Now() must see whose clock that is.
func TestLayout(t *testing.T) {
	t.Parallel()
	files := map[string]int{}         // that are no tests, by package
	structs := map[string]bool{}      // "package.Type"
	embedded := map[string][]string{} // positions, by "package.Type"
	fset := token.NewFileSet()
	for _, file := range listFiles(t, "*.go") {
		if strings.HasSuffix(file, "_templ.go") {
			continue // generated
		}
		content, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(fset, file, content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.ToSlash(filepath.Dir(file))
		isTest := strings.HasSuffix(file, "_test.go")
		if dir != "env/awstest" && dir != "env/awstest/rights" && !isTest { // they quote the documents of AWS
			checkComments(t, fset, f)
		}
		if lines := strings.Count(string(content), "\n"); lines > maxFileLines && !isTest {
			t.Errorf("%s has %d lines; split it at a meaning", file, lines)
		}
		if !isTest && f.Name.Name != "main" {
			files[dir]++
		}
		imports := readImports(f, dir)
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				start, end := fset.Position(n.Pos()).Line, fset.Position(n.End()).Line
				if lines := end - start + 1; lines > maxFuncLines && !isTest {
					t.Errorf("%s:%d: %s has %d lines", file, start, n.Name.Name, lines)
				}
			case *ast.TypeSpec:
				if _, ok := n.Type.(*ast.StructType); ok {
					structs[dir+"."+n.Name.Name] = true
				}
			case *ast.StructType:
				for _, field := range n.Fields.List {
					// The fixture of a test may embed what it adds to.
					if name := imports.resolve(field.Type); !isTest && len(field.Names) == 0 && name != "" {
						embedded[name] = append(embedded[name], fset.Position(field.Pos()).String())
					}
				}
			}
			return true
		})
	}
	for name, positions := range embedded {
		if structs[name] {
			t.Errorf("%v: embeds %s; give the field a name", positions, name)
		}
	}
	files["reconciler"] += maxFiles - maxPassFiles
	for _, dir := range slices.Sorted(maps.Keys(files)) {
		if reason := largePackages[dir]; (files[dir] > maxFiles) != (reason != "") {
			t.Errorf("package %s has %d files (reason: %q)", dir, files[dir], reason)
		}
	}
}

// isComment matches the comment of a function whose name would be a noun.
var isComment = regexp.MustCompile(`^// \w+ (is|are) `)

// checkComments: what is not exported needs at most maxComment lines, and what a function does
// is said with a verb.
func checkComments(t *testing.T, fset *token.FileSet, f *ast.File) {
	check := func(name string, doc *ast.CommentGroup) {
		if doc == nil {
			return
		}
		if lines := strings.Count(doc.Text(), "\n"); lines > maxComment && !ast.IsExported(name) { // directives are no text
			t.Errorf("%s: the comment of %s has %d lines", fset.Position(doc.Pos()), name, lines)
		}
	}
	for _, decl := range f.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			check(decl.Name.Name, decl.Doc)
			if decl.Doc != nil && isComment.MatchString(decl.Doc.List[0].Text) {
				t.Errorf("%s: say what %s does", fset.Position(decl.Pos()), decl.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					check(spec.Name.Name, cmp.Or(spec.Doc, decl.Doc))
				case *ast.ValueSpec:
					check(spec.Names[0].Name, cmp.Or(spec.Doc, decl.Doc))
				}
			}
		}
	}
}

// imports maps the names by which a file knows packages of ours to their directories; ""
// is its own.
type imports map[string]string

func readImports(f *ast.File, dir string) imports {
	found := imports{"": dir}
	for _, spec := range f.Imports {
		path, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), "reconcile/")
		if !ours {
			continue
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		found[name] = path
	}
	return found
}

// resolve returns "directory.Type" of a type of ours, else "".
func (i imports) resolve(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return i.resolve(e.X)
	case *ast.Ident:
		return i[""] + "." + e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok && i[x.Name] != "" {
			return i[x.Name] + "." + e.Sel.Name
		}
	}
	return ""
}

// listFiles returns the files of the repository that match a pattern of Git.
func listFiles(t *testing.T, patterns ...string) []string {
	t.Helper()
	git := exec.Command("git", append([]string{"-C", "../..", "ls-files", "--cached", "--others", "--exclude-standard", "--"}, patterns...)...)
	out, err := git.Output()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Fields(string(out)), func(file string) bool {
		_, err := os.Stat(filepath.Join("../..", file))
		return err != nil // deleted, and not committed yet
	})
}

var (
	// testName is a test that a page names; "…" and "*" stand for any end.
	testName = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w*)(?:/[^`]*)?(…|\\*)?`")
	// fileName is a file or a directory of the repository that a page names.
	fileName = regexp.MustCompile("`((?:[\\w.-]+/)*[\\w.-]+\\.(?:go|templ|json|hcl|yml|sh|sha256|txtar))`")
	// dottedName is an identifier with its package or type.
	dottedName = regexp.MustCompile("`([A-Za-z]\\w*)\\.([A-Za-z]\\w*)`")
	// runPattern is what a command of a page runs of the tests of the commands.
	runPattern = regexp.MustCompile(`go test \./cmd/reconcile -run '([A-Za-z|]+)'`)
	// pageLink is the target of a link or a picture, without its section.
	pageLink = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
)

// TestNoSchemas checks that no client of AWS brings its generated schemas. Each client makes them
// in memory when the program starts: those of all took 4 MB and 7 ms of every command. Go has no
// way to make them later, so go.mod has the last versions without them.
func TestNoSchemas(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(pkg, "github.com/aws/") && path.Base(pkg) == "schemas" {
			t.Errorf("the program contains %s: require an earlier version of that client in go.mod", pkg)
		}
	}
}

// TestDesignNamesWhatExists: the tests, files and identifiers that docs/design.md and
// CONTRIBUTING.md name stand in the tree.
func TestDesignNamesWhatExists(t *testing.T) {
	t.Parallel()
	all := listFiles(t)
	var code strings.Builder
	for _, file := range all {
		if strings.HasSuffix(file, ".go") {
			content, err := os.ReadFile(filepath.Join("../..", file))
			if err != nil {
				t.Fatal(err)
			}
			code.Write(content)
		}
	}
	for _, page := range []string{"docs/design.md", "CONTRIBUTING.md"} {
		content, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testName.FindAllStringSubmatch(string(content), -1) {
			end := "("
			if m[2] != "" {
				end = ""
			}
			if !strings.Contains(code.String(), "func "+m[1]+end) {
				t.Errorf("%s names the test %s, which is not there", page, m[1])
			}
		}
		for _, m := range fileName.FindAllStringSubmatch(string(content), -1) {
			if strings.Contains(m[1], "NAME.") {
				continue // of something new
			}
			if !slices.ContainsFunc(all, func(file string) bool { return file == m[1] || strings.HasSuffix(file, "/"+m[1]) }) {
				t.Errorf("%s names the file %s, which is not there", page, m[1])
			}
		}
		for _, m := range runPattern.FindAllStringSubmatch(string(content), -1) {
			for _, part := range strings.Split(m[1], "|") {
				if !regexp.MustCompile(`\nfunc Test\w*` + part).MatchString(code.String()) {
					t.Errorf("%s runs the tests %s, which are not there", page, part)
				}
			}
		}
		for _, m := range dottedName.FindAllStringSubmatch(string(content), -1) {
			if !regexp.MustCompile(`\b` + m[2] + `\b`).MatchString(code.String()) {
				t.Errorf("%s names %s.%s, which is not there", page, m[1], m[2])
			}
		}
	}
}

// TestLinksOfPages: the files that pages link stand in the repository.
func TestLinksOfPages(t *testing.T) {
	t.Parallel()
	all := listFiles(t)
	for _, page := range listFiles(t, "*.md") {
		content, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pageLink.FindAllStringSubmatch(string(content), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target := path.Join(path.Dir(page), m[1])
			if !slices.ContainsFunc(all, func(file string) bool { return file == target || strings.HasPrefix(file, target+"/") }) {
				t.Errorf("%s links %s, which is not there", page, m[1])
			}
		}
	}
}

// manneredWords are forms that someone who learned English at school reads twice.
var manneredWords = regexp.MustCompile(`\b(for ever|anew|be it|is all of|tells whether|are those (of|that)|whoever)\b|, of which\b`)

// TestPlainWords looks for them in code and pages.
func TestPlainWords(t *testing.T) {
	t.Parallel()
	for _, file := range listFiles(t, "*.go", "*.md", "*.tf", "*.hcl", "*.templ", "Makefile", "Dockerfile") {
		if strings.HasSuffix(file, ".ja.md") || file == "cmd/reconcile/layout_test.go" { // which names them
			continue
		}
		content, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(content), "\n") {
			if found := manneredWords.FindString(line); found != "" {
				t.Errorf("%s:%d: %q", file, n+1, found)
			}
		}
	}
}
