// Package comments reads approvals in the comments on pull requests. It places those that
// count, takes back those that are void, and answers each once.
package comments

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"reconcile/reconciler/approval"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// Reader reads the comments on pull requests.
type Reader struct {
	Config    *run.Config
	Approvers *approval.Approvers
	Writer    func(ctx context.Context) (*notify.Writer, error)
	// Answer adds a comment to a pull request.
	Answer func(ctx context.Context, number int, text string) error
}

// Thread is a pull request with its comments, the oldest first.
type Thread struct {
	PullRequest approval.PullRequest
	Comments    []approval.Comment
}

const (
	// approvalDuration is how long an approval by a comment counts, from the comment on.
	approvalDuration = 7 * 24 * time.Hour
	// retention is how long the record keeps what was read, after the last read.
	retention = 60 * 24 * time.Hour
	// maxKept is how many comments of one pull request the record keeps.
	maxKept = 1000
	// maxAnswers is how many comments are answered in one read: each takes a second.
	maxAnswers = 10
)

// reading is one read of one pull request.
type reading struct {
	reader   *Reader
	thread   Thread
	read     state.ReadComments
	isDirty  bool // read has something that is not stored
	offers   []offer
	answered map[int]bool // ids of comments that have an answer
	// confirmed are the ids of comments whose approvals were confirmed. One that is void later
	// is answered, too.
	confirmed map[int]bool
	answers   int
}

// offer is a plan that the pull request offers, with the comment that offers it.
type offer struct {
	plan    state.OfferedPlan
	comment approval.Comment
}

// Read reads the comments of a pull request.
func (r *Reader) Read(ctx context.Context, t Thread) error {
	v := &reading{reader: r, thread: t, answered: map[int]bool{}, confirmed: map[int]bool{}}
	err := v.load(ctx)
	if err == nil {
		err = v.checkApprovals(ctx)
	}
	for _, c := range t.Comments {
		if err == nil && !c.IsOwn {
			err = v.readComment(ctx, c)
		}
	}
	if err == nil && v.isDirty {
		_, err = r.Config.Record.PutReadComments(ctx, v.read)
	}
	if errors.Is(err, state.ErrCommentsRead) {
		return nil // it does the same
	}
	if err != nil {
		return fmt.Errorf("approvals on pull request %d: %w", t.PullRequest.Number, err)
	}
	return nil
}

func (r *reading) load(ctx context.Context) (err error) {
	record, number := r.reader.Config.Record, r.thread.PullRequest.Number
	if r.read, err = record.ReadComments(ctx, number); err != nil {
		return err
	}
	r.read.ExpiresAt = r.reader.Config.Now().Add(retention).Unix()
	plans, err := record.OfferedPlans(ctx)
	if err != nil {
		return err
	}
	states, err := record.NotificationStates(ctx)
	if err != nil {
		return err
	}
	var preview approval.Comment // our newest
	var marker notify.Marker     // its own
	own := map[int]approval.Comment{}
	for _, c := range r.thread.Comments {
		if !c.IsOwn {
			continue
		}
		own[c.ID] = c
		if id, ok := notify.ReadAnswer(c.Text); ok {
			r.answered[id] = true
		}
		if id, ok := notify.ReadConfirmation(c.Text); ok {
			r.confirmed[id] = true
		}
		if m, ok := notify.ReadMarker(c.Text); ok && m.Environment == r.reader.Config.Environment {
			preview, marker = c, m
		}
	}
	for _, plan := range plans {
		if plan.PullRequest == number && preview.ID != 0 && marker.Head == plan.Head {
			r.offers = append(r.offers, offer{plan, preview})
		}
		if plan.PullRequest != 0 {
			continue
		}
		for _, on := range states[plan.Workspace].OfferedOn {
			if on.PullRequest == number && on.Digest == plan.Digest && own[on.ID].ID != 0 {
				r.offers = append(r.offers, offer{plan, own[on.ID]})
			}
		}
	}
	return nil
}

// checkApprovals takes back the approvals of this pull request that are void.
func (r *reading) checkApprovals(ctx context.Context) error {
	all, err := r.reader.Config.Record.Approvals(ctx)
	if err != nil {
		return err
	}
	for _, approvals := range all {
		for _, a := range approvals {
			if a.Comment == nil || a.Comment.PullRequest != r.thread.PullRequest.Number {
				continue
			}
			if err := r.checkApproval(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reading) checkApproval(ctx context.Context, a state.Approval) error {
	i := slices.IndexFunc(r.thread.Comments, func(c approval.Comment) bool { return c.ID == a.Comment.ID })
	reason := ""
	switch {
	case i < 0:
	case r.thread.Comments[i].IsEdited() || HashText(r.thread.Comments[i].Text) != a.Comment.Hash || r.thread.Comments[i].AuthorID != a.Comment.UserID,
		!saysApproval(r.thread.Comments[i].Text, a):
		reason = notify.RefusedEdited
	case r.isClosed():
		reason = notify.RefusedClosed
	case a.Comment.Head != "" && a.Comment.Head != r.thread.PullRequest.Head:
		reason = notify.RefusedHead
	default:
		return nil
	}
	var answerErr error
	if i >= 0 {
		command := approval.Command{Workspace: a.Workspace, Digits: a.Digest.Abbrev()}
		answerErr = r.answer(ctx, a.Comment.ID, []notify.Refusal{{Line: command.String(), Reason: reason}})
	}
	read, err := r.reader.Config.Record.TakeBackApproval(ctx, a, r.read)
	if err == nil {
		r.read = read
		r.reader.Config.Log.Warn("an approval by a comment is void: it was deleted or edited, or its pull request was closed or has new commits",
			"workspace", a.Workspace, "digest", a.Digest.Abbrev(), "pull_request", a.Comment.PullRequest, "comment", a.Comment.ID)
	}
	return errors.Join(answerErr, err)
}

// saysApproval reports whether a comment has the line of an approval. Who writes previews can
// write what looks like one given before the merge.
func saysApproval(text string, a state.Approval) bool {
	commands, _ := approval.FindCommands(text)
	return slices.ContainsFunc(commands, func(c approval.Command) bool {
		return c.Workspace == a.Workspace && state.OfferedPlan{Digest: a.Digest}.IsMeant(c.Digits)
	})
}

func (r *reading) isClosed() bool {
	return !r.thread.PullRequest.IsOpen && !r.thread.PullRequest.IsMerged
}

// readComment places the approvals of a comment, or answers why it gives none.
func (r *reading) readComment(ctx context.Context, c approval.Comment) error {
	hash := HashText(c.Text)
	before, wasRead := r.read.Comments[c.ID]
	if before.Done {
		return nil
	}
	commands, isAttempt := approval.FindCommands(c.Text)
	if len(commands) == 0 && !isAttempt {
		if !wasRead && len(r.offers) > 0 && len(r.read.Comments) < maxKept {
			r.read, r.isDirty = r.read.WithComment(c.ID, state.ReadComment{Hash: hash}), true
		}
		return nil
	}
	if r.answered[c.ID] {
		r.read, r.isDirty = r.read.WithComment(c.ID, state.ReadComment{Hash: hash, Done: true}), true
		return nil
	}
	why := r.refuseComment(c, len(commands) > 0, wasRead && before.Hash != hash)
	if why != "" {
		return r.refuse(ctx, c, hash, []notify.Refusal{{Reason: why}})
	}
	var refusals []notify.Refusal
	var approved []string
	for _, command := range commands {
		plan, why := r.findPlan(c, command)
		if why == "" {
			why = r.approve(ctx, plan, c, hash)
		}
		switch why {
		case "":
			approved = append(approved, command.String())
		case failedRead:
			return state.ErrCommentsRead
		default:
			refusals = append(refusals, notify.Refusal{Line: command.String(), Reason: why})
		}
	}
	if len(approved) > 0 {
		r.confirm(ctx, c, approved, refusals)
		return nil
	}
	return r.refuse(ctx, c, hash, refusals)
}

// confirm answers a comment that approved plans, once. Its failure is only logged: what was
// approved counts all the same.
func (r *reading) confirm(ctx context.Context, c approval.Comment, approved []string, refusals []notify.Refusal) {
	if r.confirmed[c.ID] || r.answers == maxAnswers {
		return
	}
	r.answers++
	r.confirmed[c.ID] = true
	writer, err := r.reader.Writer(ctx)
	var text string
	if err == nil {
		text, err = writer.WriteConfirmation(c.ID, approved, !r.thread.PullRequest.IsOpen, refusals)
	}
	if err == nil {
		err = r.reader.Answer(ctx, r.thread.PullRequest.Number, text)
	}
	if err != nil {
		r.reader.Config.Log.Warn("could not answer a comment whose approval is recorded", "pull_request", r.thread.PullRequest.Number, "comment", c.ID, "error", err)
	}
}

// refuseComment returns why nothing in a comment counts; "" if something may.
func (r *reading) refuseComment(c approval.Comment, hasCommand, isChanged bool) string {
	_, isApprover := r.reader.Approvers.FindByBacklogID(c.AuthorID)
	switch {
	case !hasCommand:
		return notify.RefusedForm
	case !isApprover:
		return notify.RefusedApprover
	case c.AuthorID == r.thread.PullRequest.OpenerID && !r.reader.Approvers.OpenerMayApprove:
		return notify.RefusedOpener
	case c.IsEdited() || isChanged:
		return notify.RefusedEdited
	case r.isClosed():
		return notify.RefusedClosed
	}
	return ""
}

// findPlan returns the plan that a command means, or why there is none.
func (r *reading) findPlan(c approval.Comment, command approval.Command) (state.OfferedPlan, string) {
	why := notify.RefusedNotOffered
	for _, o := range r.offers {
		switch {
		case o.plan.Workspace != command.Workspace || !o.plan.IsMeant(command.Digits):
		case o.plan.Head != "" && o.plan.Head != r.thread.PullRequest.Head:
			why = notify.RefusedHead
		case c.ID < o.comment.ID || c.CreatedAt.Before(o.comment.UpdatedAt):
			why = notify.RefusedOld
		default:
			return o.plan, ""
		}
	}
	return state.OfferedPlan{}, why
}

// failedRead stands for an approval that another run's read may have placed.
const failedRead = "read"

// approve places the approval of a plan, and returns why it does not count.
func (r *reading) approve(ctx context.Context, plan state.OfferedPlan, c approval.Comment, hash string) string {
	person, _ := r.reader.Approvers.FindByBacklogID(c.AuthorID)
	end := c.CreatedAt.Add(approvalDuration)
	if !r.reader.Config.Now().Before(end) {
		return notify.RefusedOld
	}
	a := state.Approval{
		ApprovedBy: person.Name, EndsAt: end, BeforeMerge: r.thread.PullRequest.IsOpen && plan.PullRequest != 0,
		Comment: &state.ApprovalComment{PullRequest: r.thread.PullRequest.Number, ID: c.ID, UserID: c.AuthorID, Hash: hash, Head: plan.Head},
	}
	read, err := r.reader.Config.Record.ApproveByComment(ctx, plan, a, r.read.WithComment(c.ID, state.ReadComment{Hash: hash, Done: true}))
	switch {
	case errors.Is(err, state.ErrNotOffered):
		return notify.RefusedNotOffered
	case err != nil:
		r.reader.Config.Log.Warn("could not place an approval by a comment; it is read again", "error", err)
		return failedRead
	}
	r.read, r.isDirty = read, false
	r.reader.Config.Log.Info("approved by a comment", "workspace", plan.Workspace, "digest", plan.Digest.Abbrev(), "by", person.Name, "pull_request", r.thread.PullRequest.Number)
	return ""
}

// refuse answers a comment, and notes that nothing more comes of it.
func (r *reading) refuse(ctx context.Context, c approval.Comment, hash string, refusals []notify.Refusal) error {
	if r.answers == maxAnswers {
		return nil // the next read answers it
	}
	if err := r.answer(ctx, c.ID, refusals); err != nil {
		return err
	}
	read, err := r.reader.Config.Record.PutReadComments(ctx, r.read.WithComment(c.ID, state.ReadComment{Hash: hash, Done: true}))
	if err == nil {
		r.read, r.isDirty = read, false
	}
	return err
}

func (r *reading) answer(ctx context.Context, comment int, refusals []notify.Refusal) error {
	if r.answered[comment] {
		return nil
	}
	r.answers++
	r.answered[comment] = true
	writer, err := r.reader.Writer(ctx)
	if err != nil {
		return err
	}
	text, err := writer.WriteAnswer(comment, refusals)
	if err != nil {
		return err
	}
	return r.reader.Answer(ctx, r.thread.PullRequest.Number, text)
}

// HashText returns the hash of a comment's text, as the record keeps it.
func HashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
