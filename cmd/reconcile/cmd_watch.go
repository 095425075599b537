package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/telemetry"
	"reconcile/reconciler"
	"reconcile/reconciler/backlog/webhook"
)

func newWatchCommand(a *app) *cobra.Command {
	var o watchOptions
	c := &cobra.Command{
		Use:     "watch",
		GroupID: groupPass,
		Short:   "Run passes for ever",
		Long: `Run a pass, wait, and again, until SIGTERM or Ctrl-C. Failures of Git or AWS
are logged and outlived; while they last the waits grow. When its terminal
goes away (SIGHUP) the pass under way is the last, unless nohup was used.

With --health, GET /healthz answers 200 while passes complete, else 503.

With --webhook, a webhook of Backlog's starts a pass at once: its URL is
https://HOST/hook/TOKEN, with the token of RECONCILE_WEBHOOK_TOKEN. TLS is for
what stands in front. One that is lost costs nothing but the interval.`,
		Args: nothing,
		RunE: func(c *cobra.Command, _ []string) error {
			return runWatch(c.Context(), a, o)
		},
	}
	c.Flags().DurationVar(&o.interval, "interval", time.Minute, "time between two passes, give or take a tenth")
	c.Flags().StringVar(&o.health, "health", "", "address to answer GET /healthz on, such as :8080")
	c.Flags().StringVar(&o.webhook, "webhook", "", "address to receive Backlog's webhooks on, such as :8081")
	c.Flags().StringVar(&o.webhookFrom, "webhook-from", "", "who may call: any, or addresses and ranges (default: those of Backlog's that are known)")
	return c
}

type watchOptions struct {
	interval    time.Duration
	health      string
	webhook     string
	webhookFrom string
}

// Waits of watch.
const (
	leastInterval = time.Second
	// mostBackoff bounds how far failures stretch the interval.
	mostBackoff = 5 * time.Minute
)

func runWatch(ctx context.Context, a *app, o watchOptions) error {
	if o.interval < leastInterval {
		return usagef(fmt.Sprintf("--interval takes %s or more", leastInterval), "--interval %s", o.interval)
	}
	if err := a.resolve(); err != nil {
		return err
	}
	ctx, hard, release := stops(ctx, patience, tell(a.err))
	defer release()
	last, stop := hangups(ctx)
	defer stop()
	told, err := a.openTelemetry()
	if err != nil {
		return err
	}
	defer a.closeTelemetry(ctx, told)
	w := &watch{
		app: a, interval: o.interval, most: mostBackoff, pulse: newPulse(o.interval, time.Now()), told: told,
		calls: make(chan struct{}, 1),
	}
	if o.health != "" {
		at, stop, err := a.listen("--health", o.health, w.pulse.handler())
		if err != nil {
			return err
		}
		defer stop()
		a.log.Info("answering probes", "url", at+"/healthz")
	}
	if o.webhook == "" && o.webhookFrom != "" {
		return usagef("add --webhook ADDRESS, or leave --webhook-from out", "--webhook-from %s, but no webhooks are received", o.webhookFrom)
	}
	if o.webhook != "" {
		receiver, err := a.receiver(o.webhookFrom, w.call)
		if err != nil {
			return err
		}
		at, stop, err := a.listen("--webhook", o.webhook, receiver.Handler())
		if err != nil {
			return err
		}
		defer stop()
		a.log.Info("receiving webhooks", "url", at+webhook.Path)
	}
	w.run(ctx, hard, last)
	return nil
}

// watch runs passes. Its parts stay open from pass to pass, because what a
// record has seen of other runs' leases is evidence that takes time to
// gather; after a failure all is opened anew, with secrets read again.
type watch struct {
	app      *app
	interval time.Duration
	most     time.Duration // bound of the waits after failures
	pulse    *pulse
	told     *telemetry.Telemetry
	parts    *parts
	runner   *reconciler.Reconciler
	failures int           // in a row
	calls    chan struct{} // holds a call for a pass, until one starts
}

// run runs passes until ctx ends, which stops the one under way, or last does,
// after which none begins.
func (w *watch) run(ctx, hard, last context.Context) {
	defer w.drop()
	trigger := reconciler.Schedule
	for last.Err() == nil {
		err := w.pass(ctx, hard, trigger)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			w.failures = 0
		default:
			w.failures++
			w.drop()
			w.app.log.Error("the pass could not run", "error", err, "failures", w.failures)
		}
		trigger = w.wait(last)
	}
}

// call makes a pass start at once, or when the one that runs has ended. Calls
// in between are for the same pass.
func (w *watch) call() {
	select {
	case w.calls <- struct{}{}:
	default:
	}
}

// pass runs one pass and prints one line about it.
func (w *watch) pass(ctx, hard context.Context, trigger string) (err error) {
	w.pulse.begin(time.Now())
	defer func() { w.pulse.end(time.Now(), err) }()
	if w.parts == nil {
		if w.parts, err = w.app.open(ctx); err != nil {
			return err
		}
		w.runner = w.parts.reconciler(w.told.Observe)
	}
	started := time.Now()
	result, err := w.runner.Pass(ctx, hard, reconciler.Options{Trigger: trigger})
	if err := w.told.Flush(ctx); err != nil {
		w.app.log.Warn(err.Error())
	}
	if result == nil {
		return err
	}
	if w.app.json() {
		return first(err, printResult(w.app.out, result, err))
	}
	report := newReport(w.app.out, w.app.width())
	report.start = started
	report.stamp = started.Local().Format(time.TimeOnly) + " "
	if err == nil {
		report.summary(result)
	}
	return err
}

// drop closes the parts; the next pass opens new ones.
func (w *watch) drop() {
	if w.parts != nil {
		w.app.closing(w.parts)
		w.parts, w.runner = nil, nil
	}
}

// wait pauses until the next pass is due, is called for, or ctx ends, and
// returns what triggers it.
func (w *watch) wait(ctx context.Context) string {
	timer := time.NewTimer(jittered(backoff(w.interval, w.most, w.failures)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-w.calls:
		return reconciler.Webhook
	}
	return reconciler.Schedule
}

// backoff doubles the interval with each failure in a row, up to a bound.
func backoff(interval, most time.Duration, failures int) time.Duration {
	most = max(interval, most)
	for range failures {
		if interval *= 2; interval >= most {
			return most
		}
	}
	return interval
}

// jittered is d give or take a tenth, so that many watchers do not ask at
// once.
func jittered(d time.Duration) time.Duration {
	return d*9/10 + rand.N(d/5+1)
}
