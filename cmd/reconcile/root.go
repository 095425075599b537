package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/usage"
)

func newRootCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "reconcile",
		Short: "Keep infrastructure as Git describes it",
		Long: `reconcile applies the Terraform workspaces of a Git repository that are stale
at the tip of a branch, and only those.

New here? reconcile quickstart shows it on a throw-away repository, reconcile
init begins with your own.`,
		Example: `  reconcile init                # in a clone: write the first settings
  reconcile plan                # what a pass would do
  reconcile now                 # one pass`,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE:          runGroup,

		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			return a.prepare(c)
		},
	}
	c.SetOut(a.out)
	c.SetErr(a.err)
	c.SetIn(a.in)
	c.SetFlagErrorFunc(explainFlagError)
	c.SetUsageFunc(a.printUsage)
	c.SetHelpFunc(a.printHelp)
	c.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	a.settings.Bind(c.PersistentFlags())
	c.AddGroup(
		&cobra.Group{ID: groupPass, Title: "Apply"},
		&cobra.Group{ID: groupInspect, Title: "Inspect"},
		&cobra.Group{ID: groupRepair, Title: "Suspend and repair"},
		&cobra.Group{ID: groupStart, Title: "Start here"},
	)
	c.SetHelpCommandGroupID(groupStart)
	c.SetCompletionCommandGroupID(groupStart)
	c.AddCommand(
		// Apply
		newNowCommand(a),
		newWatchCommand(a),
		newApproveCommand(a),
		newRolloutCommand(a),
		// Inspect
		newPlanCommand(a),
		newDriftCommand(a),
		newPreviewCommand(a),
		newRiskCommand(a),
		newChangedCommand(a),
		newCompareCommand(a),
		newGraphCommand(a),
		newValidateCommand(a),
		newStatusCommand(a),
		newServeCommand(a),
		newRunsCommand(a),
		newSnapshotCommand(a),
		// Suspend and repair
		newSuspendCommand(a),
		newResumeCommand(a),
		newUnlockCommand(a),
		newForgetCommand(a),
		newDistrustCommand(a),
		// Start here, and what is not shown
		newQuickstartCommand(a),
		newInitCommand(a),
		newDoctorCommand(a),
		newVersionCommand(a),
		newWorkerCommand(a),
	)
	c.AddCommand(newTopics(a)...)
	refuseForeignHelp(c)
	return c
}

// prepare resolves the settings of a command and refuses those that it does not take. Completion
// must work with any environment.
func (a *app) prepare(c *cobra.Command) error {
	a.chooseLanguage(c)
	if strings.HasPrefix(c.CommandPath(), "reconcile completion") || strings.HasPrefix(c.Name(), "__complete") {
		return nil
	}
	if err := a.settings.ApplyPins(c); err != nil {
		return err
	}
	if err := a.settings.ApplyEnvironment(c); err != nil {
		return err
	}
	if err := a.configureOutput(); err != nil {
		return err
	}
	if a.settings.SettingsFile != "" && c.Annotations[annotationTriesSettings] == "" {
		return usage.Errorf("try them with `reconcile validate`, `graph`, `changed` or `plan`, then commit them", "`%s` takes its settings from Git, not from --settings", c.CommandPath())
	}
	if err := refuseFlagNames(c); err != nil {
		return err
	}
	return a.checkFormat(c)
}

// checkFormat refuses a value of -o that the command does not take.
func (a *app) checkFormat(c *cobra.Command) error {
	outputs := outputsOf(c)
	if slices.Contains(outputs, a.settings.Output) {
		return nil
	}
	if a.settings.Output == "ut" || strings.HasPrefix(a.settings.Output, "ut=") { // as Terraform writes it
		return usage.Errorf(foreignFlags["out"], "-o%s is not known", a.settings.Output)
	}
	return usage.Errorf(fmt.Sprintf("`%s` takes -o %s", c.CommandPath(), strings.Join(outputs, ", ")), "-o %s is not known", a.settings.Output)
}
