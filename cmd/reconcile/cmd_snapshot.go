package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/commitid"
	"reconcile/reconciler/source"
	"reconcile/state/snapshot"
)

func newSnapshotCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "snapshot",
		GroupID: groupInspect,
		Short:   "List and fetch applied trees",
		Args:    cobra.ArbitraryArgs,
		RunE:    runGroup,
	}
	c.AddCommand(newSnapshotListCommand(a), newSnapshotFetchCommand(a))
	return c
}

func newSnapshotListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the stored snapshots, newest first",
		Example: `  reconcile snapshot list
  reconcile snapshot list -o json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runSnapshotList(c.Context(), a)
		},
	}
}

// snapshotJSON is a snapshot as `snapshot list -o json` prints it.
type snapshotJSON struct {
	Commit   commitid.ID `json:"commit"`
	Size     int64       `json:"size"`
	StoredAt time.Time   `json:"at"`
	Location string      `json:"location"`
}

func runSnapshotList(ctx context.Context, a *app) error {
	deps, err := a.open(ctx, wire.Snapshots)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	list, err := deps.Snapshots.List(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(x, y snapshot.Snapshot) int { return y.StoredAt.Compare(x.StoredAt) })
	if a.wantsJSON() {
		out := []snapshotJSON{}
		for _, s := range list {
			out = append(out, snapshotJSON(s))
		}
		return ui.PrintJSON(a.out, map[string]any{"snapshots": out})
	}
	printSnapshots(a, list, time.Now())
	return nil
}

func printSnapshots(a *app, list []snapshot.Snapshot, now time.Time) {
	if len(list) == 0 {
		a.printf("no snapshots yet")
		return
	}
	var rows []ui.Row
	for _, s := range list {
		rows = append(rows, ui.Row{Cells: []string{string(s.Commit), ui.FormatBytes(s.Size), ui.FormatAge(a.tr, s.StoredAt, now)}})
	}
	ui.PrintTable(a.out, a.width(), a.columns(ui.Column{Title: "COMMIT"}, ui.Column{Title: "SIZE", Rank: 1}, ui.Column{Title: "STORED"}), rows)
}

func newSnapshotFetchCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "fetch COMMIT DIR",
		Short: "Lay out the tree of a commit in a new directory",
		Example: `  reconcile snapshot fetch 3f9c2a1b77 ./tree
  reconcile snapshot fetch 3f9c2a1b77 ./tree --snapshots s3://BUCKET/snapshots`,
		Args:              rangeArgs(2, 2, "a commit (its first characters, or latest) and a directory"),
		ValidArgsFunction: a.completeFetch,
		RunE: func(c *cobra.Command, args []string) error {
			return runSnapshotFetch(c.Context(), a, snapshotFetchOptions{commit: args[0], dir: args[1]})
		},
	}
}

type snapshotFetchOptions struct{ commit, dir string }

func runSnapshotFetch(ctx context.Context, a *app, o snapshotFetchOptions) error {
	deps, err := a.open(ctx, wire.Snapshots)
	if err != nil {
		return err
	}
	defer a.closeDeps(deps)
	ctx, _, release := withSignals(ctx, gracePeriod, a.tr, func(string) {}) // it removes what it has laid out
	defer release()
	found, err := deps.Snapshots.Find(ctx, o.commit)
	if err != nil {
		return toUsageError(err)
	}
	err = deps.Snapshots.Fetch(ctx, found.Commit, o.dir, func(dir string, objects []byte) error {
		return verifySnapshot(ctx, deps, found.Commit, dir, objects)
	})
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx) // the signal
	}
	if err != nil {
		return err
	}
	if a.wantsJSON() {
		return ui.PrintJSON(a.out, map[string]string{"commit": string(found.Commit), "dir": o.dir})
	}
	a.printf("%s is in %s", ui.AbbrevCommit(found.Commit), o.dir)
	return nil
}

// verifySnapshot verifies that dir holds the commit's tree. The commit object is in the
// snapshot; for a snapshot of an older version it is fetched from Git.
func verifySnapshot(ctx context.Context, deps *wire.Deps, commit commitid.ID, dir string, objects []byte) error {
	_, err := source.Restore(ctx, dir, commit, "", time.Time{}, objects)
	if !errors.Is(err, source.ErrUnproven) {
		return err
	}
	fetched, fetchErr := deps.Source.Fetch(ctx, commit)
	if fetchErr != nil {
		return fmt.Errorf("%w; fetching the commit from Git failed too (%w): run it where the repository has that commit", err, fetchErr)
	}
	_, err = source.Restore(ctx, dir, commit, fetched.Tree.ID("."), fetched.CommittedAt, nil)
	return errors.Join(err, fetched.Close())
}
