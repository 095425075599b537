// Package quickstart is the guided tour: it makes a small repository, shows each command
// as a person would type it, and has it run. It knows no command itself.
package quickstart

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"reconcile/cmd/reconcile/internal/self"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/reconciler/notify/catalog"
)

// Tour is the command quickstart. Each step prints a command that a person would
// type, and runs it.
type Tour struct {
	out   io.Writer
	dir   string // holds all that the tour makes
	Repo  string
	State string
	run   RunFunc
	step  int

	Translator *catalog.Translator // of what the tour says; nil: English
}

// RunFunc runs one of the commands graph, now and changed on the repository of the tour.
// Workspaces that changed finds are no error.
type RunFunc func(ctx context.Context, command string) error

// New returns a tour that makes all its files in dir.
func New(out io.Writer, dir string) *Tour {
	return &Tour{out: out, dir: dir, Repo: filepath.Join(dir, "estate"), State: filepath.Join(dir, "state")}
}

//go:embed all:sample
var sampleFiles embed.FS

// The change in the shared module.
const (
	sampleModule       = "modules/network/main.tf"
	sampleModuleBefore = "    cidr = var.cidr\n"
	sampleModuleAfter  = "    cidr = var.cidr\n    team = \"network\"\n"
)

// Show shows the tour. The commands that it runs print their own results.
func (t *Tour) Show(ctx context.Context, run RunFunc) error {
	t.run = run
	for _, step := range t.steps() {
		if err := step(ctx); err != nil {
			return fmt.Errorf("quickstart failed in %s: %w", t.dir, err)
		}
	}
	t.printFarewell()
	return nil
}

func (t *Tour) steps() []func(context.Context) error {
	return []func(context.Context) error{
		t.makeRepository, t.runFirstPass, t.changeModule, t.showStale, t.runSecondPass, t.runIdlePass,
	}
}

func (t *Tour) makeRepository(ctx context.Context) error {
	t.printTitle("A small estate in Git: three workspaces, and a module that two of them share")
	if err := writeSample(t.Repo); err != nil {
		return err
	}
	repository, err := initRepository(t.Repo)
	if err != nil {
		return err
	}
	t.printCommand("git init -b main %s && cd %s && git add . && git commit -m \"The estate\"", t.Repo, t.Repo)
	if err := commitAll(repository, "The estate"); err != nil {
		return err
	}
	return t.reconcile(ctx, "graph")
}

func (t *Tour) runFirstPass(ctx context.Context) error {
	t.printTitle("The first pass: nothing was applied yet, so every workspace is stale")
	t.printText("tokyo-ap-A reads the state of tokyo, so it comes after it. tokyo and osaka run at the same time.")
	return t.reconcile(ctx, "now")
}

func (t *Tour) changeModule(context.Context) error {
	t.printTitle("Someone changes the shared module, and the change is merged to main")
	file := filepath.Join(t.Repo, filepath.FromSlash(sampleModule))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), sampleModuleBefore, sampleModuleAfter, 1)), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s\n     cidr = var.cidr\n%s\n", ui.StyleFaint.Render("   "+sampleModule), ui.StyleGood.Render("+    team = \"network\""))
	t.printCommand("git -C %s commit -am \"Networks say whose they are\"", t.Repo)
	repository, err := openRepository(t.Repo)
	if err != nil {
		return err
	}
	return commitAll(repository, "Networks say whose they are")
}

func (t *Tour) showStale(ctx context.Context) error {
	t.printTitle("What is stale by it, and why? No Terraform is run for that")
	return t.reconcile(ctx, "changed")
}

func (t *Tour) runSecondPass(ctx context.Context) error {
	t.printTitle("The second pass applies those two")
	t.printText("The outputs of tokyo stay as they were, so tokyo-ap-A, which reads them, is left alone: no plan, no apply.")
	return t.reconcile(ctx, "now")
}

func (t *Tour) runIdlePass(ctx context.Context) error {
	t.printTitle("A pass with nothing to do: one question to Git, one read of the record")
	return t.reconcile(ctx, "now")
}

func (t *Tour) printFarewell() {
	fmt.Fprintf(t.out, "\n%s\n%s\n\n", ui.StyleBold.Render(t.Translator.Text("Try it.")), t.Translator.Sprintf("Edit what you like in %s, commit it to main, and:", t.Repo))
	for _, name := range []string{"changed", "now", "status"} {
		fmt.Fprintf(t.out, "  %s\n", t.commandLine(name))
	}
	fmt.Fprintf(t.out, "\n%s\n", t.Translator.Sprintf("All of it is in %s: remove that when you are done.", t.dir))
}

func (t *Tour) printTitle(text string) {
	t.step++
	if t.step > 1 {
		fmt.Fprintln(t.out)
	}
	fmt.Fprintf(t.out, "%s %s\n", ui.StyleKey.Render(fmt.Sprintf("%d/%d", t.step, len(t.steps()))), ui.StyleBold.Render(t.Translator.Text(text)))
}

func (t *Tour) printText(text string) {
	var wrapped strings.Builder
	ui.PrintWrapped(&wrapped, ui.DefaultWidth, "", t.Translator.Text(text))
	for line := range strings.Lines(wrapped.String()) {
		fmt.Fprintln(t.out, ui.StyleFaint.Render(strings.TrimSuffix(line, "\n")))
	}
}

func (t *Tour) printCommand(format string, args ...any) {
	fmt.Fprintf(t.out, "%s %s\n", ui.StyleFaint.Render("$"), ui.StyleKey.Render(fmt.Sprintf(format, args...)))
}

// reconcile shows a command of reconcile, and runs it.
func (t *Tour) reconcile(ctx context.Context, name string) error {
	t.printCommand("%s", t.commandLine(name))
	return t.run(ctx, name)
}

// commandLine returns a command as a person would type it here.
func (t *Tour) commandLine(name string) string {
	return fmt.Sprintf("%s %s --repo %s --state %s", self.Command(), name, t.Repo, t.State)
}

// writeSample writes the sample repository's files.
func writeSample(dir string) error {
	files, err := fs.Sub(sampleFiles, "sample")
	if err != nil {
		return err
	}
	return os.CopyFS(dir, files)
}

// MakeDir creates the directory: path, which must be absent or empty, or a new one.
func MakeDir(path string) (string, error) {
	if path == "" {
		return newDir(os.TempDir())
	}
	dir, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = usage.Errorf("name a directory that does not exist, or is empty", "--dir %s is not empty", dir)
	}
	return dir, err
}

// newDir creates reconcile-1 or the next free name: a short path is easier to copy from
// a terminal.
func newDir(parent string) (string, error) {
	for n := 1; ; n++ {
		dir := filepath.Join(parent, fmt.Sprintf("reconcile-%d", n))
		err := os.Mkdir(dir, 0o700)
		if err == nil || !errors.Is(err, os.ErrExist) {
			return dir, err
		}
	}
}
