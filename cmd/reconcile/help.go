package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/ui"
)

// printHelp prints the help of a command, in the language that its flags ask for.
func (a *app) printHelp(c *cobra.Command, _ []string) {
	a.chooseLanguage(c)
	ui.PrintWrapped(c.OutOrStdout(), a.helpWidth(), "", a.tr.Translate(strings.TrimSpace(cmp.Or(c.Long, c.Short))))
	fmt.Fprintln(c.OutOrStdout())
	if c.Runnable() || c.HasSubCommands() {
		fmt.Fprint(c.OutOrStdout(), c.UsageString())
	}
}

// printUsage prints how a command is called. The flags that all commands have are on a page
// of their own: after each command they would hide what is the command's.
func (a *app) printUsage(c *cobra.Command) error {
	w, width := c.OutOrStderr(), a.helpWidth()
	fmt.Fprintf(w, "%s:\n", a.tr.Text("Usage"))
	if c.Runnable() && !c.HasAvailableSubCommands() {
		ui.PrintWrapped(w, width, "  ", c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(w, "  %s COMMAND\n", c.CommandPath())
	}
	if c.HasExample() {
		fmt.Fprintf(w, "\n%s:\n", a.tr.Text("Examples"))
		for line := range strings.SplitSeq(a.tr.Text(c.Example), "\n") {
			ui.PrintExample(w, width, line)
		}
	}
	a.printCommands(w, c)
	if c.HasParent() {
		if local := c.LocalFlags(); local.HasAvailableFlags() {
			fmt.Fprintf(w, "\n%s:\n", a.tr.Text("Flags"))
			printFlagList(w, width, a.tr, local)
		}
		fmt.Fprintln(w)
		ui.PrintWrapped(w, width, "", a.tr.Text("`reconcile help flags` lists the flags that all commands have."))
		return nil
	}
	fmt.Fprintf(w, "\n%s:\n", a.tr.Text("Topics"))
	for _, sub := range c.Commands() {
		if sub.IsAdditionalHelpTopicCommand() {
			ui.PrintWrapped(w, width, fmt.Sprintf("  help %-*s ", sub.NamePadding(), sub.Name()), a.tr.Text(sub.Short))
		}
	}
	fmt.Fprintln(w)
	ui.PrintWrapped(w, width, "", a.tr.Text("`reconcile help COMMAND` shows more about a command or a topic."))
	return nil
}

// helpWidth returns the width of help: it is wrapped without a terminal, too.
func (a *app) helpWidth() int {
	if a.terminal == nil {
		return ui.DefaultWidth
	}
	return a.width()
}

// printCommands lists the commands below c by group.
func (a *app) printCommands(w io.Writer, c *cobra.Command) {
	groups := c.Groups()
	if len(groups) == 0 && c.HasAvailableSubCommands() {
		groups = []*cobra.Group{{Title: "Commands"}}
	}
	for _, group := range groups {
		fmt.Fprintf(w, "\n%s:\n", a.tr.Text(group.Title))
		for _, sub := range c.Commands() {
			if sub.GroupID == group.ID && sub.IsAvailableCommand() {
				ui.PrintWrapped(w, a.helpWidth(), fmt.Sprintf("  %-*s ", sub.NamePadding(), sub.Name()), a.tr.Text(sub.Short))
			}
		}
	}
}

// topics are the pages of the help that are no commands.
var topics = []struct {
	name, short string
	print       func(*app, *cobra.Command, io.Writer)
}{
	{"flags", "The flags that all commands have", printFlags},
	{"environment", "Variables that set flags, and secrets", printEnvironment},
	{"exit-codes", "What the exit code of a command means", func(a *app, _ *cobra.Command, w io.Writer) {
		ui.PrintWrapped(w, a.helpWidth(), "", a.tr.Text(exitCodesText))
	}},
	{"settings", "The file reconcile.hcl of the repository", func(a *app, _ *cobra.Command, w io.Writer) {
		ui.PrintWrapped(w, a.helpWidth(), "", a.tr.Text(settingsText))
	}},
}

// newTopics returns the topics as commands that only have a help.
func newTopics(a *app) []*cobra.Command {
	var commands []*cobra.Command
	for _, t := range topics {
		c := &cobra.Command{Use: t.name, Short: t.short}
		c.SetHelpFunc(func(c *cobra.Command, _ []string) {
			a.chooseLanguage(c)
			t.print(a, c, c.OutOrStdout())
		})
		commands = append(commands, c)
	}
	return commands
}

// printFlags prints the flags of all commands in groups.
func printFlags(a *app, c *cobra.Command, w io.Writer) {
	ui.PrintWrapped(w, a.helpWidth(), "", a.tr.Text("Flags that all commands have. Each has a variable: `reconcile help environment`."))
	for _, group := range config.FlagGroups(c.Root().PersistentFlags()) {
		fmt.Fprintf(w, "\n%s:\n", a.tr.Text(group.Title))
		printFlagList(w, a.helpWidth(), a.tr, group.Flags)
	}
}

// printEnvironment prints the variables of all flags, and those of secrets.
func printEnvironment(a *app, c *cobra.Command, w io.Writer) {
	ui.PrintWrapped(w, a.helpWidth(), "", a.tr.Text("Each flag of a command has a variable: --git-credentials is RECONCILE_GIT_CREDENTIALS. A flag wins over its variable. An empty variable counts as not set. A variable that begins with RECONCILE_ and is none of these is refused."))
	for _, group := range config.FlagGroups(c.Root().PersistentFlags()) {
		fmt.Fprintf(w, "\n%s:\n", a.tr.Text(group.Title))
		ui.PrintWrapped(w, a.helpWidth(), "  ", strings.Join(config.VariablesOf(group.Flags), " "))
	}
	fmt.Fprintf(w, "\n%s:\n", a.tr.Text("Secrets, which have no flags"))
	for _, v := range config.SecretVariables() {
		ui.PrintWrapped(w, a.helpWidth(), "  ", v.Name+"  "+a.tr.Text(v.Meaning))
	}
	fmt.Fprintf(w, "\n%s:\n", a.tr.Text("Of others"))
	ui.PrintWrapped(w, a.helpWidth(), "  ", a.tr.Text("AWS_PROFILE, AWS_REGION and the other variables of the AWS SDK; SSH_AUTH_SOCK; HTTPS_PROXY, NO_PROXY; OTEL_EXPORTER_OTLP_ENDPOINT; XDG_STATE_HOME, XDG_CACHE_HOME; NO_COLOR. TF_VAR_ variables reach Terraform only where `env` of reconcile.hcl names them."))
}

const exitCodesText = `Exit codes of reconcile:

   0  in sync, or all applied; of other commands: done
   1  something failed
   2  something waits for a person, is stale, pending or has drifted
   3  another run holds a lease or lock that this one needs
  64  wrong usage: a flag, an argument, a variable or a setting
  70  internal error: please report it
  74  the command succeeded, and its output could not be written

When several apply, 1 wins over 3, and 3 over 2. Scripts should ask for -o json
as well: it says for each workspace what happened.`

const settingsText = `The settings of a repository are in env/reconcile.hcl, or in reconcile.hcl at
its top. Without them, every directory env/* with Terraform is a workspace.

  workspaces = ["env/*"]             # patterns of root modules

  defaults {                         # for all workspaces
    apply      = "safe"              # always, safe, approve or plan-only
    plan_role  = "arn:aws:iam::…"    # roles that Terraform runs with
    apply_role = "arn:aws:iam::…"
    ignore     = ["docs/**"]         # files that change nothing
  }

  workspace "tokyo" {                # for one
    depends_on  = ["common"]         # beside those whose state it reads
    serving     = "switch.shares"    # its traffic: above 0, it is not destroyed
    protect     = ["aws_db_instance.*"]
    max_destroy = 3
    var_files   = ["../shared.tfvars"]
    env         = ["TF_VAR_image"]
    allow_unlocked = true            # its backend does not lock
    prune       = false              # true is not honoured yet
    inputs      = ["lambda/tokyo/**"]
  }

  workspace "app-prod" {             # a Terraform CLI workspace
    directory           = "terraform/app"
    terraform_workspace = "prod"
    var_files           = ["${terraform.workspace}.tfvars"]
  }

  workspace "switchover" {
    progressive {                    # applied in steps; see docs/rollout.md
      variable = "progress"          # gets the number; its default is 100
      steps    = [10, 50, 100]
      soak     = "10m"               # or one for each step
      alarms   = ["arn:aws:cloudwatch:…"]
      on_alarm = "abort"             # or pause
      quiet    = []                  # alarms that are OK without data
    }
  }

  environment "staging" {            # chosen by --environment
    var_file       = "staging.tfvars"
    backend_config = "env/staging.s3.tfbackend"
  }

  preview {                          # what plans of pull requests may run
    providers = ["hashicorp/aws"]
  }

reconcile init writes a first file, reconcile validate checks it. README.md
describes each setting.`
