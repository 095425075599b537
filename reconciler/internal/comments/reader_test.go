package comments_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"reconcile/internal/plandigest"
	"reconcile/reconciler/approval"
	"reconcile/reconciler/internal/comments"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/run"
	"reconcile/state"
	"reconcile/state/embedded"
)

const (
	opener, approver, stranger = 8, 9, 10
	head                       = "1111111111111111111111111111111111111111"
	newHead                    = "2222222222222222222222222222222222222222"
)

var (
	start       = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	digestTokyo = plandigest.New("k", strings.Repeat("0123456789abcdef", 4))
	digestOsaka = plandigest.New("k", strings.Repeat("fedcba9876543210", 4))
	digestOther = plandigest.New("k", strings.Repeat("abcdefabcdef0123", 4))
	line        = "/approve tokyo " + digestTokyo.Abbrev()
)

// commentsEnv is a record, a pull request that offers two plans, and what people write there.
type commentsEnv struct {
	*testing.T
	record *state.Record
	reader comments.Reader
	thread comments.Thread
	now    time.Time
	nextID int
}

func newCommentsEnv(t *testing.T) *commentsEnv {
	t.Helper()
	store, err := embedded.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w := &commentsEnv{T: t, now: start, nextID: 100}
	w.record = state.New(store, "r", state.Options{Now: func() time.Time { return w.now }})
	approvers, err := approval.Parse(fmt.Appendf(nil, "approver %q {\n  backlog = %d\n}\napprover %q {\n  backlog = %d\n}\n", "Bob", approver, "Ann", opener), "approvers")
	if err != nil {
		t.Fatal(err)
	}
	config := &run.Config{Record: w.record, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler)}
	w.reader = comments.Reader{
		Config: config, Approvers: approvers,
		Writer: func(context.Context) (*notify.Writer, error) { return notify.NewWriter("en", notify.Markdown) },
		Answer: func(_ context.Context, _ int, text string) error { w.write(0, text); return nil },
	}
	w.thread.PullRequest = approval.PullRequest{Number: 7, OpenerID: opener, IsOpen: true, Head: head}
	w.offerPlan(7, "tokyo", digestTokyo)
	w.offerPlan(7, "osaka", digestOsaka)
	w.offerPlan(8, "tokyo", digestOther)
	w.preview()
	return w
}

// offerPlan stores a plan as the preview of a pull request does.
func (e *commentsEnv) offerPlan(number int, workspace string, digest plandigest.Digest) {
	e.Helper()
	plan := state.OfferedPlan{Workspace: workspace, PullRequest: number, Digest: digest, Risk: "replace", Why: "replaces x", OfferedAt: e.now, Head: e.thread.PullRequest.Head}
	if err := e.record.OfferPreviewPlan(e.Context(), plan); err != nil {
		e.Fatal(err)
	}
}

// preview writes the comment of the preview, or edits it.
func (e *commentsEnv) preview() {
	text := "Preview\n\n```\n" + line + "\n```\n\n`" + notify.Marker{Head: e.thread.PullRequest.Head, Tip: head}.String() + "`"
	for i, c := range e.thread.Comments {
		if _, ok := notify.ReadMarker(c.Text); ok {
			e.thread.Comments[i].Text, e.thread.Comments[i].UpdatedAt = text, e.now
			return
		}
	}
	e.write(0, text)
}

// write adds a comment; author 0 is reconcile.
func (e *commentsEnv) write(author int, text string) {
	e.nextID++
	e.thread.Comments = append(e.thread.Comments, approval.Comment{ID: e.nextID, AuthorID: author, IsOwn: author == 0, Text: text, CreatedAt: e.now, UpdatedAt: e.now})
}

// lastComment returns the newest comment of a person.
func (e *commentsEnv) lastComment() *approval.Comment {
	i := len(e.thread.Comments) - 1
	for i > 0 && e.thread.Comments[i].IsOwn {
		i--
	}
	return &e.thread.Comments[i]
}

func (e *commentsEnv) advance(d time.Duration) { e.now = e.now.Add(d) }

func (e *commentsEnv) read() {
	e.Helper()
	if err := e.reader.Read(e.Context(), e.thread); err != nil {
		e.Fatal(err)
	}
}

// approvals returns the approvals that count.
func (e *commentsEnv) approvals() (list []state.Approval) {
	e.Helper()
	all, err := e.record.Approvals(e.Context())
	if err != nil {
		e.Fatal(err)
	}
	for _, approvals := range all {
		list = append(list, approvals...)
	}
	return list
}

// confirmations returns the texts that said that an approval is recorded.
func (e *commentsEnv) confirmations() (texts []string) {
	for _, c := range e.thread.Comments {
		if _, ok := notify.ReadConfirmation(c.Text); ok {
			texts = append(texts, c.Text)
		}
	}
	return texts
}

// answers returns the texts that reconcile answered to what is no approval.
func (e *commentsEnv) answers() (texts []string) {
	for _, c := range e.thread.Comments {
		if _, ok := notify.ReadAnswer(c.Text); ok {
			texts = append(texts, c.Text)
		}
	}
	return texts
}

func TestApproved(t *testing.T) {
	t.Parallel()
	w := newCommentsEnv(t)
	w.advance(time.Minute)
	w.write(approver, "Looks good.\n"+line+"\n/approve osaka "+digestOsaka.Abbrev())
	for range 2 { // the second read finds nothing new
		w.read()
		list := w.approvals()
		said := w.confirmations()
		if len(list) != 2 || len(w.answers()) != 0 || len(said) != 1 || !strings.Contains(said[0], "`"+line+"`") {
			t.Fatalf("%+v, %q, %q", list, w.answers(), said)
		}
		a := list[0]
		if a.ApprovedBy != "Bob" || a.PullRequest != 7 || a.Comment.UserID != approver || a.Comment.Head != head || !a.EndsAt.Equal(start.Add(time.Minute+7*24*time.Hour)) {
			t.Errorf("%+v", a)
		}
		w.advance(time.Hour)
	}
}

// TestApprovedInPart: one answer says what is recorded, and what is not.
func TestApprovedInPart(t *testing.T) {
	t.Parallel()
	w := newCommentsEnv(t)
	w.write(approver, line+"\n/approve osaka "+digestTokyo.Abbrev())
	for range 2 {
		w.read()
	}
	said := w.confirmations()
	if len(w.approvals()) != 1 || len(w.answers()) != 0 || len(said) != 1 || !strings.Contains(said[0], "offers no such plan") {
		t.Errorf("%+v, %q, %q", w.approvals(), w.answers(), said)
	}
}

// TestApprovalWithoutAnswer: an approval counts where Backlog takes no answer.
func TestApprovalWithoutAnswer(t *testing.T) {
	t.Parallel()
	w := newCommentsEnv(t)
	w.reader.Answer = func(context.Context, int, string) error { return errors.New("Backlog is away") }
	w.write(approver, line)
	w.read()
	if len(w.approvals()) != 1 {
		t.Errorf("%+v", w.approvals())
	}
}

// TestForgedBeforeTheMerge: who writes previews cannot write an approval that no comment gave.
func TestForgedBeforeTheMerge(t *testing.T) {
	t.Parallel()
	w := newCommentsEnv(t)
	w.advance(time.Minute)
	w.write(approver, "Looks good to me.")
	plans, err := w.record.OfferedPlans(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	forged := state.Approval{ApprovedBy: "Bob", EndsAt: w.now.Add(time.Hour), BeforeMerge: true}
	for name, comment := range map[string]*state.ApprovalComment{
		"no comment":                      nil,
		"a comment that approves nothing": {PullRequest: 7, ID: w.lastComment().ID, UserID: approver, Hash: comments.HashText(w.lastComment().Text), Head: head},
		"a comment that is not there":     {PullRequest: 7, ID: 1, UserID: approver, Hash: "x", Head: head},
	} {
		forged.Comment = comment
		if err := w.record.PlaceApproval(t.Context(), plans[0], forged); err != nil {
			t.Fatal(err)
		}
		w.read()
		if list := w.approvals(); len(list) != 0 {
			t.Errorf("%s: %+v", name, list)
		}
	}
}

// TestCheats: none of these is an approval, or none any more. Each is answered once, also where
// the answer was written and the run was killed before it was recorded.
func TestCheats(t *testing.T) {
	t.Parallel()
	approve := func(w *commentsEnv) { w.write(approver, line); w.read(); w.advance(2 * time.Minute) }
	for name, c := range map[string]struct {
		do   func(w *commentsEnv)
		says string // in the answer; "": there is none
	}{
		"a quote":                    {func(w *commentsEnv) { w.write(approver, "> "+line) }, "outside quotes and code"},
		"a quote of the notation":    {func(w *commentsEnv) { w.write(approver, "{quote}\n"+line+"\n{/quote}") }, "outside quotes and code"},
		"a code block":               {func(w *commentsEnv) { w.write(approver, "```\n"+line+"\n```") }, "outside quotes and code"},
		"inside a sentence":          {func(w *commentsEnv) { w.write(approver, "I would answer "+line) }, "outside quotes and code"},
		"edited":                     {func(w *commentsEnv) { w.write(approver, line); w.lastComment().UpdatedAt = w.now.Add(time.Hour) }, "was changed after it was written"},
		"edited after the approval":  {func(w *commentsEnv) { approve(w); w.lastComment().Text += "\nno" }, "was changed after it was written"},
		"touched after the approval": {func(w *commentsEnv) { approve(w); w.lastComment().UpdatedAt = w.now.Add(time.Hour) }, "was changed after it was written"},
		"edited in its first minute": {func(w *commentsEnv) { w.write(approver, "nice"); w.read(); w.lastComment().Text = line }, "was changed after it was written"},
		"deleted":                    {func(w *commentsEnv) { approve(w); w.thread.Comments = w.thread.Comments[:1] }, ""},
		"older than the newest":      {func(w *commentsEnv) { w.write(approver, line); w.advance(time.Minute); w.preview() }, "There is a newer preview"},
		"older than any": {func(w *commentsEnv) {
			c := w.thread.Comments[0]
			w.thread.Comments = nil
			w.write(approver, line)
			w.lastComment().ID = 1
			w.thread.Comments = append(w.thread.Comments, c)
		}, "There is a newer preview"},
		"by a stranger":              {func(w *commentsEnv) { w.write(stranger, line) }, "not among those who may approve"},
		"by the opener":              {func(w *commentsEnv) { w.write(opener, line) }, "Who opened a pull request"},
		"by reconcile's own account": {func(w *commentsEnv) { w.write(0, line) }, ""},
		"of another workspace":       {func(w *commentsEnv) { w.write(approver, "/approve osaka "+digestTokyo.Abbrev()) }, "offers no such plan"},
		"of another pull request":    {func(w *commentsEnv) { w.write(approver, "/approve tokyo "+digestOther.Abbrev()) }, "offers no such plan"},
		"of nothing":                 {func(w *commentsEnv) { w.write(approver, "/approve tokyo 0000000000000000") }, "offers no such plan"},
		"too few digits":             {func(w *commentsEnv) { w.write(approver, "/approve tokyo "+digestTokyo.Abbrev()[:15]) }, "a line of its own"},
		"the head had moved":         {func(w *commentsEnv) { w.thread.PullRequest.Head = newHead; w.write(approver, line) }, "new commits"},
		"the head moves":             {func(w *commentsEnv) { approve(w); w.thread.PullRequest.Head = newHead }, "new commits"},
		"the head is not known":      {func(w *commentsEnv) { approve(w); w.thread.PullRequest.Head = "" }, "new commits"},
		"a head of the same effect": {func(w *commentsEnv) {
			w.write(approver, line)
			w.thread.PullRequest.Head = newHead
			w.offerPlan(7, "tokyo", digestTokyo)
		}, "offers no such plan"},
		"was closed":              {func(w *commentsEnv) { w.thread.PullRequest.IsOpen = false; w.write(approver, line) }, "closed without a merge"},
		"is closed":               {func(w *commentsEnv) { approve(w); w.thread.PullRequest.IsOpen = false }, "closed without a merge"},
		"revoked":                 {func(w *commentsEnv) { approve(w); w.revoke() }, ""},
		"used":                    {func(w *commentsEnv) { approve(w); w.beginApply() }, ""},
		"used, and offered again": {func(w *commentsEnv) { approve(w); w.beginApply(); w.offerPlan(7, "tokyo", digestTokyo) }, ""},
		"its week is over":        {func(w *commentsEnv) { w.write(approver, line); w.advance(8 * 24 * time.Hour) }, "There is a newer preview"},
		"no preview any more":     {func(w *commentsEnv) { w.thread.Comments = nil; w.write(approver, line) }, "offers no such plan"},
		"the preview is another's": {func(w *commentsEnv) {
			first := &w.thread.Comments[0]
			first.IsOwn, first.AuthorID, first.Text = false, stranger, strings.ReplaceAll(first.Text, line, "")
			w.write(approver, line)
		}, "offers no such plan"},
		"answered before it was right": {func(w *commentsEnv) { w.write(stranger, line); w.read(); w.thread.Comments[1].AuthorID = approver }, "not among those who may approve"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newCommentsEnv(t)
			w.advance(time.Minute)
			c.do(w)
			for range 3 {
				w.read()
				w.advance(time.Minute)
			}
			if list := w.approvals(); len(list) > 0 {
				t.Errorf("it counts: %+v", list)
			}
			answers := w.answers()
			if want := min(len(c.says), 1); len(answers) != want || want == 1 && !strings.Contains(answers[0], c.says) {
				t.Errorf("answers: %q", answers)
			}
			// As if a killed run had recorded nothing.
			read, err := w.record.ReadComments(t.Context(), 7)
			if err != nil || read.Rev == 0 {
				return
			}
			for id := range read.Comments {
				if len(answers) > 0 {
					read = read.WithoutComment(id)
				}
			}
			if _, err = w.record.PutReadComments(t.Context(), read); err != nil {
				t.Fatal(err)
			}
			w.read()
			if again := w.answers(); len(again) != len(answers) || len(w.approvals()) > 0 {
				t.Errorf("after a kill: %q, %+v", again, w.approvals())
			}
		})
	}
}

func (e *commentsEnv) revoke() {
	e.Helper()
	if revoked, err := e.record.RevokeApproval(e.Context(), "tokyo", digestTokyo.Abbrev()); err != nil || !revoked {
		e.Fatalf("%v, %v", revoked, err)
	}
}

// beginApply begins an apply with the approval; its run then dies. No renewal reads the clock
// while the test moves it.
func (e *commentsEnv) beginApply() {
	e.Helper()
	ctx := e.Context()
	head, err := e.record.Adopt(ctx, state.Head{Commit: head})
	if err != nil {
		e.Fatal(err)
	}
	l, err := e.record.Acquire(ctx, state.LeaseRequest{Identity: "s", Workspace: "tokyo", Run: "run", Generation: head.Generation})
	if err != nil {
		e.Fatal(err)
	}
	defer l.Abandon()
	a := e.approvals()[0]
	ws := state.Workspace{Name: "tokyo", Attempt: &state.Attempt{Run: "run", PlanDigest: a.Digest, StartedAt: e.now, Approval: a.WithoutDifference()}}
	if err := l.BeginApply(ctx, ws); err != nil {
		e.Fatal(err)
	}
}

// TestOpenerMayApprove: the operator may allow it.
func TestOpenerMayApprove(t *testing.T) {
	t.Parallel()
	w := newCommentsEnv(t)
	w.reader.Approvers.OpenerMayApprove = true
	w.write(opener, line)
	w.read()
	if len(w.approvals()) != 1 || len(w.answers()) != 0 {
		t.Errorf("%+v, %q", w.approvals(), w.answers())
	}
}

// TestTwoApprovers: two people approve the same plan, and two runs read it. It is one
// approval, used once.
func TestTwoApprovers(t *testing.T) {
	t.Parallel()
	w := newCommentsEnv(t)
	w.reader.Approvers.OpenerMayApprove = true
	w.advance(time.Minute)
	w.write(approver, line)
	w.write(opener, line)
	w.read()
	w.read()
	if list := w.approvals(); len(list) != 1 || len(w.answers()) != 0 {
		t.Fatalf("%+v, %q", list, w.answers())
	}
	w.beginApply()
	w.read()
	if list := w.approvals(); len(list) != 0 {
		t.Errorf("used, and still there: %+v", list)
	}
	// A new commit: what was approved before counts for nothing.
	w.advance(time.Minute)
	w.thread.PullRequest.Head = newHead
	w.offerPlan(7, "tokyo", digestTokyo)
	w.preview()
	w.read()
	if list := w.approvals(); len(list) != 0 {
		t.Errorf("it counts for the new head: %+v", list)
	}
}
