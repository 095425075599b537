package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/usage"
)

// Groups of commands in the help.
const (
	groupPass    = "pass"
	groupInspect = "inspect"
	groupRepair  = "repair"
	groupStart   = "start"
)

// annotationOutputs lists the outputs of a command, if not text and json.
const annotationOutputs = "outputs"

// annotationTriesSettings marks the commands that may read settings that are not committed:
// they apply and record nothing.
const annotationTriesSettings = "tries-settings"

// outputsOf returns the values of -o that a command takes.
func outputsOf(c *cobra.Command) []string {
	if outputs := strings.Fields(c.Annotations[annotationOutputs]); len(outputs) > 0 {
		return outputs
	}
	return []string{"text", "json"}
}

// runGroup runs commands that only have subcommands.
func runGroup(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	return explainCommand(c, args)
}

// rangeArgs returns a check of the number of arguments; what describes them in errors.
func rangeArgs(minArgs, maxArgs int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < minArgs:
			return usage.Errorf(fmt.Sprintf("`%s`", c.UseLine()), "`%s` needs %s", c.CommandPath(), what)
		case len(args) > maxArgs && maxArgs == 0:
			return usage.Errorf(fmt.Sprintf("`%s`", c.UseLine()), "`%s` takes no arguments, not %q", c.CommandPath(), args[0])
		case len(args) == maxArgs+1 && slices.Contains(foreignKinds, strings.ToLower(args[0])): // as Flux and HCP Terraform say it
			return usage.Errorf(fmt.Sprintf("`%s %s`", c.CommandPath(), strings.Join(args[1:], " ")), "`%s` takes only %s", c.CommandPath(), what)
		case len(args) > maxArgs:
			return usage.Errorf(fmt.Sprintf("`%s`", c.UseLine()), "`%s` takes only %s, not %q as well", c.CommandPath(), what, args[maxArgs])
		}
		return nil
	}
}

// latestRun is the name of the newest run.
const latestRun = "LATEST"

// noArgs is the check of commands without arguments.
var noArgs = rangeArgs(0, 0, "")
