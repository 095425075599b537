package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/similar"
)

// foreignCommands are commands of Terraform, Flux, Argo CD, Atlantis, kubectl, gh and HCP
// Terraform, and ours that does the same.
var foreignCommands = map[string]string{
	"apply": "now", "run": "now", "sync": "now", "deploy": "now", "reconcile": "now", "up": "now", "wait": "now",
	"restart": "now", "retry": "now", "rerun": "now", "replan": "now --replan WORKSPACE", "trigger": "now",
	"logs": "runs latest --logs", "log": "runs latest --logs", "view": "runs latest", "history": "runs", "events": "runs",
	"list": "status", "ls": "status", "get": "status", "show": "status", "ps": "status", "workspaces": "status", "queue": "status",
	"diff": "plan", "dry-run": "plan", "check": "doctor", "checks": "doctor", "preflight": "doctor", "verify": "doctor",
	"lint": "validate", "pause": "suspend", "unpause": "resume", "force-unlock": "unlock",
	"tour": "quickstart", "demo": "quickstart", "new": "init", "bootstrap": "init", "install": "init",
	"server": "watch", "daemon": "watch", "agent": "watch", "controller": "watch",
	"app": "status", "apps": "status", "tree": "graph", "trace": "changed", "lock": "suspend WORKSPACE", "refresh": "drift", "approve_policies": "approve", "confirm": "approve",
	"policy-check": "risk", "policy_check": "risk", "pulls": "preview", "docs": "help",
	"autoplan": "preview", "pending": "status", "approvals": "status", "why": "changed", "explain": "changed", "project": "status", "projects": "status", "environments": "help settings",
}

// foreignKinds name what a command of another tool is about; the command follows.
var foreignKinds = []string{"project", "ws", "app", "apps", "application", "atlantis", "run", "pr", "workflow", "ks", "kustomization", "workspace", "terraform", "tf", "help"}

// What several words lead to.
const (
	hintByTerraform = "run it with terraform in a checkout of the workspace, then `reconcile now --replan WORKSPACE`"
	hintDestroy     = "delete the resources in Git: the plan that destroys them waits for `reconcile approve`; nothing else destroys"
	hintRevert      = "revert the commit in Git and merge that; `reconcile now --snapshot COMMIT` applies a stored one without Git"
	hintStop        = "Ctrl-C (or SIGTERM) ends a pass safely; `reconcile suspend WORKSPACE` keeps a workspace as it is"
	hintSettings    = "`reconcile help environment` and `reconcile help flags` list the settings, `reconcile doctor` tries them"
	hintPages       = "`reconcile serve` shows the record in a browser, `--page DIRECTORY` writes static pages"
	hintDescribe    = "`reconcile runs --workspace WORKSPACE` shows its history, `reconcile graph` its inputs, `reconcile status` what it waits for"
	hintGit         = "change the configuration in Git and merge that: the next pass applies it"
	hintDiscard     = "a plan that nobody approves is never applied; `reconcile approve --revoke` takes an approval back"
	hintOutput      = "run `terraform output` in a checkout of the workspace: the record does not hold outputs"
	hintSelect      = "Terraform CLI workspaces are entries of reconcile.hcl: `reconcile help settings`"
	hintAllAreTaken = "without arguments all workspaces are taken"
	hintName        = "name the workspaces as arguments"
	hintNoQuestions = "reconcile asks nothing: a plan that needs a person waits for `reconcile approve`"
	hintWhy         = "use --why"
	hintLockFile    = "`terraform init -upgrade` in a checkout of the workspace, then commit its .terraform.lock.hcl"
	hintVerbose     = "`reconcile runs latest --logs` shows all that Terraform said"
	hintVariables   = "values belong into Git: `var_files` of reconcile.hcl, or `env` for TF_VAR_ variables"
	hintLive        = "`reconcile watch` runs passes and shows them live; `reconcile runs latest --logs -f` follows one"
	hintLocks       = "reconcile always locks; `--wait` says how long it waits for a lease"
)

// foreignSentences answer commands of other tools that have no counterpart.
var foreignSentences = map[string]string{
	"import": "write an `import` block and merge it: the plan imports", "state": "write a `moved`, `removed` or `import` block and merge it; or " + hintByTerraform,
	"taint": hintByTerraform, "untaint": hintByTerraform, "console": hintByTerraform, "providers": hintByTerraform, "output": hintOutput, "outputs": hintOutput,
	"destroy": hintDestroy, "delete": hintDestroy, "uninstall": hintDestroy, "prune": hintDestroy, "remove": hintDestroy, "rm": hintDestroy,
	"rollback": hintRevert, "undo": hintRevert, "revert": hintRevert, "describe": hintDescribe, "inspect": hintDescribe,
	"cancel": hintStop, "stop": hintStop, "abort": hintStop, "kill": hintStop, "down": hintStop,
	"config": hintSettings, "login": hintSettings, "logout": hintSettings, "auth": hintSettings, "context": hintSettings, "env": hintSettings,
	"repo": hintSettings, "secrets": hintSettings, "secret": hintSettings, "variables": hintSettings, "variable": hintSettings, "set": hintSettings,
	"ui": hintPages, "dashboard": hintPages, "open": hintPages, "web": hintPages, "browse": hintPages,
	"edit": hintGit, "create": hintGit, "patch": hintGit, "scale": hintGit, "discard": hintDiscard, "reject": hintDiscard,
	"select": hintSelect, "export": "`reconcile status -o json` writes the record, `reconcile snapshot fetch` a stored tree",
	"upgrade": "install the newer program: it reads the records of older ones", "update": "install the newer program: it reads the records of older ones",
	"fmt":    "reconcile formats nothing: `terraform fmt` does, before the merge",
	"policy": "`apply`, `protect` and `progressive` of reconcile.hcl say what waits: `reconcile help settings`",
	"test":   "reconcile runs no tests: `terraform test` does, before the merge",
}

// foreignFlags are flags of other tools, also with one dash or letter, and what to do instead.
var foreignFlags = map[string]string{
	"dry-run": "`reconcile plan` shows what a pass would do", "auto-approve": "`reconcile approve` allows a plan that waits",
	"target": "name the workspaces: `reconcile now WORKSPACE`", "format": "use -o", "json": "use -o json", "follow": "`reconcile runs RUN --logs -f` follows a run",
	"region": "set AWS_REGION", "profile": "set AWS_PROFILE", "workspace": hintName, "w": hintName, "dir": "use --repo", "d": hintName, "p": hintName, "project": hintName, "upgrade": hintLockFile, "chdir": "use --repo",
	"namespace": "use --record or --environment", "n": "use --record or --environment", "context": "use --record or --environment",
	"out": "reconcile keeps each plan: `reconcile runs latest` shows it, and -o takes text or json",
	"var": hintVariables, "var-file": hintVariables, "destroy": hintDestroy, "prune": hintDestroy,
	"refresh-only": "`reconcile drift` shows what was changed outside Git", "refresh": "`reconcile drift` shows what was changed outside Git",
	"replace": "`terraform taint ADDRESS` in a checkout of the workspace, then `reconcile now --replan WORKSPACE`", "force": "`reconcile now --replan WORKSPACE` plans a workspace that is not stale",
	"lock": hintLocks, "lock-timeout": hintLocks, "input": hintNoQuestions, "yes": hintNoQuestions, "y": hintNoQuestions,
	"detailed-exitcode": "the exit code always says it: `reconcile help exit-codes`", "all": hintAllAreTaken, "a": hintAllAreTaken, "all-namespaces": hintAllAreTaken, "A": hintAllAreTaken,
	"watch": hintLive, "f": hintLive, "tail": "use --limit", "since": "use --limit", "verbose": hintVerbose, "debug": hintVerbose, "v": hintVerbose,
	"V": "`reconcile version` prints it", "client": "`reconcile version` prints it", "no-input": hintNoQuestions, "timeout": "use --wait", "message": hintWhy, "m": hintWhy, "reason": hintWhy,
}

// explainCommand returns the error for words that are no command: with our command, a sentence,
// or a similar command.
func explainCommand(c *cobra.Command, words []string) error {
	unknown := strings.Join(append(strings.Fields(c.CommandPath())[1:], words[0]), " ")
	return usage.Errorf(cmp.Or(findForeign(c, words), findSimilarCommand(c, words[0]), fmt.Sprintf("`%s --help` lists the commands", c.CommandPath())), "unknown command %q", unknown)
}

// findForeign returns the answer to words of another tool; "" if they are none.
func findForeign(c *cobra.Command, words []string) string {
	word := strings.ToLower(words[0])
	if len(words) > 1 && word == "workspace" && strings.EqualFold(words[1], "new") {
		return hintSelect
	}
	if len(words) > 1 && word == "run" && slices.Contains([]string{"list", "ls", "show", "view", "get"}, strings.ToLower(words[1])) {
		return "`reconcile runs` lists them, `reconcile runs RUN` shows one"
	}
	if len(words) > 1 && slices.Contains(foreignKinds, word) {
		if ours, _, err := c.Root().Find(words[1:]); err == nil && ours != c.Root() {
			return fmt.Sprintf("`%s` does that here", ours.CommandPath())
		}
		if answer := findForeign(c, words[1:]); answer != "" {
			return answer
		}
	}
	if ours := foreignCommands[word]; ours != "" {
		return fmt.Sprintf("`reconcile %s` does that here", ours)
	}
	return foreignSentences[word]
}

// findSimilarCommand suggests the command that was probably meant; "" for none.
func findSimilarCommand(c *cobra.Command, word string) string {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if near := similar.FindCorrection(strings.ToLower(word), names); near != "" {
		return fmt.Sprintf("did you mean `%s %s`?", c.CommandPath(), near)
	}
	return ""
}

// explainFlagError answers an unknown flag: the command where that is unknown, too, then what
// to do instead, or a similar flag.
func explainFlagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	isUnknown := errors.As(err, &unknown)
	if words := c.Flags().Args(); isUnknown && c.HasSubCommands() && len(words) > 0 {
		return explainCommand(c, words)
	}
	hint := fmt.Sprintf("`%s --help` lists the flags", c.CommandPath())
	if isUnknown {
		if answer := findFlag(c, unknown); answer != "" {
			hint = answer
		}
	}
	return &usage.Error{Err: err, Hint: hint}
}

// refuseFlagNames answers a flag after --, where it would be taken as a name.
func refuseFlagNames(c *cobra.Command) error {
	for _, word := range c.Flags().Args() {
		if strings.HasPrefix(word, "-") && word != "-" {
			name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
			hint := "flags stand before `--`; a file is given as ./-NAME"
			if answer := foreignFlags[name]; answer != "" && c.Flags().Lookup(name) == nil && (len(name) > 1 || c.Flags().ShorthandLookup(name) == nil) {
				hint = answer
			}
			return usage.Errorf(hint, "%s stands after `--` and is no name", word)
		}
	}
	return nil
}

// findFlag returns the answer to an unknown flag; "" for none. Terraform's flags have one dash.
func findFlag(c *cobra.Command, unknown *pflag.NotExistError) string {
	name, _, _ := strings.Cut(cmp.Or(unknown.GetSpecifiedShortnames(), unknown.GetSpecifiedName()), "=")
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if answer := foreignFlags[name]; answer != "" && !slices.Contains(names, name) {
		return answer
	}
	if near := similar.FindCorrection(name, names); near != "" && len(name) > 1 {
		return fmt.Sprintf("did you mean --%s? `%s --help` lists the flags", near, c.CommandPath())
	}
	return ""
}

// refuseForeignHelp lets `help WORD` answer a word that is no command as the word alone is
// answered. Cobra would show the help of all.
func refuseForeignHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	if err != nil || help == root {
		return
	}
	help.Example = "  reconcile help now\n  reconcile help flags"
	complete := help.ValidArgsFunction
	help.ValidArgsFunction = func(c *cobra.Command, words []string, typed string) ([]string, cobra.ShellCompDirective) {
		names, directive := complete(c, words, typed)
		for _, t := range topics {
			if len(words) == 0 && strings.HasPrefix(t.name, typed) {
				names = append(names, cobra.CompletionWithDesc(t.name, t.short))
			}
		}
		return names, directive
	}
	show := help.Run
	help.Run, help.RunE = nil, func(c *cobra.Command, words []string) error {
		if found, _, err := root.Find(words); len(words) > 0 && (err != nil || found == root) {
			return explainCommand(root, words)
		}
		show(c, words)
		return nil
	}
}
