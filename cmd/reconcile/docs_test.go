package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/internal/testtier"
)

var (
	// commandBlock is a block of commands in a page; its lines may be indented.
	commandBlock = regexp.MustCompile("(?ms)^ *```(sh|console)\n(.*?)^ *```")
	// inlineCode is a piece of code in a sentence.
	inlineCode = regexp.MustCompile("`([^`\n]+)`")
	// shellComment is what follows a command.
	shellComment = regexp.MustCompile(`(^|\s)#.*`)
	// calls finds the program at the beginning of a command, and its arguments.
	calls = regexp.MustCompile(`(?:^|[|;&{(]|\$\()\s*(?:[A-Z_]+=\S* )*reconcile((?:\s+(?:'[^']*'|"[^"]*"|[^\s|;&)#'"]+))*)`)
	// word is one argument, perhaps in quotes.
	word = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)
	// reason is an argument in the reader's language.
	reason = regexp.MustCompile(`--why '[^']*'`)
	// variable is one of the program's variables.
	variable = regexp.MustCompile(`\bRECONCILE_[A-Z_]+\b`)
)

// readCommands returns the commands of each block of a page, without prompts, comments and
// what commands print; a command over several lines is one.
func readCommands(t testing.TB, path string) (blocks [][]string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range commandBlock.FindAllStringSubmatch(string(content), -1) {
		var commands []string
		continued := false
		for line := range strings.Lines(m[2]) {
			line = strings.TrimSpace(line)
			command, prompted := strings.CutPrefix(line, "$ ")
			if m[1] == "console" && !prompted && !continued {
				continue
			}
			command = strings.TrimSpace(shellComment.ReplaceAllString(command, ""))
			if command == "" {
				continue
			}
			if continued {
				commands[len(commands)-1] += "\n" + command
			} else {
				commands = append(commands, command)
			}
			continued = strings.HasSuffix(command, `\`)
		}
		blocks = append(blocks, commands)
	}
	return blocks
}

// listEnglishPages lists the pages for users and developers in English.
func listEnglishPages(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(append(paths, "../../README.md"), func(path string) bool { return strings.HasSuffix(path, ".ja.md") })
}

// Each command and flag of a page exists, and takes such arguments.
func TestPagesCallWhatExists(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, path := range listEnglishPages(t) {
		for _, commands := range readCommands(t, path) {
			for _, command := range commands {
				for _, call := range calls.FindAllStringSubmatch(command, -1) {
					seen++
					checkCall(t, path, call[1], true)
				}
			}
		}
		for _, page := range []string{path, strings.TrimSuffix(path, ".md") + ".ja.md"} {
			content, err := os.ReadFile(page)
			if err != nil {
				continue // a page for developers
			}
			prose := commandBlock.ReplaceAllString(string(content), "")
			for _, code := range inlineCode.FindAllStringSubmatch(prose, -1) {
				if call := calls.FindStringSubmatch(code[1]); call != nil && strings.HasPrefix(code[1], "reconcile ") {
					seen++
					checkCall(t, page, call[1], false)
				}
			}
			checkVariables(t, page, string(content))
		}
	}
	if seen < 100 {
		t.Errorf("only %d calls were found", seen)
	}
}

// checkCall parses a call of the program. In a sentence arguments may be left out.
func checkCall(t *testing.T, path, arguments string, whole bool) {
	t.Helper()
	var args []string
	for _, w := range word.FindAllString(arguments, -1) {
		args = append(args, strings.Trim(w, `'"`))
	}
	root := newRootCommand(newApp())
	root.InitDefaultHelpCmd()
	root.InitDefaultVersionFlag()
	root.InitDefaultCompletionCmd()
	c, rest, err := root.Find(args)
	if err == nil && c == root && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		t.Errorf("%s: reconcile%s: there is no such command", path, arguments)
		return
	}
	if err == nil {
		c.InitDefaultHelpFlag()
		err = c.ParseFlags(rest)
	}
	if err == nil && whole {
		err = c.ValidateArgs(c.Flags().Args())
	}
	if err != nil {
		t.Errorf("%s: reconcile%s: %v", path, arguments, err)
	}
}

// checkVariables looks for variables of the program that do not exist.
func checkVariables(t *testing.T, path, content string) {
	t.Helper()
	known := map[string]bool{"RECONCILE_WEBHOOK_STARTS": true} // of cmd/webhook
	for _, v := range config.SecretVariables() {
		known[v.Name] = true
	}
	var addFlags func(*cobra.Command)
	addFlags = func(c *cobra.Command) {
		for _, flags := range []*pflag.FlagSet{c.PersistentFlags(), c.Flags()} {
			flags.VisitAll(func(f *pflag.Flag) {
				known["RECONCILE_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))] = true
			})
		}
		for _, sub := range c.Commands() {
			addFlags(sub)
		}
	}
	addFlags(newRootCommand(newApp()))
	for _, name := range variable.FindAllString(content, -1) {
		if !known[strings.TrimSuffix(name, "_")] && !strings.HasSuffix(name, "_") {
			t.Errorf("%s: there is no variable %s", path, name)
		}
	}
}

// Both READMEs list every command.
func TestReadmesListCommands(t *testing.T) {
	t.Parallel()
	for page, title := range map[string]string{"README.md": "\n## Commands\n", "README.ja.md": "\n## コマンド\n"} {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		_, list, found := strings.Cut(string(text), title)
		list, _, _ = strings.Cut(list, "\n|")
		for _, c := range newRootCommand(newApp()).Commands() {
			if c.IsAvailableCommand() && c.Name() != "help" && !regexp.MustCompile("[`/]"+c.Name()+"\\b").MatchString(list) || !found {
				t.Errorf("%s does not list `%s`", page, c.Name())
			}
		}
	}
}

// The Japanese pages have the commands of the English ones.
func TestPagesHaveEqualCommands(t *testing.T) {
	t.Parallel()
	for _, path := range listEnglishPages(t) {
		japanese := strings.TrimSuffix(path, ".md") + ".ja.md"
		if _, err := os.Stat(japanese); err != nil {
			continue // a page for developers
		}
		if d := cmp.Diff(unifyCommands(readCommands(t, path)), unifyCommands(readCommands(t, japanese))); d != "" {
			t.Errorf("%s has other commands than %s:\n%s", japanese, path, d)
		}
	}
}

// unifyCommands takes out what depends on the reader's language.
func unifyCommands(blocks [][]string) [][]string {
	for _, commands := range blocks {
		for i, command := range commands {
			commands[i] = reason.ReplaceAllString(strings.ReplaceAll(command, " --lang ja", ""), "--why '…'")
		}
	}
	return blocks
}

var (
	codeBlock    = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	listInIndent = regexp.MustCompile(`\n\s*\n( *(?:-|\d+\.) )`)
	emptyLine    = regexp.MustCompile(`\n\s*\n`)
)

// Each paragraph of a page has its Japanese: below a heading both have as many. A list belongs
// to the paragraph before it.
func TestPagesHaveEqualParagraphs(t *testing.T) {
	t.Parallel()
	count := func(path string) (counts []int) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text = listInIndent.ReplaceAll(codeBlock.ReplaceAll(text, []byte("code")), []byte("\n$1"))
		for _, paragraph := range emptyLine.Split(strings.TrimSpace(string(text)), -1) {
			if strings.HasPrefix(paragraph, "#") {
				counts = append(counts, 0)
			}
			counts[len(counts)-1]++
		}
		return counts
	}
	for _, path := range listEnglishPages(t) {
		japanese := strings.TrimSuffix(path, ".md") + ".ja.md"
		if _, err := os.Stat(japanese); err != nil {
			continue // a page for developers
		}
		if d := cmp.Diff(count(path), count(japanese)); d != "" {
			t.Errorf("%s has other paragraphs than %s, by heading:\n%s", japanese, path, d)
		}
	}
}

// The pages about risk show what the program prints of their plan, in the reader's language.
func TestRiskPagesShowTheOutput(t *testing.T) {
	t.Parallel()
	for language, path := range map[string]string{"en": "../../docs/risk.md", "ja": "../../docs/risk.ja.md"} {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		a := newApp()
		var out bytes.Buffer
		a.out, a.err = &out, &out
		if code := execute(a, newRootCommand(a), []string{"risk", "testdata/risk-page.json", "--no-color", "--lang", language}); code != 0 {
			t.Fatalf("exit %d: %s", code, &out)
		}
		if !strings.Contains(string(page), "\n"+out.String()+"```\n") {
			t.Errorf("%s does not show\n%s", path, &out)
		}
	}
}

var (
	// gapInMessage stands in a page where a message has a value, or another one follows.
	gapInMessage = regexp.MustCompile(`[…;／（）]|: |env/reconcile\.hcl:3:5|record\.db`)
	// unquoted has messages without what differs between a page and the catalogue.
	unquoted = strings.NewReplacer("`", "", `\"`, `"`)
)

// The program prints the messages that the tables of docs/recovery.md explain, in English and
// in Japanese.
func TestRecoveryPagesShowMessages(t *testing.T) {
	t.Parallel()
	catalogue, err := filepath.Glob("../../reconciler/notify/catalog/ja/*.toml")
	if err != nil {
		t.Fatal(err)
	}
	var messages strings.Builder
	for _, path := range append(catalogue, "../../docs/recovery.md", "../../docs/recovery.ja.md") {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := unquoted.Replace(string(content))
		if filepath.Ext(path) == ".toml" {
			messages.WriteString(text)
			continue
		}
		rows, isTable := 0, false
		for line := range strings.Lines(text) {
			message, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
			switch {
			case message == "it says" || message == "表示":
				isTable = true
			case !strings.HasPrefix(line, "|"):
				isTable = false
			case isTable && message != line: // not the line below the titles
				rows++
				for _, part := range gapInMessage.Split(message, -1) {
					if part = strings.Trim(part, " :,.\""); !strings.Contains(messages.String(), part) {
						t.Errorf("%s: the program does not print %q", path, part)
					}
				}
			}
		}
		if rows < 40 {
			t.Errorf("%s: only %d messages were found", path, rows)
		}
	}
}

// The blocks of README.md that install the program and try it run as they stand, in the
// repository. GOPATH is a new one; make test would be this test.
func TestReadmeInstalls(t *testing.T) {
	t.Parallel()
	testtier.Needs(t, testtier.Program, testtier.Terraform)
	blocks := readCommands(t, "../../README.md")
	try, install := blocks[0], blocks[1]
	if len(try) != 2 || try[1] != "make test" || !slices.Contains(install, "go install ./cmd/reconcile") {
		t.Fatalf("the first blocks are %q and %q", try, install)
	}
	caches, err := exec.Command("go", "env", "GOMODCACHE", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	cache := strings.Fields(string(caches))
	c := exec.Command("bash", "-euo", "pipefail", "-c", strings.Join(append(install, try[0]), "\n"))
	c.Dir = "../.."
	c.Env = append(os.Environ(), "HOME="+t.TempDir(), "TMPDIR="+t.TempDir(), "GOPATH="+t.TempDir(), "GOMODCACHE="+cache[0], "GOCACHE="+cache[1])
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "reconcile "+nextVersion) {
		t.Errorf("%v\n%s", err, out)
	}
}

// commandsCommand writes the commands of README.md from one that begins with FROM to the
// end of its block as a script. Each of the program's notes how it exits in the file exits.
func commandsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: commands FROM SCRIPT")
	}
	known := strings.NewReplacer(
		"https://SPACE.backlog.com/git/PROJECT/repo.git", ts.Getenv("GIT_URL"), "someone@example.com", "ann",
		"dynamodb://reconcile", "dynamodb://"+ts.Getenv("TABLE"), "s3://example-reconcile/", "s3://"+ts.Getenv("BUCKET")+"/")
	var script strings.Builder
	for _, commands := range readCommands(fixtureOf(ts).tb, "../../README.md") {
		if len(commands) == 0 || !strings.HasPrefix(commands[0], args[0]) {
			continue
		}
		for _, command := range commands {
			script.WriteString(known.Replace(command) + "\n")
			if strings.HasPrefix(command, "reconcile ") {
				script.WriteString("echo \"$? " + command + "\" >>exits\n")
			}
		}
	}
	if script.Len() == 0 {
		ts.Fatalf("README.md has no block that begins with %s", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(script.String()), 0o600))
}
