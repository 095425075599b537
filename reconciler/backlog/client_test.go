package backlog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/secret"
	"reconcile/reconciler/backlog"
	"reconcile/reconciler/backlog/backlogtest"
	"reconcile/reconciler/source/gittest"
)

var repo = backlog.Repo{Project: backlogtest.Project, Name: backlogtest.Repository}

// clock only advances when something waits for it.
type clock struct {
	now    time.Time
	sleeps []time.Duration
}

func (c *clock) Now() time.Time { return c.now }

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	c.sleeps = append(c.sleeps, d)
	return ctx.Err()
}

// startBacklog starts a fake Backlog and a client, both with the same clock.
func startBacklog(t *testing.T) (*backlogtest.Server, *backlog.Client, *clock) {
	t.Helper()
	r := gittest.New(t)
	r.Commit("first", map[string]string{"a": "1"})
	s := backlogtest.Start(t, r)
	clock := &clock{now: time.Date(2026, 1, 1, 0, 0, 30, 0, time.UTC)}
	s.Now = clock.Now
	return s, newClient(t, s, clock, nil), clock
}

func newClient(t *testing.T, s *backlogtest.Server, clock *clock, set func(*backlog.Options)) *backlog.Client {
	t.Helper()
	o := backlog.Options{URL: s.URL, APIKey: backlogtest.APIKey, Now: clock.Now, Sleep: clock.Sleep}
	if set != nil {
		set(&o)
	}
	c, err := backlog.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSpaceAndProject(t *testing.T) {
	s, c, _ := startBacklog(t)
	s.Format = "backlog"
	got, err := c.Space(t.Context())
	if err != nil || got.Key != "example" || got.Lang != "ja" {
		t.Errorf("%+v, %v", got, err)
	}
	project, err := c.Project(t.Context(), backlogtest.Project)
	if err != nil || project.TextFormattingRule != backlog.Notation || project.ID == 0 || project.Key != "INFRA" {
		t.Errorf("%+v, %v", project, err)
	}
	if me, err := c.Myself(t.Context()); err != nil || me.ID != backlogtest.BotID {
		t.Errorf("%+v, %v", me, err)
	}
	limits, err := c.RateLimits(t.Context())
	if err != nil || limits.Read.Limit != 600 || limits.Read.Remaining != 597 || !limits.Update.ResetAt().After(s.Now()) {
		t.Errorf("%+v, %v", limits, err)
	}
	list, err := c.Repositories(t.Context(), backlogtest.Project)
	if err != nil || len(list) != 1 || list[0].PushedAt != nil {
		t.Errorf("%+v, %v", list, err)
	}
	s.Repo.Commit("second", map[string]string{"a": "2"})
	s.NotifyPush()
	one, err := c.Repository(t.Context(), repo)
	if err != nil || one.PushedAt == nil || one.HTTPURL != s.GitURL || !strings.Contains(one.SSHURL, "git.backlog.com") {
		t.Errorf("%+v, %v", one, err)
	}
}

func TestToken(t *testing.T) {
	s, _, clock := startBacklog(t)
	set := func(token secret.Text) func(*backlog.Options) {
		return func(o *backlog.Options) { o.APIKey, o.Token = "", token }
	}
	if _, err := newClient(t, s, clock, set(backlogtest.Token)).Space(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := newClient(t, s, clock, set("expired")).Space(t.Context()); !errors.Is(err, backlog.ErrAuth) {
		t.Errorf("%v", err)
	}
}

func TestPullRequests(t *testing.T) {
	s, c, _ := startBacklog(t)
	s.Repo.Git("checkout", "-q", "-b", "topic")
	head := s.Repo.Commit("topic", map[string]string{"b": "1"})
	const n = 230 // three pages
	for i := range n {
		s.OpenPullRequest("topic", fmt.Sprint("change ", i+1))
	}
	merge := s.Merge(5)
	s.ClosePullRequest(6)
	s.Requests()
	var open []int
	for p, err := range c.PullRequests(t.Context(), repo, backlog.StatusOpen) {
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, p.Number)
	}
	if len(open) != n-2 || open[0] != n || slices.Contains(open, 5) || slices.Contains(open, 6) || len(s.Requests()) != 3 {
		t.Errorf("%d open: %v", len(open), open)
	}
	p, err := c.PullRequest(t.Context(), repo, 5)
	if err != nil || p.Status.ID != backlog.StatusMerged || p.MergeCommit != merge || p.BranchCommit != string(head) || p.MergedAt == nil || p.Base != "main" || p.Branch != "topic" {
		t.Errorf("%+v, %v", p, err)
	}
	p, err = c.PullRequest(t.Context(), repo, 7)
	if err != nil || p.Status.ID != backlog.StatusOpen || p.MergeCommit != "" || p.MergedAt != nil {
		t.Errorf("%+v, %v", p, err)
	}
	if at := commitid.ID(gittest.Git(t, s.Repo.Dir, "rev-parse", p.HeadRef())); at != head {
		t.Errorf("%s is %s, not %s", p.HeadRef(), at, head)
	}
	// A caller that stops early causes no more requests.
	s.Requests()
	for range c.PullRequests(t.Context(), repo) {
		break
	}
	if got := s.Requests(); len(got) != 1 {
		t.Errorf("%d requests", len(got))
	}
	for _, err := range c.PullRequests(t.Context(), backlog.Repo{Project: "INFRA", Name: "no such"}) {
		if !errors.Is(err, backlog.ErrNotFound) || !strings.Contains(err.Error(), "no%20such") {
			t.Errorf("%v", err)
		}
	}
}

func TestComments(t *testing.T) {
	s, c, _ := startBacklog(t)
	number := s.OpenPullRequest("main", "change")
	const n = 205
	for i := range n {
		s.AddComment(number, fmt.Sprint("remark ", i))
	}
	added, err := c.AddComment(t.Context(), repo, number, "a table & more\n", backlogtest.PersonID)
	if err != nil || added.ID == 0 || added.CreatedUser.ID != backlogtest.BotID {
		t.Fatalf("%+v, %v", added, err)
	}
	var seen []backlog.Comment
	for comment, err := range c.Comments(t.Context(), repo, number) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, comment)
	}
	if len(seen) != n+1 || seen[0].Content != "remark 0" || seen[n].Content != "a table & more\n" {
		t.Errorf("%d comments, the last %+v", len(seen), seen[len(seen)-1])
	}
	edited, err := c.EditComment(t.Context(), repo, number, added.ID, "another")
	if err != nil || edited.ID != added.ID || edited.Content != "another" {
		t.Errorf("%+v, %v", edited, err)
	}
	all := s.Comments(number)
	if last := all[n]; len(all) != n+1 || last.Content != "another" || last.Edits != 1 || !slices.Equal(last.NotifiedUsers, []string{"8"}) {
		t.Errorf("%+v", last)
	}
	if _, err := c.EditComment(t.Context(), repo, number, all[0].ID, "not mine"); !errors.Is(err, backlog.ErrForbidden) {
		t.Errorf("%v", err)
	}
	if _, err := c.AddComment(t.Context(), repo, number, strings.Repeat("長", 20_001)); !errors.Is(err, backlog.ErrRefused) {
		t.Errorf("%v", err)
	}
}

func TestIssues(t *testing.T) {
	s, c, _ := startBacklog(t)
	types, err := c.IssueTypes(t.Context(), backlogtest.Project)
	if err != nil || len(types) != 2 {
		t.Fatalf("%v, %v", types, err)
	}
	project, err := c.Project(t.Context(), backlogtest.Project)
	if err != nil {
		t.Fatal(err)
	}
	issue, err := c.CreateIssue(t.Context(), backlog.NewIssue{ProjectID: project.ID, TypeID: types[0].ID, Summary: "tokyo fails", Description: "see the log"})
	if err != nil || issue.Key != "INFRA-1" || issue.Status.ID != backlog.IssueOpen {
		t.Fatalf("%+v, %v", issue, err)
	}
	if _, err := c.CommentIssue(t.Context(), issue.Key, "still"); err != nil {
		t.Error(err)
	}
	if issue, err = c.SetIssueStatus(t.Context(), issue.Key, backlog.IssueClosed, "recovered"); err != nil || issue.Status.ID != backlog.IssueClosed {
		t.Errorf("%+v, %v", issue, err)
	}
	if issue, err = c.Issue(t.Context(), "INFRA-1"); err != nil || issue.Status.Name != "Closed" {
		t.Errorf("%+v, %v", issue, err)
	}
	if got := s.Issues(); len(got) != 1 || len(got[0].Comments) != 2 || got[0].Comments[1].Content != "recovered" {
		t.Errorf("%+v", got)
	}
	if _, err := c.CreateIssue(t.Context(), backlog.NewIssue{}); !errors.Is(err, backlog.ErrRefused) || !strings.Contains(err.Error(), "required") {
		t.Errorf("%v", err)
	}
}

func TestActivities(t *testing.T) {
	s, c, _ := startBacklog(t)
	number := s.OpenPullRequest("main", "change")
	s.Repo.Commit("second", map[string]string{"a": "2"})
	s.NotifyPush()
	s.ClosePullRequest(number)
	all, err := c.Activities(t.Context(), backlogtest.Project, 0)
	if err != nil || len(all) != 3 || all[0].Type != backlog.PullRequestUpdated {
		t.Fatalf("%+v, %v", all, err)
	}
	pushes, err := c.Activities(t.Context(), backlogtest.Project, 0, backlog.GitPushed)
	if err != nil || len(pushes) != 1 || !json.Valid(pushes[0].Content) {
		t.Errorf("%+v, %v", pushes, err)
	}
	later, err := c.Activities(t.Context(), backlogtest.Project, pushes[0].ID)
	if err != nil || len(later) != 1 || later[0].ID != all[0].ID {
		t.Errorf("%+v, %v", later, err)
	}
}

func TestLocate(t *testing.T) {
	for remote, want := range map[string]string{
		"https://example.backlog.com/git/INFRA/estate.git":             "https://example.backlog.com INFRA/estate",
		"https://example.backlog.jp/git/INFRA/estate":                  "https://example.backlog.jp INFRA/estate",
		"http://backlog.example.com:8969/backlog/git/INFRA/estate.git": "http://backlog.example.com:8969/backlog INFRA/estate",
		"example@example.git.backlog.com:/INFRA/estate.git":            "https://example.backlog.com INFRA/estate",
		"ssh://example@example.git.backlogtool.com:/INFRA/estate.git":  "https://example.backlogtool.com INFRA/estate",
		"https://user:s3cret@example.backlog.com/git/INFRA/estate.git": "https://example.backlog.com INFRA/estate",
		"https://example.backlog.com/INFRA/estate.git":                 "",
		"https://example.backlog.com/git/INFRA":                        "",
		"https://example.backlog.com/git/A/B/C.git":                    "",
		"ssh://git@host:8972/INFRA/estate.git":                         "",
		"git@github.com:example/estate.git":                            "",
		"/srv/git/estate.git":                                          "",
		"":                                                             "",
	} {
		space, repo, err := backlog.ParseRemote(remote)
		got := ""
		if err == nil {
			got = space + " " + repo.String()
		}
		if got != want {
			t.Errorf("%s: %q, %v", remote, got, err)
		}
	}
}

func TestRepoOf(t *testing.T) {
	for remote, want := range map[string]string{
		"https://example.backlog.com/git/INFRA/estate.git":             "INFRA/estate",
		"http://backlog.example.com:8969/backlog/git/INFRA/estate.git": "INFRA/estate",
		"example@example.git.backlog.com:/INFRA/estate.git":            "INFRA/estate",
		"ssh://git@host:8972/INFRA/estate.git":                         "INFRA/estate",
		"https://example.backlog.com/estate.git":                       "",
		"/srv/git/INFRA/estate.git":                                    "",
	} {
		repo, err := backlog.RepoOf(remote)
		got := ""
		if err == nil {
			got = repo.String()
		}
		if got != want {
			t.Errorf("%s: %q, %v", remote, got, err)
		}
	}
}

// TestKeyIsNotShown checks that the key is not shown, for any error and any output format.
func TestKeyIsNotShown(t *testing.T) {
	s, _, clock := startBacklog(t)
	const key = backlogtest.APIKey
	var log strings.Builder
	c := newClient(t, s, clock, func(o *backlog.Options) { o.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	var shown []string
	see := func(err error) {
		t.Helper()
		if err == nil {
			t.Fatal("no error")
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			shown = append(shown, fmt.Sprintf("%v %+v %#v", e, e, e))
		}
		var carrier *url.Error
		if errors.As(err, &carrier) {
			t.Errorf("the URL is in %#v", carrier)
		}
	}
	echo := func(w http.ResponseWriter, r *http.Request, _ int) bool {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"errors":[{"message":"%s?%s","code":7,"moreInfo":"%s"}]}`, r.URL.Path, r.URL.RawQuery, key)
		return true
	}
	cut := func(http.ResponseWriter, *http.Request, int) bool { panic(http.ErrAbortHandler) }
	for _, fault := range []gittest.Fault{echo, cut, gittest.RespondStatus(500), gittest.RespondStatus(429), gittest.RespondLoginPage} {
		s.Fault = fault
		_, err := c.Space(t.Context())
		see(err)
		_, err = c.AddComment(t.Context(), repo, 1, "x")
		see(err)
	}
	missing, err := backlog.New(backlog.Options{URL: "https://no-such-host.invalid", APIKey: key, Now: clock.Now, Sleep: clock.Sleep})
	if err != nil {
		t.Fatal(err)
	}
	_, err = missing.Space(t.Context())
	see(err)
	shown = append(shown, fmt.Sprintf("%v %+v %#v %s", c.Options, c.Options, c.Options, c.Options.APIKey), log.String())
	text, err := json.Marshal(map[string]any{"key": c.Options.APIKey})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(shown, string(text)) {
		if strings.Contains(text, key) || strings.Contains(text, url.QueryEscape(key)) {
			t.Errorf("the key is in: %s", text)
		}
	}
	if log.Len() == 0 {
		t.Error("nothing was logged, so there was no retry")
	}
}

func TestNew(t *testing.T) {
	for name, o := range map[string]backlog.Options{
		"no scheme":   {URL: "example.backlog.com", APIKey: "k"},
		"plain text":  {URL: "http://example.backlog.com", APIKey: "k"},
		"a password":  {URL: "https://user:k@example.backlog.com", APIKey: "k"},
		"no key":      {URL: "https://example.backlog.com"},
		"key, token":  {URL: "https://example.backlog.com", APIKey: "k", Token: "t"},
		"not a URL":   {URL: "https://exa mple", APIKey: "k"},
		"a directory": {URL: "/srv", APIKey: "k"},
	} {
		if _, err := backlog.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
