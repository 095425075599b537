package reconciler

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"reconcile/internal/plandigest"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// notifyRetry is the delay before a failed notification is sent again.
const notifyRetry = 5 * time.Minute

// notify sends what each channel has not sent yet. It compares the record with what was
// sent, so that a later pass sends what a failed channel missed, and nothing is sent
// twice. It never fails a pass.
func (p *pass) notify(ctx context.Context) {
	due := !p.notifyAt.IsZero() && (p.run.Options.Trigger == run.TriggerManual || p.config.IsDue(p.notifyAt))
	if p.result.Snapshot != "" || due || p.hasWatchedRollouts {
		notifyNow(ctx, p.run)
	}
}

func notifyNow(ctx context.Context, r *run.Run) {
	if len(r.Config.Notifiers) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	pending, err := notifyAll(ctx, r)
	if err != nil {
		r.Log.Warn("notification failed, will retry", "error", err)
		pending = true
	}
	if err := scheduleNotifyRetry(ctx, r, pending); err != nil {
		r.Log.Warn("could not record failed notification", "error", err)
	}
}

func notifyAll(ctx context.Context, r *run.Run) (pending bool, err error) {
	records, err := r.Config.Record.Workspaces(ctx)
	if err != nil {
		return true, err
	}
	states, err := r.Config.Record.NotificationStates(ctx)
	if err != nil {
		return true, err
	}
	for _, notifier := range r.Config.Notifiers {
		if err := newChannel(r, notifier, states).notify(ctx, records); err != nil {
			r.Log.Warn("notification failed, will retry", "channel", notifier.Channel(), "error", err)
			pending = true
		}
	}
	return pending, nil
}

// channel is one channel of notifications, with what it was sent last.
type channel struct {
	run      *run.Run
	notifier run.Notifier
	name     string
	states   map[string]state.NotificationState // of all channels, by workspace
}

func newChannel(r *run.Run, notifier run.Notifier, states map[string]state.NotificationState) *channel {
	return &channel{run: r, notifier: notifier, name: notifier.Channel(), states: states}
}

// notify sends the new events to the channel and records them as sent.
func (c *channel) notify(ctx context.Context, records map[string]state.Workspace) error {
	cursor, err := c.run.Config.Record.PullRequestCursor(ctx)
	if err != nil {
		return err
	}
	report := newNotification(c.run, cursor)
	if err := c.introduce(ctx, records); err != nil {
		return err
	}
	approvable, err := findApprovable(ctx, c.run)
	if err != nil {
		return err
	}
	fingerprints := map[string]string{} // of what is new, by workspace
	for _, name := range slices.Sorted(maps.Keys(records)) {
		rec, last := records[name], c.states[name].Fingerprints[c.name]
		fingerprint := notifyFingerprint(rec)
		if fingerprint == "" || fingerprint == last {
			continue
		}
		fingerprints[name] = fingerprint
		if shouldNotify(rec, last) {
			event := newEvent(c.run, rec, last, c.states[name].IssueKey)
			if rec.Outcome == state.Blocked && approvable[name] == rec.PlanDigest {
				event.Approvable = rec.PlanDigest
			}
			report.Events = append(report.Events, event)
		}
	}
	if len(report.Events) > 0 {
		err = c.notifier.Notify(ctx, report)
	}
	return c.recordSent(ctx, fingerprints, report, err)
}

// newNotification returns a notification without events.
func newNotification(r *run.Run, cursor state.PullRequestCursor) *notify.Notification {
	return &notify.Notification{
		Run: r.Options.Run, Repo: r.Config.Repo, Branch: r.Config.Branch, Environment: r.Config.Environment, Commit: cmp.Or(r.Result.To, r.Result.From), At: r.Config.Now().UTC(),
		MergedSince: cursor.NotifiedUntil, LastPullRequests: cursor.LastNotified, PageURL: r.Config.PageURL,
	}
}

// findApprovable returns the digests of the plans that wait and that a comment can approve,
// by workspace.
func findApprovable(ctx context.Context, r *run.Run) (map[string]plandigest.Digest, error) {
	digests := map[string]plandigest.Digest{}
	if r.Config.Approvers == nil || r.Config.PullRequests == nil {
		return digests, nil
	}
	plans, err := r.Config.Record.OfferedPlans(ctx)
	for _, plan := range plans {
		if plan.PullRequest == 0 {
			digests[plan.Workspace] = plan.Digest
		}
	}
	return digests, err
}

// introduce records, before the first notification of the channel, what it need not hear of: what
// other runs have applied before. A problem that is there still is news to it.
func (c *channel) introduce(ctx context.Context, records map[string]state.Workspace) error {
	for name, notified := range c.states {
		if _, isKnown := notified.Fingerprints[c.name]; isKnown && name != notify.PassName {
			return nil
		}
	}
	for name, rec := range records {
		fingerprint := notifyFingerprint(rec)
		if fingerprint == "" {
			continue
		}
		if !strings.HasPrefix(fingerprint, "ok|") || rec.Run == c.run.Options.Run {
			fingerprint = "" // still to be sent, even if this try fails
		}
		notified := c.copyState(name)
		notified.Fingerprints[c.name] = fingerprint
		if err := c.put(ctx, notified); err != nil {
			return err
		}
	}
	return nil
}

// recordSent records what was sent: these fingerprints, by workspace. If sending failed, it
// records only the issues that were opened nevertheless.
func (c *channel) recordSent(ctx context.Context, fingerprints map[string]string, report *notify.Notification, sendErr error) error {
	issues, offeredOn := map[string]string{}, map[string][]state.OfferComment{}
	for _, event := range report.Events {
		issues[event.Name] = event.Issue
		for _, posted := range report.Posted {
			if event.Approvable != "" {
				offeredOn[event.Name] = append(offeredOn[event.Name], state.OfferComment{PullRequest: posted.PullRequest, ID: posted.Comment, Digest: event.Approvable})
			}
		}
	}
	for name, fingerprint := range fingerprints {
		notified := c.copyState(name)
		issue, isNews := issues[name]
		if sendErr == nil {
			notified.Fingerprints[c.name] = fingerprint
			if len(offeredOn[name]) > 0 {
				notified.OfferedOn = offeredOn[name]
			}
		} else if !isNews || issue == notified.IssueKey {
			continue
		}
		if isNews {
			notified.IssueKey = issue
		}
		if err := c.put(ctx, notified); err != nil {
			return err
		}
	}
	if sendErr == nil && !report.MergedSince.IsZero() {
		return c.run.Config.Record.PutPullRequestCursor(ctx, state.PullRequestCursor{NotifiedUntil: report.MergedSince, LastNotified: report.LastPullRequests})
	}
	return sendErr
}

// copyState returns a copy of the notification state of a workspace, to be changed and put.
func (c *channel) copyState(name string) state.NotificationState {
	notified := c.states[name]
	notified.Name, notified.Fingerprints = name, maps.Clone(notified.Fingerprints)
	if notified.Fingerprints == nil {
		notified.Fingerprints = map[string]string{}
	}
	return notified
}

func (c *channel) put(ctx context.Context, notified state.NotificationState) error {
	c.states[notified.Name] = notified
	return c.run.Config.Record.PutNotificationState(ctx, notified)
}

// scheduleNotifyRetry sets or clears the retry time in the head.
func scheduleNotifyRetry(ctx context.Context, r *run.Run, pending bool) error {
	head, err := r.Config.Record.Head(ctx)
	if err != nil {
		return err
	}
	switch {
	case head.Rev == 0: // nothing was adopted
		return nil
	case pending:
		head.NotifyAt = r.Config.Now().Add(notifyRetry)
	case head.NotifyAt.IsZero():
		return nil
	default:
		head.NotifyAt = time.Time{}
	}
	_, err = r.Config.Record.PutHead(ctx, head)
	return err
}

// notifyFingerprint identifies what can be notified of a workspace: the same for a
// failure and for its retries with the same inputs. "" means nothing.
func notifyFingerprint(w state.Workspace) string {
	if r := w.Rollout; r != nil { // people are notified of each step and each failure
		return fmt.Sprintf("%s|rollout|%s|%d|%s|%d", w.Outcome, r.Phase, r.Number, gate.HashInputs(state.Trace{"": w.Error}), w.Failures)
	}
	switch w.Outcome {
	case state.Applied, state.NoChanges, state.Unchanged:
		switch {
		case w.Removed:
			return "removed"
		case w.Drift != nil && w.Drift.Found:
			return driftPrefix + string(w.Drift.PlanDigest)
		}
		return fmt.Sprintf("ok|%d", w.ApplyCount)
	case state.Failed:
		return "failed|" + gate.HashInputs(w.PendingInputs)
	case state.Blocked:
		return "blocked|" + string(w.PlanDigest) + "|" + gate.HashInputs(w.PendingInputs)
	}
	if w.Removed {
		return "removed"
	}
	return ""
}

const driftPrefix = "drift|"

// shouldNotify reports whether to send an event, given the fingerprint (last) of the one before.
// Success is news only after an apply or after a problem.
func shouldNotify(w state.Workspace, last string) bool {
	now := notifyFingerprint(w)
	switch {
	case now == "removed":
		return last != ""
	case !strings.HasPrefix(now, "ok|"):
		return true
	case last == "" || strings.HasPrefix(last, "ok|") || last == "removed":
		return w.Outcome == state.Applied
	}
	return true
}

// newEvent returns the event about a workspace for a channel whose fingerprint of it was last.
func newEvent(r *run.Run, w state.Workspace, last, issue string) notify.WorkspaceEvent {
	n := notify.WorkspaceEvent{
		Name: w.Name, Outcome: string(w.Outcome), Error: w.Error, Commit: w.Commit, Run: w.Run, Issue: issue,
		Add: w.Changes.Add, Change: w.Changes.Change, Replace: w.Changes.Replace, Destroy: w.Changes.Destroy,
		FromSnapshot: r.Options.Snapshot != "" && w.Run == r.Options.Run,
	}
	if w.Rollout != nil {
		if n.Error == "" {
			n.Error = describeRolloutNow(r, w)
		}
		return n
	}
	if w.Removed {
		n.Outcome = string(state.Removed)
	}
	n.Recovered = strings.HasPrefix(last, "failed|") && w.Outcome != state.Failed && w.Outcome != state.Blocked
	switch {
	case strings.HasPrefix(notifyFingerprint(w), driftPrefix):
		n.AboutDrift, n.Recovered = true, false
		n.Outcome, n.Run, n.Withheld = string(state.Drifted), w.Drift.Run, w.Drift.Withheld
		n.Add, n.Change, n.Replace, n.Destroy = w.Drift.Changes.Add, w.Drift.Changes.Change, w.Drift.Changes.Replace, w.Drift.Changes.Destroy
	case strings.HasPrefix(last, driftPrefix) && (w.Drift != nil || w.Outcome == state.NoChanges):
		// The drift disappeared without an apply.
		n.AboutDrift, n.Outcome = true, string(state.Unchanged)
		n.Add, n.Change, n.Replace, n.Destroy = 0, 0, 0, 0
	}
	return n
}

// describeRolloutNow says where a rollout stands. The result of this run has its alarms and the time
// left, which the record has not.
func describeRolloutNow(r *run.Run, w state.Workspace) string {
	if result, found := r.Result.Find(w.Name); found && result.Rollout != "" {
		return result.Rollout
	}
	return rollout.Describe(*w.Rollout)
}
