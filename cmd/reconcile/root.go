package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/similar"
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

		SuggestionsMinimumDistance: 2,
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
		newNowCommand(a), newWatchCommand(a), newApproveCommand(a), newRolloutCommand(a),
		newPlanCommand(a), newDriftCommand(a), newPreviewCommand(a), newRiskCommand(a), newChangedCommand(a), newCompareCommand(a), newGraphCommand(a), newValidateCommand(a), newStatusCommand(a), newServeCommand(a), newRunsCommand(a), newSnapshotCommand(a),
		newSuspendCommand(a), newResumeCommand(a), newUnlockCommand(a), newForgetCommand(a), newDistrustCommand(a),
		newQuickstartCommand(a), newInitCommand(a), newDoctorCommand(a), newVersionCommand(a), newWorkerCommand(a),
	)
	c.AddCommand(newTopics(a)...)
	completeValues(c)
	return c
}

// prepare sets the settings for a command. Completion must work with any environment.
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
	if err := a.applyOutput(); err != nil {
		return err
	}
	if a.settings.SettingsFile != "" && c.Annotations[annotationTriesSettings] == "" {
		return usage.Errorf("try them with `reconcile validate`, `graph`, `changed` or `plan`, then commit them", "`%s` takes its settings from Git, not from --settings", c.CommandPath())
	}
	outputs := strings.Split(c.Annotations[annotationOutputs], " ")
	if outputs[0] == "" {
		outputs = []string{"text", "json"}
	}
	for _, output := range outputs {
		if a.settings.Output == output {
			return nil
		}
	}
	return usage.Errorf(fmt.Sprintf("`%s` takes -o %s", c.CommandPath(), strings.Join(outputs, ", ")), "-o %s is not known", a.settings.Output)
}

// explainFlagError suggests a similar flag for an unknown one.
func explainFlagError(c *cobra.Command, err error) error {
	hint := fmt.Sprintf("`%s --help` lists the flags", c.CommandPath())
	var unknown *pflag.NotExistError
	switch {
	case !errors.As(err, &unknown) || len(unknown.GetSpecifiedName()) < 2:
	case foreignFlags[unknown.GetSpecifiedName()] != "":
		hint = foreignFlags[unknown.GetSpecifiedName()]
	default:
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		hint = fmt.Sprintf("did you mean --%s? %s", similar.FindNearest(unknown.GetSpecifiedName(), names), hint)
	}
	return &usage.Error{Err: err, Hint: hint}
}
