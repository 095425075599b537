package main

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/wire"
)

// completionTime bounds how long a shell waits for completions.
const completionTime = 3 * time.Second

// complete returns what list finds in the record, as completions. Errors give none: a shell
// has no place for them.
func (a *app) complete(c *cobra.Command, list func(context.Context, *wire.Deps) ([]string, error)) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(c.Context(), completionTime)
	defer cancel()
	if err := a.settings.ApplyEnvironment(c); err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	p, err := a.open(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer a.closeDeps(p)
	names, err := list(ctx, p)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeWorkspaces completes the names of the workspaces in the record.
func (a *app) completeWorkspaces(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(c, func(ctx context.Context, p *wire.Deps) ([]string, error) {
		records, err := p.Record.Workspaces(ctx)
		names := slices.Sorted(maps.Keys(records))
		return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(args, name) }), err
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
	return a.complete(c, func(ctx context.Context, p *wire.Deps) ([]string, error) {
		runs, err := p.Record.Runs(ctx, newest)
		ids := []string{"latest"}
		for _, r := range runs {
			ids = append(ids, string(r.ID))
		}
		return ids, err
	})
}

// completeCommits completes the commits that have a stored snapshot.
func (a *app) completeCommits(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return a.complete(c, func(ctx context.Context, p *wire.Deps) ([]string, error) {
		stored, err := p.Snapshots.List(ctx)
		var commits []string
		for _, s := range stored {
			commits = append(commits, string(s.Commit))
		}
		return commits, err
	})
}

// completeValues completes the values of the flags that all commands have.
func completeValues(c *cobra.Command) {
	for flag, values := range map[string][]string{
		"output": {"text", "json"}, "gate": {"always", "safe", "approve", "plan-only"}, "lang": {"en", "ja"},
		"metrics": {"none", "otlp", "emf"}, "traces": {"none", "otlp"}, "log-format": {"auto", "text", "json"},
	} {
		_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	// A person goes on typing after these, or names a file instead.
	for flag, values := range map[string][]string{
		"executor": {"local", "codebuild://", "ecs://"}, "notify": {"log", "backlog", "sns://"}, "state": {"dynamodb://"}, "snapshots": {"s3://"},
		"git-credentials": {"env", "secretsmanager://", "ssh-key:"}, "backlog-credentials": {"env", "secretsmanager://"},
	} {
		_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoSpace))
	}
	for _, flag := range []string{"config", "settings", "signers", "terraform", "digest-key"} {
		_ = c.MarkPersistentFlagFilename(flag)
	}
	_ = c.MarkPersistentFlagDirname("work")
}
