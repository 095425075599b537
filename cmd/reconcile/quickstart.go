package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"reconcile/cmd/reconcile/internal/ui"
)

// quickstart is the command quickstart. Each step prints a command that a person would
// type, and runs it.
type quickstart struct {
	app       app
	dir       string
	repo      string
	stepCount int
	step      int
}

//go:embed all:sample
var sampleFiles embed.FS

// The change in the shared module.
const (
	sampleModule       = "modules/network/main.tf"
	sampleModuleBefore = "    cidr = var.cidr\n"
	sampleModuleAfter  = "    cidr = var.cidr\n    team = \"network\"\n"
)

func (t *quickstart) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		t.makeRepository, t.runFirstPass, t.changeModule, t.showStale, t.runSecondPass, t.runIdlePass,
	} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("quickstart failed in %s: %w", t.dir, err)
		}
	}
	t.printFarewell()
	return nil
}

func (t *quickstart) makeRepository(ctx context.Context) error {
	t.printTitle("A small estate in Git: three workspaces, and a module that two of them share")
	if err := writeSample(t.repo); err != nil {
		return err
	}
	repository, err := initRepository(t.repo)
	if err != nil {
		return err
	}
	t.printCommand("git init -b main %s && cd %s && git add . && git commit -m \"The estate\"", t.repo, t.repo)
	if err := commitAll(repository, "The estate"); err != nil {
		return err
	}
	t.printReconcile("graph")
	return runGraph(ctx, &t.app)
}

func (t *quickstart) runFirstPass(ctx context.Context) error {
	t.printTitle("The first pass: nothing was applied yet, so every workspace is stale")
	t.printText("tokyo-ap-A reads the state of tokyo, so it comes after it. tokyo and osaka", "run at the same time.")
	t.printReconcile("now")
	return runNow(ctx, &t.app, nowOptions{trigger: "manual"})
}

func (t *quickstart) changeModule(context.Context) error {
	t.printTitle("Someone changes the shared module, and the change is merged to main")
	file := filepath.Join(t.repo, filepath.FromSlash(sampleModule))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), sampleModuleBefore, sampleModuleAfter, 1)), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(t.app.out, "%s\n     cidr = var.cidr\n%s\n", ui.StyleFaint.Render("   "+sampleModule), ui.StyleGood.Render("+    team = \"network\""))
	t.printCommand("git -C %s commit -am \"Networks say whose they are\"", t.repo)
	repository, err := openRepository(t.repo)
	if err != nil {
		return err
	}
	return commitAll(repository, "Networks say whose they are")
}

func (t *quickstart) showStale(ctx context.Context) error {
	t.printTitle("What is stale by it, and why? No Terraform is run for that")
	t.printReconcile("changed")
	var pending exitStatus
	if err := runChanged(ctx, &t.app, changedOptions{}); err != nil && !errors.As(err, &pending) {
		return err
	}
	return nil
}

func (t *quickstart) runSecondPass(ctx context.Context) error {
	t.printTitle("The second pass applies those two")
	t.printText("The outputs of tokyo stay as they were, so tokyo-ap-A, which reads them, is", "left alone: no plan, no apply.")
	t.printReconcile("now")
	return runNow(ctx, &t.app, nowOptions{trigger: "manual"})
}

func (t *quickstart) runIdlePass(ctx context.Context) error {
	t.printTitle("A pass with nothing to do: one question to Git, one read of the record")
	t.printReconcile("now")
	return runNow(ctx, &t.app, nowOptions{trigger: "manual"})
}

func (t *quickstart) printFarewell() {
	fmt.Fprintf(t.app.out, "\n%s Edit what you like in %s, commit it to main, and:\n\n", ui.StyleBold.Render("Try it."), t.repo)
	for _, name := range []string{"changed", "now", "status"} {
		fmt.Fprintf(t.app.out, "  %s\n", t.commandLine(name))
	}
	fmt.Fprintf(t.app.out, "\nAll of it is in %s: remove that when you are done.\n", t.dir)
}

func (t *quickstart) printTitle(text string) {
	t.step++
	if t.step > 1 {
		fmt.Fprintln(t.app.out)
	}
	fmt.Fprintf(t.app.out, "%s %s\n", ui.StyleKey.Render(fmt.Sprintf("%d/%d", t.step, t.stepCount)), ui.StyleBold.Render(text))
}

func (t *quickstart) printText(lines ...string) {
	for _, line := range lines {
		fmt.Fprintln(t.app.out, ui.StyleFaint.Render(line))
	}
}

func (t *quickstart) printCommand(format string, args ...any) {
	fmt.Fprintf(t.app.out, "%s %s\n", ui.StyleFaint.Render("$"), ui.StyleKey.Render(fmt.Sprintf(format, args...)))
}

func (t *quickstart) printReconcile(name string) { t.printCommand("%s", t.commandLine(name)) }

// commandLine returns a command as a person would type it here.
func (t *quickstart) commandLine(name string) string {
	return fmt.Sprintf("%s %s --repo %s --state %s", selfCommand(), name, t.repo, t.app.settings.State)
}

// writeSample writes the sample repository's files.
func writeSample(dir string) error {
	files, err := fs.Sub(sampleFiles, "sample")
	if err != nil {
		return err
	}
	return os.CopyFS(dir, files)
}
