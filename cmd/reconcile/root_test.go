package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/reconciler/run"
)

// runWithVariable runs the command version with one variable, and returns what it
// reports.
func runWithVariable(t *testing.T, name, value string) string {
	t.Helper()
	t.Setenv(name, value)
	a := newApp()
	var stderr bytes.Buffer
	a.out, a.err = &bytes.Buffer{}, &stderr
	execute(a, newRootCommand(a), []string{"version"})
	return stderr.String()
}

// Every flag has a variable that is known, and no two commands mean different
// things by one.
func TestEveryFlagHasAVariable(t *testing.T) {
	root := newRootCommand(newApp())
	persistent := map[string]bool{}
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) { persistent[f.Name] = true })
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if c != root && persistent[f.Name] {
				t.Errorf("%s --%s hides the setting of that name", c.CommandPath(), f.Name)
			}
			if f.Name == "help" {
				return
			}
			t.Run(c.CommandPath()+" --"+f.Name, func(t *testing.T) {
				name := "RECONCILE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
				if said := runWithVariable(t, name, "1"); strings.Contains(said, "is not a setting") {
					t.Errorf("%s: %s", name, said)
				}
			})
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

// -o json prints an object, also for flags and arguments that are refused before it is read.
func TestErrorsAsJSON(t *testing.T) {
	for args, want := range map[string]bool{
		"status --nope -o json":       true,
		"-o json status --nope":       true,
		"status --nope --output=json": true,
		"status -ojson --nope":        true,
		"status extra -o json":        true,
		"nope -o json":                true,
		"now --wait x -o json":        true,
		"status --nope":               false,
		"status --nope -o text":       false,
		"status --nope -- -o json":    false,
	} {
		a := newApp()
		var out bytes.Buffer
		a.stdout = ui.NewStdout(&out)
		a.out, a.err = ui.ColorWriter(nil, a.stdout), &bytes.Buffer{}
		code := execute(a, newRootCommand(a), strings.Fields(args))
		var object struct {
			Error string
			Exit  int
		}
		if is := json.Unmarshal(out.Bytes(), &object) == nil; is != want || code != run.ExitUsage || want && (object.Error == "" || object.Exit != code) {
			t.Errorf("%s: exit %d, %q", args, code, out.String())
		}
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"RECONCILE_STAT":         "RECONCILE_STATE",
		"RECONCILE_GIT_PASSWD":   "RECONCILE_GIT_PASSWORD",
		"RECONCILE_REPOSITORY":   "RECONCILE_REPO",
		"RECONCILE_PARALELLISM":  "RECONCILE_PARALLELISM",
		"RECONCILE_GIT_USERNAM":  "RECONCILE_GIT_USERNAME",
		"RECONCILE_ENVIRONNMENT": "RECONCILE_ENVIRONMENT",
	} {
		t.Run(name, func(t *testing.T) {
			said := runWithVariable(t, name, "x")
			if !strings.Contains(said, name+" is not a setting") || !strings.Contains(said, fmt.Sprintf("did you mean %s?", want)) {
				t.Errorf("nearest to %s is not %s: %s", name, want, said)
			}
		})
	}
}

// Every command has a short help, and its help lines fit 80 columns.
func TestHelp(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: short help %q", c.CommandPath(), c.Short)
		}
		isCommand := c.Runnable() && !c.HasSubCommands() && c.Parent() != nil && !c.Parent().Hidden
		if examples := strings.Count(c.Example, "  reconcile ") + strings.Count(c.Example, "| reconcile "); isCommand && examples < 2 {
			t.Errorf("%s: %d examples; two are expected", c.CommandPath(), examples)
		}
		for _, line := range strings.Split(c.Long, "\n") {
			if len(line) > ui.DefaultWidth {
				t.Errorf("%s: too long a line: %s", c.CommandPath(), line)
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRootCommand(newApp()))
}

// Each page of the help is wrapped between words and fits 80 columns, and each flag that all
// commands have is in a group.
func TestHelpPages(t *testing.T) {
	for _, args := range []string{"help flags", "help environment", "help exit-codes", "help settings", "--help", "now --help", "help watch", "snapshot"} {
		a := newApp()
		var out bytes.Buffer
		a.out, a.err = &out, &out
		if code := execute(a, newRootCommand(a), strings.Fields(args)); code != run.ExitOK {
			t.Errorf("%s: exit %d", args, code)
		}
		for _, line := range strings.Split(out.String(), "\n") {
			hasLongWord := slices.ContainsFunc(strings.Fields(line), func(word string) bool { return len(word) > ui.DefaultWidth/2 })
			if ansi.StringWidth(line) > ui.DefaultWidth && !hasLongWord {
				t.Errorf("%s: too long a line: %s", args, line)
			}
		}
	}
	groups := config.FlagGroups(newRootCommand(newApp()).PersistentFlags())
	groups[len(groups)-1].Flags.VisitAll(func(f *pflag.Flag) {
		if f.Name != "pin" {
			t.Errorf("--%s is in no group of the help", f.Name)
		}
	})
}

// The words of other tools lead to ours or have a sentence, in each language.
func TestForeignWords(t *testing.T) {
	known, tr := map[string]bool{}, newTranslator(t)
	for _, c := range newRootCommand(newApp()).Commands() {
		known[c.Name()] = true
	}
	for word, ours := range foreignCommands {
		if !known[strings.Fields(ours)[0]] || known[word] || foreignSentences[word] != "" {
			t.Errorf("%s leads to %s", word, ours)
		}
	}
	for _, sentences := range []map[string]string{foreignSentences, foreignFlags} {
		for word, sentence := range sentences {
			if tr.Translate(sentence) == sentence {
				t.Errorf("the answer to %s has no translation: %s", word, sentence)
			}
		}
	}
	for args, want := range map[string]string{
		"apply": "`reconcile now` does that here", "logs": "`reconcile runs latest --logs` does", "list": "`reconcile status` does",
		"now --dry-run": "`reconcile plan` shows", "statsu": "did you mean `reconcile status`?", "status --otput json": "did you mean --output?",
		"apply -auto-approve": "`reconcile now` does", "now -auto-approve": "`reconcile approve` allows", "plan -target=a.b": "name the workspaces",
		"plan -out=plan": "reconcile keeps each plan", "get workspaces -A": "`reconcile status` does", "app sync dev --prune": "`reconcile now` does",
		"atlantis plan": "`reconcile plan` does", "destroy": "delete the resources in Git", "rollout undo dev": "revert the commit",
		"rollback dev": "revert the commit", "describe dev": "`reconcile runs --workspace", "import a.b id": "`import` block", "-V": "`reconcile version`",
		"status --watch": "`reconcile watch` runs", "help apply": "`reconcile now` does", "now --yes": "asks nothing", "top": "lists the commands",
		"plan -d env/dev": "name the workspaces as", "run list": "`reconcile runs` lists", "workspace new x": "entries of reconcile.hcl", "fmt": "`terraform fmt` does",
		"suspend kustomization dev": "`reconcile suspend dev`", "init -upgrade": ".terraform.lock.hcl", "why dev": "`reconcile changed` does", "policy list": "`protect`",
		"plan -- -target=a.b": "name the workspaces", "now -- --reverse": "flags stand before `--`", "runs -- -f": "flags stand before `--`",
		"logs -f": "`reconcile runs latest --logs` does", "status -l a=b": "lists the flags", "workspace select prod": "entries of reconcile.hcl",
	} {
		a := newApp()
		var stderr bytes.Buffer
		a.out, a.err = &bytes.Buffer{}, &stderr
		if code := execute(a, newRootCommand(a), strings.Fields(args)); code != run.ExitUsage || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: exit %d, %s", args, code, stderr.String())
		}
	}
}
