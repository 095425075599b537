package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/runid"
	"reconcile/reconciler/run"
	"reconcile/state"
)

func newRunsCommand(a *app) *cobra.Command {
	var o runsOptions
	c := &cobra.Command{
		Use:     "runs [RUN]",
		GroupID: groupInspect,
		Short:   "List past passes; with a run's id, show its plans and logs",
		Example: `  reconcile runs
  reconcile runs 01J9ZQ3KX2 # an id from the list`,
		Args: rangeArgs(0, 1, "the id of one run"),
		RunE: func(c *cobra.Command, args []string) error {
			o.id = strings.Join(args, "")
			return runRuns(c.Context(), a, o)
		},
	}
	c.Flags().IntVar(&o.limit, "limit", 20, "how many runs to list, newest first")
	return c
}

type runsOptions struct {
	id    string
	limit int
}

func runRuns(ctx context.Context, a *app, o runsOptions) error {
	if o.limit < 1 {
		return usage.Errorf("--limit takes 1 or more", "--limit %d", o.limit)
	}
	p, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer a.closeDeps(p)
	if o.id != "" {
		return showRun(ctx, a, p, runid.ID(strings.ToUpper(o.id)))
	}
	runs, err := p.Record.Runs(ctx, o.limit)
	if err != nil {
		return err
	}
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, struct {
			Runs []state.Run `json:"runs"`
		}{append([]state.Run{}, runs...)})
	}
	printRuns(a, runs, time.Now())
	return nil
}

func printRuns(a *app, runs []state.Run, now time.Time) {
	if len(runs) == 0 {
		fmt.Fprintln(a.out, "no runs yet")
		return
	}
	var rows []ui.Row
	for _, entry := range runs {
		counts := map[state.Outcome]int{}
		for _, w := range entry.Workspaces {
			counts[w.Outcome]++
		}
		row := ui.Row{Cells: []string{
			string(entry.ID), ui.FormatAge(entry.StartedAt, now), entry.Trigger, ui.AbbrevCommit(entry.ToCommit), ui.FormatCounts(counts),
		}}
		if entry.Error != "" {
			row.Notes = []string{"failed: " + entry.Error}
		}
		rows = append(rows, row)
	}
	ui.PrintTable(a.out, a.width(), []string{"RUN", "WHEN", "TRIGGER", "TO", "WORKSPACES"}, rows)
}

func showRun(ctx context.Context, a *app, p *wire.Deps, id runid.ID) error {
	entry, err := p.Record.Run(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		return usage.Errorf("`reconcile runs` lists them", "no run %s in the record", id)
	}
	if err != nil {
		return err
	}
	logs := map[string]string{}
	names, err := p.Snapshots.Logs(ctx, id)
	if err != nil {
		return err
	}
	for _, name := range names {
		if logs[name], err = readLog(ctx, p, id, name); err != nil {
			return err
		}
	}
	if a.wantsJSON() {
		return ui.PrintJSONWith(a.out, entry, "logs", logs)
	}
	printRun(a, entry, names, logs)
	return nil
}

func readLog(ctx context.Context, p *wire.Deps, runID runid.ID, workspace string) (string, error) {
	r, err := p.Snapshots.Log(ctx, runID, workspace)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), errors.Join(err, r.Close())
}

func printRun(a *app, entry state.Run, names []string, logs map[string]string) {
	fmt.Fprintf(a.out, "run       %s (%s, %s)\n", entry.ID, entry.Trigger, entry.Outcome)
	fmt.Fprintf(a.out, "started   %s, took %s\n", entry.StartedAt.Local().Format(time.DateTime), ui.FormatDuration(entry.EndedAt.Sub(entry.StartedAt)))
	fmt.Fprintf(a.out, "commits   %s → %s\n", ui.AbbrevCommit(entry.FromCommit), ui.AbbrevCommit(entry.ToCommit))
	fmt.Fprintf(a.out, "snapshot  %s\n", cmp.Or(entry.Snapshot, "-"))
	if entry.Error != "" {
		fmt.Fprintf(a.out, "failed    %s\n", entry.Error)
	}
	fmt.Fprintln(a.out)
	for _, w := range entry.Workspaces {
		fmt.Fprint(a.out, ui.FormatWorkspace(run.ResultOf(w), a.width()))
	}
	for _, name := range names {
		fmt.Fprintf(a.out, "\n%s\n%s\n", ui.StyleBold.Render("# "+name), strings.TrimSpace(logs[name]))
	}
}
