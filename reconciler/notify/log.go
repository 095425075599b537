package notify

import (
	"context"
	"log/slog"
)

// Log tells in the program's own log: a line a workspace, with the message
// "told" and the fields of News, for whoever filters logs.
type Log struct{ Logger *slog.Logger }

// Channel is "log".
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
		l.Logger.Log(ctx, level, "told",
			"workspace", n.Name, "outcome", n.Outcome, "recovered", n.Recovered,
			"repo", r.Repo, "branch", r.Branch, "environment", r.Environment, "tip", r.Commit,
			"commit", n.Commit, "applied_by", n.Run,
			"add", n.Add, "change", n.Change, "replace", n.Replace, "destroy", n.Destroy, "error", n.Error)
	}
	return nil
}
