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
)

// tour is the quickstart: each step prints the command that a person would
// type, and runs what that command runs.
type tour struct {
	app
	dir   string
	repo  string
	steps int
	step  int
}

//go:embed all:tour
var estate embed.FS

// What the tour changes in the shared module.
const (
	tourModule = "modules/network/main.tf"
	tourOld    = "    cidr = var.cidr\n"
	tourNew    = "    cidr = var.cidr\n    team = \"network\"\n"
)

func (t *tour) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		t.makeEstate, t.firstPass, t.change, t.stale, t.secondPass, t.inSync,
	} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("the tour ends here, in %s: %w", t.dir, err)
		}
	}
	t.farewell()
	return nil
}

func (t *tour) makeEstate(ctx context.Context) error {
	t.title("A small estate in Git: three workspaces, and a module that two of them share")
	if err := writeEstate(t.repo); err != nil {
		return err
	}
	repository, err := initRepository(t.repo)
	if err != nil {
		return err
	}
	t.command("git init -b main %s && cd %s && git add . && git commit -m \"The estate\"", t.repo, t.repo)
	if err := commitAll(repository, "The estate"); err != nil {
		return err
	}
	t.reconcile("graph")
	return runGraph(ctx, &t.app)
}

func (t *tour) firstPass(ctx context.Context) error {
	t.title("The first pass: nothing was applied yet, so every workspace is stale")
	t.say("tokyo-ap-A reads the state of tokyo, so it comes after it. tokyo and osaka", "run at the same time.")
	t.reconcile("now")
	return runNow(ctx, &t.app, nowOptions{trigger: "manual"})
}

func (t *tour) change(context.Context) error {
	t.title("Someone changes the shared module, and the change is merged to main")
	file := filepath.Join(t.repo, filepath.FromSlash(tourModule))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), tourOld, tourNew, 1)), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s\n     cidr = var.cidr\n%s\n", styleFaint.Render("   "+tourModule), styleGood.Render("+    team = \"network\""))
	t.command("git -C %s commit -am \"Networks say whose they are\"", t.repo)
	repository, err := openRepository(t.repo)
	if err != nil {
		return err
	}
	return commitAll(repository, "Networks say whose they are")
}

func (t *tour) stale(ctx context.Context) error {
	t.title("What is stale by it, and why? No Terraform is run for that")
	t.reconcile("changed")
	var pending exitStatus
	if err := runChanged(ctx, &t.app, changedOptions{}); err != nil && !errors.As(err, &pending) {
		return err
	}
	return nil
}

func (t *tour) secondPass(ctx context.Context) error {
	t.title("The second pass applies those two")
	t.say("The outputs of tokyo stay as they were, so tokyo-ap-A, which reads them, is", "left alone: no plan, no apply.")
	t.reconcile("now")
	return runNow(ctx, &t.app, nowOptions{trigger: "manual"})
}

func (t *tour) inSync(ctx context.Context) error {
	t.title("A pass with nothing to do: one question to Git, one read of the record")
	t.reconcile("now")
	return runNow(ctx, &t.app, nowOptions{trigger: "manual"})
}

func (t *tour) farewell() {
	fmt.Fprintf(t.out, "\n%s Edit what you like in %s, commit it to main, and:\n\n", styleBold.Render("Play on."), t.repo)
	for _, name := range []string{"changed", "now", "status"} {
		fmt.Fprintf(t.out, "  %s\n", t.line(name))
	}
	fmt.Fprintf(t.out, "\nAll of it is in %s: remove that when you are done.\n", t.dir)
}

func (t *tour) title(text string) {
	t.step++
	if t.step > 1 {
		fmt.Fprintln(t.out)
	}
	fmt.Fprintf(t.out, "%s %s\n", styleKey.Render(fmt.Sprintf("%d/%d", t.step, t.steps)), styleBold.Render(text))
}

func (t *tour) say(lines ...string) {
	for _, line := range lines {
		fmt.Fprintln(t.out, styleFaint.Render(line))
	}
}

func (t *tour) command(format string, args ...any) {
	fmt.Fprintf(t.out, "%s %s\n", styleFaint.Render("$"), styleKey.Render(fmt.Sprintf(format, args...)))
}

func (t *tour) reconcile(name string) { t.command("%s", t.line(name)) }

// line is a command of ours as a person would type it here.
func (t *tour) line(name string) string {
	return fmt.Sprintf("%s %s --repo %s --state %s", program(), name, t.repo, t.State)
}

// writeEstate lays out the tour's files.
func writeEstate(dir string) error {
	files, err := fs.Sub(estate, "tour")
	if err != nil {
		return err
	}
	return os.CopyFS(dir, files)
}
