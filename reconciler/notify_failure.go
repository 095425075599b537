package reconciler

import (
	"context"
	"errors"
	"time"

	"reconcile/reconciler/notify"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// failureFingerprint is the fingerprint of a channel that was notified of a pass that failed as a
// whole. Its errors may differ from pass to pass, so they are no part of it.
const failureFingerprint = "failed|"

// notifyFailure tells each channel once that passes fail as a whole, and once that they work
// again. Nothing is sent if the record cannot be read: nobody could know that it was sent.
func (p *pass) notifyFailure(ctx context.Context, failed error) {
	var busy *run.CheckoutBusyError
	if len(p.config.Notifiers) == 0 || errors.Is(failed, run.ErrStopped) || errors.As(failed, &busy) || run.IsMistake(failed) {
		return
	}
	if failed == nil && !p.failureNotified {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	states, err := p.config.Record.NotificationStates(ctx)
	for _, notifier := range p.config.Notifiers {
		if err == nil {
			err = p.notifyFailureOn(ctx, notifier, states, failed)
		}
	}
	if err == nil {
		err = p.noteFailureNotified(ctx, failed != nil)
	}
	if err != nil {
		p.run.Log.Warn("could not notify people of a pass that failed, or works again; the next pass tries again", "error", err)
	}
}

// notifyFailureOn tells one channel, unless it knows.
func (p *pass) notifyFailureOn(ctx context.Context, notifier run.Notifier, states map[string]state.NotificationState, failed error) error {
	channel := notifier.Channel()
	was, now := states[notify.PassName].Fingerprints[channel], ""
	event := notify.WorkspaceEvent{Name: notify.PassName, Outcome: string(state.Unchanged), Recovered: true, Issue: states[notify.PassName].IssueKey}
	if failed != nil {
		now = failureFingerprint
		event.Outcome, event.Recovered, event.Error, event.Run = string(state.Failed), false, failed.Error(), p.run.Options.Run
	}
	if was == now {
		return nil
	}
	cursor, err := p.config.Record.PullRequestCursor(ctx)
	if err != nil {
		return err
	}
	report := newNotification(p.run, cursor)
	report.Events = []notify.WorkspaceEvent{event}
	err = notifier.Notify(ctx, report)
	return markNotified(ctx, p.run, channel, map[string]string{notify.PassName: now}, report, states, err)
}

// noteFailureNotified notes in the head whether a channel waits to hear that passes work again.
func (p *pass) noteFailureNotified(ctx context.Context, notified bool) error {
	head, err := p.config.Record.Head(ctx)
	if err != nil || head.Rev == 0 || head.FailureNotified == notified {
		return err
	}
	head.FailureNotified = notified
	_, err = p.config.Record.PutHead(ctx, head)
	return err
}
