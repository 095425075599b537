package notify

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"reconcile/internal/commitid"
	"reconcile/reconciler/notify/catalog"
)

func newNotification(events ...WorkspaceEvent) *Notification {
	return &Notification{
		Run: "01JD000000000000000000000A", Repo: "https://example.backlog.com/git/INFRA/estate.git", Branch: "main", Environment: "production",
		Commit: commitid.ID(strings.Repeat("b", 40)), At: time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC), Events: events,
	}
}

var (
	appliedEvent   = WorkspaceEvent{Name: "tokyo", Outcome: "applied", Add: 2, Replace: 1}
	recoveredEvent = WorkspaceEvent{Name: "osaka-ap", Outcome: "applied", Recovered: true, Change: 1}
	failedEvent    = WorkspaceEvent{Name: "common", Outcome: "failed", Add: 1, Error: "workspace common: apply failed: Error: ``` {/code}\n\n  on main.tf line 1\nnext: mend it"}
	blockedEvent   = WorkspaceEvent{Name: "web", Outcome: "blocked", Destroy: 3, Error: "the plan waits: apply = \"plan-only\": apply it by hand, or change the setting"}
	driftedEvent   = WorkspaceEvent{Name: "edge", Outcome: "drifted", AboutDrift: true, Change: 2}
	rollingEvent   = WorkspaceEvent{Name: "switchover", Outcome: "rolling", Change: 2, Error: "rollout of 3f9c2a1b77 at 10 of 100, watched until 2026-01-01 00:10:00Z; shares by output shares: a = 90, b = 10"}
	removedEvent   = WorkspaceEvent{Name: "old", Outcome: "removed"}
)

// TestReport compares with testdata, in every language and format.
func TestReport(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*Notification{"result": newNotification(failedEvent, removedEvent, recoveredEvent, appliedEvent, blockedEvent), "result-applied": newNotification(appliedEvent), "result-drifted": newNotification(driftedEvent), "result-rolling": newNotification(rollingEvent)} {
		for _, language := range catalog.Languages() {
			for _, format := range []Format{Markdown, Notation} {
				w, err := NewWriter(language, format)
				if err != nil {
					t.Fatal(err)
				}
				got, err := w.WriteNotification(r)
				if err != nil {
					t.Fatal(err)
				}
				compareGolden(t, fmt.Sprintf("%s.%s.%s.txt", name, language, format), got)
			}
		}
	}
}

// No text offers a command for a drift that no pass reverts.
func TestDriftThatStays(t *testing.T) {
	t.Parallel()
	stays := driftedEvent
	stays.Name, stays.Withheld = "core", `apply = "plan-only"`
	for _, language := range catalog.Languages() {
		w, err := NewWriter(language, Markdown)
		if err != nil {
			t.Fatal(err)
		}
		report, err := w.WriteNotification(newNotification(driftedEvent, stays))
		if err != nil || !strings.Contains(report, "--replan edge`") || strings.Contains(report, "--replan edge core") || !strings.Contains(report, "`core`") {
			t.Errorf("%s: %v: %s", language, err, report)
		}
		issue, err := w.WriteIssueText(newNotification(stays), stays)
		if err != nil || strings.Contains(issue, "--replan") || !strings.Contains(issue, "plan-only") {
			t.Errorf("%s: %v: %s", language, err, issue)
		}
	}
}

// TestReportIsCut checks that the text stays within its limit for any number of workspaces,
// and contains the failed ones.
func TestReportIsCut(t *testing.T) {
	t.Parallel()
	events := []WorkspaceEvent{failedEvent}
	for i := range 500 {
		n := appliedEvent
		n.Name = fmt.Sprintf("workspace-%03d", i)
		events = append(events, n)
	}
	for i := range 50 {
		n := failedEvent
		n.Name, n.Error = fmt.Sprintf("failing-%02d", i), strings.Repeat("long line of an error\n", 100)
		events = append(events, n)
	}
	w, err := NewWriter("ja", Notation)
	if err != nil {
		t.Fatal(err)
	}
	w.MaxLength = MaxCommentLength
	got, err := w.WriteNotification(newNotification(events...))
	if err != nil {
		t.Fatal(err)
	}
	if n := utf8.RuneCountInString(got); n > MaxCommentLength {
		t.Errorf("%d characters", n)
	}
	for _, want := range []string{"common", "failing-49", "ほか 491 件"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
}

func TestSubject(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]*Notification{
		"reconcile: FAILED on main: common":                              newNotification(failedEvent, appliedEvent),
		"reconcile: applied on main: osaka-ap, tokyo":                    newNotification(recoveredEvent, appliedEvent),
		"reconcile: action needed on main: web":                          newNotification(blockedEvent),
		"reconcile: drift on main: edge":                                 newNotification(driftedEvent, appliedEvent),
		"reconcile: recovered on main: old":                              newNotification(removedEvent),
		"reconcile: applied on main: " + strings.Repeat("x", 68) + "...": newNotification(WorkspaceEvent{Name: strings.Repeat("x", 200), Outcome: "applied"}),
		"reconcile: applied on main: ??-a":                               newNotification(WorkspaceEvent{Name: "東京-a", Outcome: "applied"}),
	} {
		if got, err := subjectOf(r); got != want || err != nil || len(got) >= 100 {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
}

func TestIssueText(t *testing.T) {
	t.Parallel()
	w, err := NewWriter("en", Markdown)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.WriteIssueText(newNotification(failedEvent), failedEvent)
	if err != nil || !strings.Contains(got, "Applying `common` failed at `bbbbbbbbbb` of `main`") || !strings.Contains(got, "next: mend it") || !strings.Contains(got, "reconcile runs 01JD") {
		t.Errorf("%v: %s", err, got)
	}
	got, err = w.WriteIssueText(newNotification(driftedEvent), driftedEvent)
	if err != nil || !strings.Contains(got, "`edge` has drifted: a plan of") || !strings.Contains(got, "reconcile runs 01JD") || !strings.Contains(got, "`reconcile now --replan edge`") {
		t.Errorf("%v: %s", err, got)
	}
	got, err = w.WriteIssueText(newNotification(recoveredEvent), recoveredEvent)
	if err != nil || !strings.Contains(got, "`osaka-ap` has recovered") {
		t.Errorf("%v: %s", err, got)
	}
}
