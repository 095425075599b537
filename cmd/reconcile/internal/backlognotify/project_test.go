package backlognotify

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

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
