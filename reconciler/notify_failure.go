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
			err = newChannel(p.run, notifier, states).notifyFailure(ctx, failed)
		}
	}
	if err == nil {
		err = p.noteFailureNotified(ctx, failed != nil)
	}
	if err != nil {
		p.run.Log.Warn("could not notify people of a pass that failed, or works again; the next pass tries again", "error", err)
	}
}

// notifyFailure tells the channel, unless it knows.
func (c *channel) notifyFailure(ctx context.Context, failed error) error {
	fingerprint := ""
	event := notify.WorkspaceEvent{Name: notify.PassName, Outcome: string(state.Unchanged), Recovered: true, Issue: c.states[notify.PassName].IssueKey}
	if failed != nil {
		fingerprint = failureFingerprint
		event.Outcome, event.Recovered, event.Error, event.Run = string(state.Failed), false, failed.Error(), c.run.Options.Run
	}
	if c.states[notify.PassName].Fingerprints[c.name] == fingerprint {
		return nil
	}
	cursor, err := c.run.Config.Record.PullRequestCursor(ctx)
	if err != nil {
		return err
	}
	report := newNotification(c.run, cursor)
	report.Events = []notify.WorkspaceEvent{event}
	err = c.notifier.Notify(ctx, report)
	return c.recordSent(ctx, map[string]string{notify.PassName: fingerprint}, report, err)
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
