package notify

import (
	"context"
	"log/slog"
)

// Log writes to the program's own log: one line a workspace, with the message "workspace
// result" and the fields of WorkspaceEvent, so that logs can be filtered by them.
type Log struct{ Logger *slog.Logger }

// Channel returns "log".
func (Log) Channel() string { return "log" }

// Notify never fails.
func (l Log) Notify(ctx context.Context, r *Notification) error {
	for _, n := range r.Events {
		level := slog.LevelInfo
		switch {
		case n.HasFailed():
			level = slog.LevelError
		case n.HasDrifted():
			level = slog.LevelWarn
		}
		l.Logger.Log(ctx, level, "workspace result",
			"workspace", n.Name, "outcome", n.Outcome, "recovered", n.Recovered,
			"repo", r.Repo, "branch", r.Branch, "environment", r.Environment, "tip", r.Commit,
			"commit", n.Commit, "applied_by", n.Run,
			"add", n.Add, "change", n.Change, "replace", n.Replace, "destroy", n.Destroy, "error", n.Error)
	}
	return nil
}
