package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/run"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// completionTime bounds how long a shell waits for completions.
const completionTime = 3 * time.Second

// refuseUnknownShells makes the command for completions refuse what is no shell that it knows,
// as other groups of commands do.
func refuseUnknownShells(root *cobra.Command) {
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Args, c.RunE = cobra.ArbitraryArgs, runGroup
		}
	}
}

// complete returns what list finds in the record, as completions. Errors give none: a shell
// has no place for them.
func (a *app) complete(c *cobra.Command, list func(context.Context, *wire.Deps) ([]string, error)) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(c.Context(), completionTime)
	defer cancel()
	if err := a.settings.ApplyEnvironment(c); err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	deps, err := a.open(ctx, wire.RecordAlone)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer a.closeDeps(deps)
	names, err := list(ctx, deps)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeWorkspaces completes the names of the workspaces in the record; before the first pass,
// those at the tip.
func (a *app) completeWorkspaces(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(c, func(ctx context.Context, deps *wire.Deps) ([]string, error) {
		records, err := deps.Record.Workspaces(ctx)
		if len(records) == 0 && err == nil {
			return listAtTip(ctx, deps, args)
		}
		names := slices.Sorted(maps.Keys(records))
		return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(args, name) }), err
	})
}

// listAtTip lists the workspaces at the tip, without those that are named already.
func listAtTip(ctx context.Context, deps *wire.Deps, named []string) (names []string, err error) {
	graph, err := inspect.ReadGraph(ctx, deps.RunConfig(nil))
	if err != nil {
		return nil, err
	}
	for _, w := range graph.Workspaces {
		if !slices.Contains(named, w.Name) {
			names = append(names, w.Name)
		}
	}
	return names, nil
}

// completePlan completes a workspace whose plan waits, then the digest of that plan.
func (a *app) completePlan(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.complete(c, func(ctx context.Context, deps *wire.Deps) ([]string, error) {
		plans, err := deps.Record.OfferedPlans(ctx)
		var words []string
		for _, plan := range plans {
			switch {
			case len(args) == 0:
				words = append(words, plan.Workspace)
			case plan.Workspace == args[0]:
				words = append(words, plan.Digest.Abbrev())
			}
		}
		slices.Sort(words)
		return slices.Compact(words), err
	})
}

// completeEnvironments completes the environments that the settings at the tip define.
func (a *app) completeEnvironments(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(c, func(ctx context.Context, deps *wire.Deps) ([]string, error) {
		config := deps.RunConfig(nil)
		tip, err := config.Source.Tip(ctx, "")
		if err != nil {
			return nil, err
		}
		commit, err := config.Fetch(ctx, tip)
		if err != nil {
			return nil, err
		}
		defer config.CloseCommit(commit)
		settings, err := config.LoadSettings(commit)
		if err != nil {
			return nil, err
		}
		return settings.Environments(), nil
	})
}

// completeWorkspace completes the first argument, a workspace.
func (a *app) completeWorkspace(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeWorkspaces(c, args, typed)
}

// completeRuns completes the ids of the newest runs.
func (a *app) completeRuns(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	const newest = 50
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ids, directive := a.complete(c, func(ctx context.Context, deps *wire.Deps) ([]string, error) {
		runs, err := deps.Record.Runs(ctx, newest)
		ids := []string{strings.ToLower(latestRun)}
		for _, r := range runs {
			when := ui.FormatAge(a.tr, r.EndedAt, time.Now())
			ids = append(ids, cobra.CompletionWithDesc(string(r.ID), fmt.Sprintf("%s, %s, %s", when, a.tr.Text(r.Trigger), a.tr.Text(r.Outcome))))
		}
		return ids, err
	})
	return ids, directive | cobra.ShellCompDirectiveKeepOrder
}

// completeNamed completes the first argument with the names that list finds in the record.
func (a *app) completeNamed(list func(context.Context, *state.Record) ([]string, error)) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.complete(c, func(ctx context.Context, deps *wire.Deps) ([]string, error) { return list(ctx, deps.Record) })
	}
}

// listHeld lists the workspaces that have a hold.
func listHeld(ctx context.Context, record *state.Record) ([]string, error) {
	holds, err := record.Holds(ctx)
	return slices.Sorted(maps.Keys(holds)), err
}

// listRemoved lists the workspaces of the record that were removed from Git.
func listRemoved(ctx context.Context, record *state.Record) ([]string, error) {
	records, err := record.Workspaces(ctx)
	maps.DeleteFunc(records, func(_ string, w state.Workspace) bool { return !w.Removed })
	return slices.Sorted(maps.Keys(records)), err
}

// completeCommits completes the commits that have a stored snapshot.
func (a *app) completeCommits(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(c, func(ctx context.Context, deps *wire.Deps) ([]string, error) {
		if deps.Snapshots == nil {
			return nil, nil
		}
		stored, err := deps.Snapshots.List(ctx)
		var commits []string
		for _, s := range stored {
			commits = append(commits, string(s.Commit))
		}
		return commits, err
	})
}

// completeFetch completes a commit, then a directory.
func (a *app) completeFetch(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return a.completeCommits(c, args, typed)
}

// completePlanFile lets the shell complete the first argument, a plan in JSON.
func completePlanFile(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeOutput completes the outputs that a command has.
func completeOutput(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return outputsOf(c), cobra.ShellCompDirectiveNoFileComp
}

// completeDirectory lets the shell complete the first argument, a directory.
func completeDirectory(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeFlags completes the values of the flags that some commands have.
func (a *app) completeFlags(root *cobra.Command) {
	latest := func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		commits, directive := a.completeCommits(c, args, typed)
		return append([]string{snapshot.Latest}, commits...), directive
	}
	for _, c := range root.Commands() {
		for flag, complete := range map[string]cobra.CompletionFunc{
			"snapshot": latest, "commit": a.completeCommits, "from": a.completeCommits, "to": a.completeCommits, "with-environment": a.completeEnvironments,
			"trigger":      cobra.FixedCompletions([]string{run.TriggerManual, run.TriggerSchedule, run.TriggerWebhook}, cobra.ShellCompDirectiveNoFileComp),
			"webhook-from": cobra.FixedCompletions([]string{"any"}, cobra.ShellCompDirectiveNoFileComp),
			"dir":          cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs), "values": cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
		} {
			if c.LocalNonPersistentFlags().Lookup(flag) != nil {
				_ = c.RegisterFlagCompletionFunc(flag, complete)
			}
		}
	}
}

// completeValues completes the values of the flags that all commands have.
func (a *app) completeValues(c *cobra.Command) {
	_ = c.RegisterFlagCompletionFunc("environment", a.completeEnvironments)
	_ = c.RegisterFlagCompletionFunc("output", completeOutput)
	for flag, values := range map[string][]string{
		"gate": {"always", "safe", "approve", "plan-only"}, "lang": {"en", "ja"},
		"metrics": {"none", "otlp", "emf"}, "traces": {"none", "otlp"}, "log-format": {"auto", "text", "json"},
	} {
		_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	// A person goes on typing after these, or names a file instead.
	for flag, values := range map[string][]string{
		"executor": config.ExecutorValues, "notify": config.NotifyValues(),
		"state": {"dynamodb://"}, "snapshots": {"s3://"}, "page": {"s3://"}, "approvers": {"ssm://"}, "digest-key": {"secretsmanager://"},
		"git-credentials": {"env", "secretsmanager://", "ssh-key:"}, "backlog-credentials": {"env", "secretsmanager://"},
	} {
		_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoSpace))
	}
	_ = c.MarkPersistentFlagFilename("config", "toml")
	_ = c.MarkPersistentFlagFilename("settings", "hcl")
	for _, flag := range []string{"signers", "terraform"} {
		_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)) // files
	}
	for _, flag := range []string{"work", "repo"} {
		_ = c.MarkPersistentFlagDirname(flag)
	}
}
