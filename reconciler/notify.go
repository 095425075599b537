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
		if err := notifyOn(ctx, r, notifier, records, states); err != nil {
			r.Log.Warn("notification failed, will retry", "channel", notifier.Channel(), "error", err)
			pending = true
		}
	}
	return pending, nil
}

// notifyOn sends the new events to one channel and records them as sent.
func notifyOn(ctx context.Context, r *run.Run, notifier run.Notifier, records map[string]state.Workspace, states map[string]state.NotificationState) error {
	cursor, err := r.Config.Record.PullRequestCursor(ctx)
	if err != nil {
		return err
	}
	report := newNotification(r, cursor)
	channel := notifier.Channel()
	if err := introduceChannel(ctx, r, channel, records, states); err != nil {
		return err
	}
	approvable, err := findApprovable(ctx, r)
	if err != nil {
		return err
	}
	known := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(records)) {
		rec, was := records[name], states[name].Fingerprints[channel]
		print := notifyFingerprint(rec)
		if print == "" || print == was {
			continue
		}
		known[name] = print
		if shouldNotify(rec, was) {
			event := eventOf(rec, was, states[name].IssueKey)
			// The record has neither the alarms of a rollout nor the time left.
			if result, found := r.Result.Find(name); found && rec.Rollout != nil && rec.Error == "" && result.Rollout != "" {
				event.Error = result.Rollout
			}
			event.FromSnapshot = r.Options.Snapshot != "" && rec.Run == r.Options.Run
			if rec.Outcome == state.Blocked && approvable[name] == rec.PlanDigest {
				event.Approvable = rec.PlanDigest
			}
			report.Events = append(report.Events, event)
		}
	}
	if len(report.Events) > 0 {
		err = notifier.Notify(ctx, report)
	}
	return markNotified(ctx, r, channel, known, report, states, err)
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

// introduceChannel records, before the first notification of a channel, what it need not hear
// of: what other runs have applied before. A problem that is there still is news to it.
func introduceChannel(ctx context.Context, r *run.Run, channel string, records map[string]state.Workspace, states map[string]state.NotificationState) error {
	for name, t := range states {
		if _, notified := t.Fingerprints[channel]; notified && name != notify.PassName {
			return nil
		}
	}
	for name, rec := range records {
		print := notifyFingerprint(rec)
		if print == "" {
			continue
		}
		if !strings.HasPrefix(print, "ok|") || rec.Run == r.Options.Run {
			print = "" // still to be sent, even if this try fails
		}
		t := states[name]
		t.Name, t.Fingerprints = name, maps.Clone(t.Fingerprints)
		if t.Fingerprints == nil {
			t.Fingerprints = map[string]string{}
		}
		t.Fingerprints[channel] = print
		states[name] = t
		if err := r.Config.Record.PutNotificationState(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// markNotified records what was sent. If sending failed, it records only the issues
// that were opened nevertheless.
func markNotified(ctx context.Context, r *run.Run, channel string, known map[string]string, report *notify.Notification, states map[string]state.NotificationState, failed error) error {
	issues, offeredOn := map[string]string{}, map[string][]state.OfferComment{}
	for _, n := range report.Events {
		issues[n.Name] = n.Issue
		for _, posted := range report.Posted {
			if n.Approvable != "" {
				offeredOn[n.Name] = append(offeredOn[n.Name], state.OfferComment{PullRequest: posted.PullRequest, ID: posted.Comment, Digest: n.Approvable})
			}
		}
	}
	for name, print := range known {
		t := states[name]
		t.Name, t.Fingerprints = name, maps.Clone(t.Fingerprints)
		if t.Fingerprints == nil {
			t.Fingerprints = map[string]string{}
		}
		issue, isNews := issues[name]
		if failed == nil {
			t.Fingerprints[channel] = print
			if len(offeredOn[name]) > 0 {
				t.OfferedOn = offeredOn[name]
			}
		} else if !isNews || issue == t.IssueKey {
			continue
		}
		if isNews {
			t.IssueKey = issue
		}
		states[name] = t
		if err := r.Config.Record.PutNotificationState(ctx, t); err != nil {
			return err
		}
	}
	if failed == nil && !report.MergedSince.IsZero() {
		return r.Config.Record.PutPullRequestCursor(ctx, state.PullRequestCursor{NotifiedUntil: report.MergedSince, LastNotified: report.LastPullRequests})
	}
	return failed
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

// shouldNotify reports whether to send an event, given the fingerprint of the last one.
// Success is news only after an apply or after a problem.
func shouldNotify(w state.Workspace, was string) bool {
	now := notifyFingerprint(w)
	switch {
	case now == "removed":
		return was != ""
	case !strings.HasPrefix(now, "ok|"):
		return true
	case was == "" || strings.HasPrefix(was, "ok|") || was == "removed":
		return w.Outcome == state.Applied
	}
	return true
}

func eventOf(w state.Workspace, was, issue string) notify.WorkspaceEvent {
	n := notify.WorkspaceEvent{
		Name: w.Name, Outcome: string(w.Outcome), Error: w.Error, Commit: w.Commit, Run: w.Run, Issue: issue,
		Add: w.Changes.Add, Change: w.Changes.Change, Replace: w.Changes.Replace, Destroy: w.Changes.Destroy,
	}
	if r := w.Rollout; r != nil {
		if n.Error == "" {
			n.Error = rollout.Describe(*r)
		}
		return n
	}
	if w.Removed {
		n.Outcome = string(state.Removed)
	}
	n.Recovered = strings.HasPrefix(was, "failed|") && w.Outcome != state.Failed && w.Outcome != state.Blocked
	switch {
	case strings.HasPrefix(notifyFingerprint(w), driftPrefix):
		n.AboutDrift, n.Recovered = true, false
		n.Outcome, n.Run, n.Withheld = string(state.Drifted), w.Drift.Run, w.Drift.Withheld
		n.Add, n.Change, n.Replace, n.Destroy = w.Drift.Changes.Add, w.Drift.Changes.Change, w.Drift.Changes.Replace, w.Drift.Changes.Destroy
	case strings.HasPrefix(was, driftPrefix) && (w.Drift != nil || w.Outcome == state.NoChanges):
		// The drift disappeared without an apply.
		n.AboutDrift, n.Outcome = true, string(state.Unchanged)
		n.Add, n.Change, n.Replace, n.Destroy = 0, 0, 0, 0
	}
	return n
}
