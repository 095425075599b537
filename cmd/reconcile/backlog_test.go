package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reconcile/reconciler/backlog/backlogtest"
)

// backlog DIR [FORMAT] starts a Backlog that has a bare clone of the
// repository DIR at $GIT_URL, with its API at $BACKLOG_URL. Both need a
// password or key, which are in $PASSWORD and $API_KEY.
func backlogCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: backlog DIR [FORMAT]")
	}
	w := fixtureOf(ts)
	w.backlog = backlogtest.Start(w.tb, bareClone(ts, args[0]))
	if len(args) == 2 {
		w.backlog.Format = args[1]
	}
	w.git = w.backlog.Git
	w.git.Username, w.git.Password = "ann", password
	ts.Setenv("BACKLOG_URL", w.backlog.URL)
	ts.Setenv("GIT_URL", w.backlog.GitURL)
	ts.Setenv("API_KEY", backlogtest.APIKey)
	ts.Setenv("PASSWORD", password)
}

// pull-request open BRANCH TITLE | pushed | merge N | close N. $NUMBER is the number of
// the last opened one, $MERGE the last merge commit.
func pullRequestCommand(ts *testscript.TestScript, neg bool, args []string) {
	b := fixtureOf(ts).backlog
	number := func() int {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		return n
	}
	switch {
	case neg || len(args) == 0:
		ts.Fatalf("usage: pull-request open BRANCH TITLE | pushed | merge N | close N")
	case args[0] == "open" && len(args) == 3:
		ts.Setenv("NUMBER", strconv.Itoa(b.OpenPullRequest(args[1], args[2])))
	case args[0] == "pushed":
		b.NotifyPush()
	case args[0] == "merge" && len(args) == 2:
		ts.Setenv("MERGE", b.Merge(number()))
	case args[0] == "close" && len(args) == 2:
		b.ClosePullRequest(number())
	default:
		ts.Fatalf("pull-request %q", args)
	}
}

// comments N COUNT [EDITS] FILE checks that pull request N has COUNT comments and that
// the last one was edited EDITS times. It writes that comment's text to FILE.
func commentsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: comments N COUNT EDITS FILE")
	}
	number, err := strconv.Atoi(args[0])
	ts.Check(err)
	list := fixtureOf(ts).backlog.Comments(number)
	got, text := fmt.Sprint(len(list), " 0"), ""
	if len(list) > 0 {
		last := list[len(list)-1]
		got, text = fmt.Sprint(len(list), " ", last.Edits), last.Content
	}
	if want := args[1] + " " + args[2]; got != want {
		ts.Fatalf("comments and edits of the last are %s, want %s\n%s", got, want, text)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), []byte(text), 0o600))
}

// comment N USER FILE comments on pull request N as the user with this id. $COMMENT is the id
// of the comment. comment N delete ID deletes one.
func commentCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: comment N USER FILE | comment N delete ID")
	}
	b := fixtureOf(ts).backlog
	number, err := strconv.Atoi(args[0])
	ts.Check(err)
	if args[1] == "delete" {
		id, err := strconv.Atoi(args[2])
		ts.Check(err)
		b.DeleteComment(number, id)
		return
	}
	user, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Setenv("COMMENT", strconv.Itoa(b.AddCommentBy(number, user, ts.ReadFile(args[2]))))
}

// issues N [open|closed COMMENTS TITLE] checks the number of issues and the last one.
func issuesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 && len(args) != 4 {
		ts.Fatalf("usage: issues N [open|closed COMMENTS TITLE]")
	}
	list := fixtureOf(ts).backlog.Issues()
	got := []string{strconv.Itoa(len(list))}
	if len(args) == 4 && len(list) > 0 {
		last := list[len(list)-1]
		status := map[int]string{1: "open", 4: "closed"}[last.Status]
		got = append(got, status, strconv.Itoa(len(last.Comments)), last.Summary)
	}
	if !slices.Equal(got, args) {
		ts.Fatalf("issues: %q, want %q", got, args)
	}
}

// fail-backlog STATUS [N] makes Backlog answer the next N requests, or all, with
// STATUS; 0 ends that. A rate limit ends at once.
func failBacklogCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: fail-backlog STATUS [N]")
	}
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	remaining := &atomic.Int64{}
	remaining.Store(1 << 30)
	if len(args) == 2 {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		remaining.Store(int64(n))
	}
	if status == 0 {
		remaining.Store(0)
	}
	fixtureOf(ts).backlog.Fault = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		if remaining.Add(-1) < 0 {
			return false
		}
		w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Unix()-1, 10))
		w.WriteHeader(status)
		return true
	}
}

// check-backlog-requests N [METHOD] checks that N requests went to its API since the last call.
func checkBacklogRequestsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: check-backlog-requests N [METHOD]")
	}
	var requests []string
	for _, r := range fixtureOf(ts).backlog.Requests() {
		if len(args) == 1 || r.Method == args[1] {
			requests = append(requests, r.Method+" "+r.Path)
		}
	}
	if args[0] != strconv.Itoa(len(requests)) {
		ts.Fatalf("%d requests, want %s:\n%s", len(requests), args[0], strings.Join(requests, "\n"))
	}
}
