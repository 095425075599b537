package backlognotify

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"reconcile/internal/commitid"
	"reconcile/reconciler/notify"

	"reconcile/reconciler/backlog"
	"reconcile/reconciler/backlog/backlogtest"
	"reconcile/reconciler/source/gittest"
)

// A project whose text format is missing, or that reconcile does not know, gets Markdown, and
// the log says so.
func TestTextFormat(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"backlog": "en, backlog", "markdown": "en, markdown", "": "en, markdown", "asciidoc": "en, markdown"} {
		r := gittest.New(t)
		r.Commit("first", map[string]string{"a": "1"})
		s := backlogtest.Start(t, r)
		s.Format = format
		client, err := backlog.New(backlog.Options{URL: s.URL, APIKey: backlogtest.APIKey})
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		p := Project{
			Client: client, Repo: backlog.Repo{Project: backlogtest.Project, Name: backlogtest.Repository}, Lang: "en",
			Log: slog.New(slog.NewTextHandler(&log, nil)),
		}
		writer, err := p.Writer(t.Context())
		if err != nil || writer.String() != want {
			t.Errorf("%q: %v, %v", format, writer, err)
		}
		if said := strings.Contains(log.String(), "textFormattingRule"); said == (want == "en, "+format) {
			t.Errorf("%q: the log says %q", format, log.String())
		}
	}
}

// Pull requests that are merged within one second are each told once: Backlog's times are
// whole seconds.
func TestMergesInOneSecond(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Commit("first", map[string]string{"a": "1"})
	s := backlogtest.Start(t, r)
	now := time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)
	s.Now = func() time.Time { return now }
	client, err := backlog.New(backlog.Options{URL: s.URL, APIKey: backlogtest.APIKey})
	if err != nil {
		t.Fatal(err)
	}
	p := &Project{Client: client, Repo: backlog.Repo{Project: backlogtest.Project, Name: backlogtest.Repository}, Lang: "en", Log: slog.New(slog.DiscardHandler)}
	notifier := PullRequestNotifier{OpenProject: func(context.Context) (*Project, error) { return p, nil }}
	report := &notify.Notification{Branch: "main"}
	var told []int
	for n := range 4 {
		branch := fmt.Sprint("topic", n)
		r.Git("checkout", "-q", "-b", branch, "main")
		r.Commit(branch, map[string]string{branch: "1"})
		r.Git("push", "-q", "origin", branch)
		number := s.OpenPullRequest(branch, branch)
		report.Commit = commitid.ID(s.Merge(number))
		report.At, report.Posted = now, nil
		report.Events = []notify.WorkspaceEvent{{Name: "tokyo", Outcome: "applied", Add: 1}}
		if err := notifier.Notify(t.Context(), report); err != nil {
			t.Fatal(err)
		}
		for _, posted := range report.Posted {
			told = append(told, posted.PullRequest)
		}
		if n == 2 {
			now = now.Add(time.Second)
		}
	}
	if !slices.Equal(told, []int{1, 2, 3, 4}) {
		t.Errorf("told on %v", told)
	}
}
