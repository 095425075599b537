package notify

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"reconcile/reconciler/notify/catalog"
)

func report(news ...News) *Report {
	return &Report{
		Run: "01JD000000000000000000000A", Repo: "https://example.backlog.com/git/INFRA/estate.git", Branch: "main", Environment: "production",
		Commit: strings.Repeat("b", 40), At: time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC), News: news,
	}
}

var (
	good    = News{Name: "tokyo", Outcome: "applied", Add: 2, Replace: 1}
	mended  = News{Name: "osaka-ap", Outcome: "applied", Recovered: true, Change: 1}
	bad     = News{Name: "common", Outcome: "failed", Add: 1, Error: "workspace common: apply failed: Error: ``` {/code}\n\n  on main.tf line 1\nnext: mend it"}
	waiting = News{Name: "web", Outcome: "blocked", Destroy: 3, Error: "0 to add waits: apply = \"plan-only\""}
	changed = News{Name: "edge", Outcome: "drifted", Drift: true, Change: 2}
	gone    = News{Name: "old", Outcome: "removed"}
)

// TestReport compares with testdata, in every language and format.
func TestReport(t *testing.T) {
	for name, r := range map[string]*Report{"result": report(bad, gone, mended, good, waiting), "result-applied": report(good), "result-drifted": report(changed)} {
		for _, language := range catalog.Languages() {
			for _, format := range []Format{Markdown, Notation} {
				w, err := NewWriter(language, format)
				if err != nil {
					t.Fatal(err)
				}
				got, err := w.Report(r)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, fmt.Sprintf("%s.%s.%s.txt", name, language, format), got)
			}
		}
	}
}

// However many workspaces there are, the text stays within its limit, and what
// failed is in it.
func TestReportIsCut(t *testing.T) {
	news := []News{bad}
	for i := range 500 {
		n := good
		n.Name = fmt.Sprintf("workspace-%03d", i)
		news = append(news, n)
	}
	for i := range 50 {
		n := bad
		n.Name, n.Error = fmt.Sprintf("failing-%02d", i), strings.Repeat("long line of an error\n", 100)
		news = append(news, n)
	}
	w, err := NewWriter("ja", Notation)
	if err != nil {
		t.Fatal(err)
	}
	w.Limit = CommentLimit
	got, err := w.Report(report(news...))
	if err != nil {
		t.Fatal(err)
	}
	if n := utf8.RuneCountInString(got); n > CommentLimit {
		t.Errorf("%d characters", n)
	}
	for _, want := range []string{"common", "failing-49", "ほか 491 件"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
}

func TestSubject(t *testing.T) {
	for want, r := range map[string]*Report{
		"reconcile: FAILED on main: common":                              report(bad, good),
		"reconcile: applied on main: osaka-ap, tokyo":                    report(mended, good),
		"reconcile: waiting for a person on main: web":                   report(waiting),
		"reconcile: changed behind Git's back on main: edge":             report(changed, good),
		"reconcile: in order again on main: old":                         report(gone),
		"reconcile: applied on main: " + strings.Repeat("x", 68) + "...": report(News{Name: strings.Repeat("x", 200), Outcome: "applied"}),
		"reconcile: applied on main: ??-a":                               report(News{Name: "東京-a", Outcome: "applied"}),
	} {
		if got, err := subjectOf(r); got != want || err != nil || len(got) >= 100 {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
}

func TestIssueText(t *testing.T) {
	w, err := NewWriter("en", Markdown)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.IssueText(report(bad), bad)
	if err != nil || !strings.Contains(got, "`common` could not be applied at `bbbbbbbbbb` of `main`") || !strings.Contains(got, "next: mend it") || !strings.Contains(got, "reconcile runs 01JD") {
		t.Errorf("%v: %s", err, got)
	}
	got, err = w.IssueText(report(changed), changed)
	if err != nil || !strings.Contains(got, "`edge` is not as it was applied") || !strings.Contains(got, "reconcile runs 01JD") || !strings.Contains(got, "`reconcile now --replan edge`") {
		t.Errorf("%v: %s", err, got)
	}
	got, err = w.IssueText(report(mended), mended)
	if err != nil || !strings.Contains(got, "`osaka-ap` is in order again") {
		t.Errorf("%v: %s", err, got)
	}
}
