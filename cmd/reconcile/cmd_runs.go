package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/reconciler/run"
	"reconcile/state"
)

func newRunsCommand(a *app) *cobra.Command {
	var o runsOptions
	c := &cobra.Command{
		Use:     "runs [RUN]",
		GroupID: groupInspect,
		Short:   "List runs; with a run's id, show its results, plans and logs",
		Long: `List the runs of the record, the newest first, and those that work now. With an
id, the first characters of one, or latest, show that run: results, plans and
logs.

--logs prints the logs alone. With --follow it prints each log when its
workspace is done, until the run ends.`,
		Example: `  reconcile runs --workspace tokyo --failed
  reconcile runs latest
  reconcile runs 01J9ZQ3KX2 --logs --follow`,
		Args:              rangeArgs(0, 1, "the id of one run"),
		ValidArgsFunction: a.completeRuns,
		RunE: func(c *cobra.Command, args []string) error {
			o.id = strings.ToUpper(strings.Join(args, ""))
			return runRuns(c.Context(), a, o)
		},
	}
	c.Flags().IntVarP(&o.limit, "limit", "n", 20, "how many runs to list, newest first")
	c.Flags().StringVarP(&o.workspace, "workspace", "w", "", "only runs that worked on this workspace; with a run, only this workspace")
	c.Flags().BoolVar(&o.failed, "failed", false, "only runs that failed")
	c.Flags().BoolVar(&o.logs, "logs", false, "of a run: print its plans and logs alone")
	c.Flags().BoolVarP(&o.follow, "follow", "f", false, "of a run: print logs until it ends")
	_ = c.RegisterFlagCompletionFunc("workspace", a.completeWorkspaces)
	return c
}

type runsOptions struct {
	id, workspace        string
	failed, logs, follow bool
	limit                int
}

func (o runsOptions) check() error {
	switch {
	case o.limit < 1:
		return usage.Errorf("--limit takes 1 or more", "--limit %d", o.limit)
	case o.id == "" && (o.logs || o.follow):
		return usage.Errorf("`reconcile runs latest --logs`", "--logs and --follow need a run")
	case o.id != "" && o.failed:
		return usage.Errorf("leave out the run, or --failed", "--failed lists runs")
	}
	return nil
}

func runRuns(ctx context.Context, a *app, o runsOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.follow && a.wantsJSON() {
		return usage.Errorf("leave out -o json, or --follow", "--follow prints logs as text")
	}
	uses := wire.RecordAlone
	if o.id != "" {
		uses = wire.Snapshots // they hold the logs
	}
	deps, err := a.open(ctx, uses)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	if o.follow {
		return followRun(ctx, a, deps, o)
	}
	if o.id != "" {
		return showRun(ctx, a, deps, o)
	}
	runs, err := listRuns(ctx, deps.Record, o)
	if err != nil {
		return err
	}
	if a.wantsJSON() {
		list := []runJSON{}
		for _, entry := range runs {
			list = append(list, runJSONOf(entry))
		}
		return ui.PrintJSON(a.out, map[string]any{"runs": list})
	}
	printRuns(a, runs, time.Now())
	return nil
}

// runJSON is a run as `runs -o json` prints it.
type runJSON struct {
	Run        runid.ID             `json:"run"`
	Trigger    string               `json:"trigger"`
	From       commitid.ID          `json:"from"`
	To         commitid.ID          `json:"to"`
	Outcome    string               `json:"outcome"`
	Exit       int                  `json:"exit"`
	StartedAt  time.Time            `json:"started_at"`
	EndedAt    time.Time            `json:"ended_at"`
	Error      string               `json:"error,omitempty"`
	Snapshot   string               `json:"snapshot"`
	Workspaces []state.RunWorkspace `json:"workspaces"`
}

func runJSONOf(r state.Run) runJSON {
	return runJSON{
		Run: r.ID, Trigger: r.Trigger, From: r.FromCommit, To: r.ToCommit, Outcome: r.Outcome, Exit: r.Exit,
		StartedAt: r.StartedAt, EndedAt: r.EndedAt, Error: r.Error, Snapshot: r.Snapshot, Workspaces: append([]state.RunWorkspace{}, r.Workspaces...),
	}
}

// listRuns returns the newest runs that the options ask for.
func listRuns(ctx context.Context, record *state.Record, o runsOptions) ([]state.Run, error) {
	const more = 4 // how many times as many are read, while too few match
	for limit := o.limit; ; limit *= more {
		runs, err := record.Runs(ctx, limit)
		if err != nil {
			return nil, err
		}
		isAll := len(runs) < limit
		runs = slices.DeleteFunc(runs, func(r state.Run) bool { return !o.matches(r) })
		if isAll || len(runs) >= o.limit {
			return runs[:min(len(runs), o.limit)], nil
		}
	}
}

func (o runsOptions) matches(r state.Run) bool {
	if o.failed && r.Exit != run.ExitFailed && r.Error == "" {
		return false
	}
	return o.workspace == "" || slices.ContainsFunc(r.Workspaces, func(w state.RunWorkspace) bool { return w.Name == o.workspace })
}

// findRun returns the run that a person names.
func findRun(ctx context.Context, record *state.Record, id string) (state.Run, error) {
	if id == latestRun {
		return findLatestRun(ctx, record, time.Now())
	}
	entry, err := record.FindRun(ctx, id)
	var ambiguous *state.AmbiguousRunError
	switch {
	case errors.As(err, &ambiguous):
		var ids []string
		for _, id := range ambiguous.Runs {
			ids = append(ids, string(id))
		}
		return entry, usage.Errorf("there are: "+strings.Join(ids, ", "), "%w", ambiguous)
	case errors.Is(err, state.ErrNotFound):
		return entry, usage.Errorf("`reconcile runs` lists them", "no run %s in the record", id)
	}
	return entry, err
}

// maxClockDifference is how far the clocks of two machines are taken to differ.
const maxClockDifference = 5 * time.Minute

// findLatestRun returns the run that began last. One that begins later than now was recorded when a
// clock was ahead, which was set back since: its id sorts after those of later runs.
func findLatestRun(ctx context.Context, record *state.Record, now time.Time) (state.Run, error) {
	for limit := 1; ; limit *= 4 {
		runs, err := record.Runs(ctx, limit)
		if err == nil && len(runs) == 0 {
			err = usage.Errorf("`reconcile now` runs a pass", "no run is in the record yet")
		}
		if err != nil {
			return state.Run{}, err
		}
		i := slices.IndexFunc(runs, func(r state.Run) bool { return r.StartedAt.Before(now.Add(maxClockDifference)) })
		if i >= 0 || len(runs) < limit {
			return runs[max(i, 0)], nil
		}
	}
}

func printRuns(a *app, runs []state.Run, now time.Time) {
	if len(runs) == 0 {
		a.printf("no runs yet")
		return
	}
	var rows []ui.Row
	for _, entry := range runs {
		counts := map[state.Outcome]int{}
		for _, w := range entry.Workspaces {
			counts[w.Outcome]++
		}
		row := ui.Row{Cells: []string{
			string(entry.ID), ui.FormatAge(a.tr, entry.StartedAt, now), a.tr.Text(entry.Trigger), ui.AbbrevCommit(entry.ToCommit), ui.FormatCounts(a.tr, counts),
		}}
		if entry.Error != "" {
			row.Notes = []string{a.tr.Sprintf("failed: %s", a.tr.Translate(entry.Error))}
		}
		rows = append(rows, row)
	}
	ui.PrintTable(a.out, a.width(), a.columns(ui.Column{Title: "RUN"}, ui.Column{Title: "WHEN", Rank: 1}, ui.Column{Title: "TRIGGER", Rank: 3}, ui.Column{Title: "TO", Rank: 2}, ui.Column{Title: "WORKSPACES"}), rows)
}

func showRun(ctx context.Context, a *app, deps *wire.Deps, o runsOptions) error {
	entry, err := findRun(ctx, deps.Record, o.id)
	if err != nil {
		return err
	}
	logs := map[string]string{}
	names, err := listLogs(ctx, deps, entry.ID, o.workspace)
	if err != nil {
		return err
	}
	for _, name := range names {
		if logs[name], err = readLog(ctx, deps, entry.ID, name); err != nil {
			return err
		}
	}
	if o.workspace != "" {
		entry.Workspaces = slices.DeleteFunc(entry.Workspaces, func(w state.RunWorkspace) bool { return w.Name != o.workspace })
	}
	switch {
	case a.wantsJSON():
		return ui.PrintJSONWith(a.out, runJSONOf(entry), "logs", logs)
	case o.logs:
		return a.page(func(out io.Writer) { printLogs(out, names, logs) })
	}
	return a.page(func(out io.Writer) {
		a.printRun(out, entry)
		printLogs(out, names, logs)
	})
}

// listLogs returns the workspaces for which a run has logs, or the one that is asked for.
func listLogs(ctx context.Context, deps *wire.Deps, id runid.ID, workspace string) ([]string, error) {
	names, err := deps.Snapshots.Logs(ctx, id)
	if workspace != "" {
		names = slices.DeleteFunc(names, func(name string) bool { return name != workspace })
	}
	return names, err
}

// followPoll is how often the logs of a run that works are looked for.
const followPoll = 2 * time.Second

// maxIdle is how long a run may hold no lease before it counts as killed: it holds none between
// two workspaces, and while it waits for a lease of another run.
const maxIdle = 2 * time.Minute

// followRun prints the log of each workspace of a run once it is there, until the run has
// ended: its record is written last.
func followRun(ctx context.Context, a *app, deps *wire.Deps, o runsOptions) error {
	id, err := findWorkingRun(ctx, deps.Record, o.id)
	if err != nil {
		return err
	}
	ticker := time.NewTicker(followPoll)
	defer ticker.Stop()
	printed := map[string]bool{}
	workedAt := time.Now()
	for {
		_, err := deps.Record.FindRun(ctx, string(id))
		hasEnded := err == nil
		if err != nil && !errors.Is(err, state.ErrNotFound) {
			return err
		}
		names, err := listLogs(ctx, deps, id, o.workspace)
		if err != nil {
			return err
		}
		for _, name := range names {
			if printed[name] {
				continue
			}
			text, err := readLog(ctx, deps, id, name)
			if err != nil {
				return err
			}
			printed[name] = true
			printLogs(a.out, []string{name}, map[string]string{name: text})
		}
		if hasEnded {
			return nil
		}
		works, err := isWorking(ctx, deps.Record, id)
		switch {
		case err != nil:
			return err
		case works:
			workedAt = time.Now()
		case time.Since(workedAt) > maxIdle:
			return fmt.Errorf("run %s works no longer and has recorded no result: it was killed; the next pass goes on", id)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// findWorkingRun returns the id of the run to follow: one that holds a lease, else one that is
// recorded. latest is the newest of both.
func findWorkingRun(ctx context.Context, record *state.Record, id string) (runid.ID, error) {
	leases, err := record.Leases(ctx)
	if err != nil {
		return "", err
	}
	var newest runid.ID
	for _, l := range leases {
		if l.Owner != "" && (id == latestRun || strings.HasPrefix(string(l.Run), id)) {
			newest = max(newest, l.Run)
		}
	}
	if newest != "" {
		return newest, nil
	}
	entry, err := findRun(ctx, record, id)
	return entry.ID, err
}

// isWorking reports whether a run holds a lease.
func isWorking(ctx context.Context, record *state.Record, id runid.ID) (bool, error) {
	leases, err := record.Leases(ctx)
	for _, l := range leases {
		if l.Owner != "" && l.Run == id {
			return true, err
		}
	}
	return false, err
}

func readLog(ctx context.Context, deps *wire.Deps, runID runid.ID, workspace string) (string, error) {
	r, err := deps.Snapshots.Log(ctx, runID, workspace)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), errors.Join(err, r.Close())
}

func (a *app) printRun(out io.Writer, entry state.Run) {
	rows := [][2]string{
		{"run", a.tr.Sprintf("%s (%s, %s)", entry.ID, a.tr.Text(entry.Trigger), a.tr.Text(entry.Outcome))},
		{"started", a.tr.Sprintf("%s, took %s", entry.StartedAt.Local().Format(time.DateTime), ui.FormatDuration(a.tr, entry.EndedAt.Sub(entry.StartedAt)))},
		{"commits", ui.AbbrevCommit(entry.FromCommit) + " → " + ui.AbbrevCommit(entry.ToCommit)},
		{"snapshot", cmp.Or(entry.Snapshot, "-")},
	}
	if entry.Error != "" {
		rows = append(rows, [2]string{"failed", a.tr.Translate(entry.Error)})
	}
	column := 0
	for _, row := range rows {
		column = max(column, ansi.StringWidth(a.tr.Text(row[0])))
	}
	for _, row := range rows {
		ui.PrintWrapped(out, a.width(), ui.PadRight(a.tr.Text(row[0]), column)+"  ", row[1])
	}
	fmt.Fprintln(out)
	for _, w := range entry.Workspaces {
		fmt.Fprint(out, ui.FormatWorkspace(a.tr, run.ResultOf(w), a.width()))
	}
	fmt.Fprintln(out)
}

func printLogs(out io.Writer, names []string, logs map[string]string) {
	for _, name := range names {
		fmt.Fprintf(out, "%s\n%s\n\n", ui.StyleBold.Render("# "+name), ui.ColorPlan(strings.TrimSpace(logs[name])))
	}
}
