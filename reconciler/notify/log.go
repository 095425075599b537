package notify

import (
	"context"
	"log/slog"
)

// Log tells in the program's own log: a line a workspace, with the message
// "told" and the fields of News, for whoever filters logs.
type Log struct{ Log *slog.Logger }

// Channel is "log".
func (Log) Channel() string { return "log" }

// Tell never fails.
func (l Log) Tell(ctx context.Context, r *Report) error {
	for _, n := range r.News {
		level := slog.LevelInfo
		switch {
		case n.Failed():
			level = slog.LevelError
		case n.Drifted():
			level = slog.LevelWarn
		}
		l.Log.Log(ctx, level, "told",
			"workspace", n.Name, "outcome", n.Outcome, "recovered", n.Recovered,
			"repo", r.Repo, "branch", r.Branch, "environment", r.Environment, "tip", r.Commit,
			"commit", n.Commit, "applied_by", n.Run,
			"add", n.Add, "change", n.Change, "replace", n.Replace, "destroy", n.Destroy, "error", n.Error)
	}
	return nil
}
