package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/endpoint"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/cmd/reconcile/telemetry"
	"reconcile/reconciler"
	"reconcile/reconciler/backlog/webhook"
	"reconcile/reconciler/run"
)

func newWatchCommand(a *app) *cobra.Command {
	var o watchOptions
	c := &cobra.Command{
		Use:     "watch",
		GroupID: groupPass,
		Short:   "Run passes continuously",
		Long: `Run a pass, wait, and repeat, until SIGTERM or Ctrl-C. Failures of Git or AWS
are logged and retried with growing waits. When the terminal closes (SIGHUP),
watch ends after the current pass, unless nohup was used.

With --health, GET /healthz answers 200 while passes complete, else 503.

With --webhook, a webhook of Backlog starts a pass at once. Its URL is
https://HOST/hook/TOKEN, with the token of RECONCILE_WEBHOOK_TOKEN. A proxy in
front must provide TLS. A lost webhook only delays the pass to the next
interval.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runWatch(c.Context(), a, o)
		},
	}
	c.Flags().DurationVar(&o.interval, "interval", time.Minute, "time between two passes, plus or minus 10%")
	c.Flags().StringVar(&o.health, "health", "", "address to answer GET /healthz on, such as :8080")
	c.Flags().StringVar(&o.webhook, "webhook", "", "address to receive Backlog's webhooks on, such as :8081")
	c.Flags().StringVar(&o.webhookFrom, "webhook-from", "", "allowed callers: any, or addresses and ranges (default: the known addresses of Backlog)")
	return c
}

type watchOptions struct {
	interval    time.Duration
	health      string
	webhook     string
	webhookFrom string
}

// Intervals of watch.
const (
	minInterval = time.Second
	// maxBackoff is the longest interval after failures.
	maxBackoff = 5 * time.Minute
)

func runWatch(ctx context.Context, a *app, o watchOptions) error {
	if o.interval < minInterval {
		return usage.Errorf(fmt.Sprintf("--interval takes %s or more", minInterval), "--interval %s", o.interval)
	}
	if err := a.settings.Resolve(); err != nil {
		return err
	}
	ctx, killCtx, release := withSignals(ctx, gracePeriod, ui.LinePrinter(a.err))
	defer release()
	drainCtx, stop := hangupContext(ctx)
	defer stop()
	tel, err := a.openTelemetry()
	if err != nil {
		return err
	}
	defer a.closeTelemetry(ctx, tel)
	w := &watcher{
		app: a, interval: o.interval, maxWait: maxBackoff, liveness: endpoint.NewLiveness(o.interval, maxBackoff, time.Now()), tel: tel,
		triggers: make(chan struct{}, 1),
	}
	if o.health != "" {
		url, stop, err := endpoint.Listen(a.log, a.err, "--health", o.health, w.liveness.Handler())
		if err != nil {
			return err
		}
		defer stop()
		a.log.Info("answering probes", "url", url+"/healthz")
	}
	if o.webhook == "" && o.webhookFrom != "" {
		return usage.Errorf("add --webhook ADDRESS, or leave --webhook-from out", "--webhook-from %s, but no webhooks are received", o.webhookFrom)
	}
	if o.webhook != "" {
		receiver, err := endpoint.NewReceiver(&a.settings, a.log, o.webhookFrom, w.triggerPass)
		if err != nil {
			return err
		}
		url, stop, err := endpoint.Listen(a.log, a.err, "--webhook", o.webhook, receiver.Handler())
		if err != nil {
			return err
		}
		defer stop()
		a.log.Info("receiving webhooks", "url", url+webhook.Path)
	}
	w.run(ctx, killCtx, drainCtx)
	return nil
}

// watcher runs passes. Its dependencies stay open between passes: observing other runs'
// leases takes time, and that knowledge must not be lost. After a failure it opens all
// of them again and reads the secrets again.
type watcher struct {
	app      *app
	interval time.Duration
	maxWait  time.Duration // longest wait after failures
	liveness *endpoint.Liveness
	tel      *telemetry.Telemetry
	deps     *wire.Deps
	runner   *reconciler.Reconciler
	failures int           // in a row
	triggers chan struct{} // holds one trigger until a pass starts
}

// run runs passes. The end of ctx stops the current pass; the end of drainCtx only keeps
// the next one from starting.
func (w *watcher) run(ctx, killCtx, drainCtx context.Context) {
	defer w.closeDeps()
	trigger := run.Schedule
	for drainCtx.Err() == nil {
		err := w.runPass(ctx, killCtx, trigger)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			w.failures = 0
		default:
			w.failures++
			w.closeDeps()
			w.app.log.Error("pass failed to run", "error", err, "failures", w.failures)
		}
		trigger = w.wait(drainCtx)
	}
}

// triggerPass starts a pass at once, or after the current one. More calls until then
// start no further pass.
func (w *watcher) triggerPass() {
	select {
	case w.triggers <- struct{}{}:
	default:
	}
}

// runPass runs one pass and prints one line about it.
func (w *watcher) runPass(ctx, killCtx context.Context, trigger string) (err error) {
	w.liveness.Begin(time.Now())
	defer func() { w.liveness.End(time.Now(), err) }()
	if w.deps == nil {
		if w.deps, err = w.app.open(ctx); err != nil {
			return err
		}
		w.runner = w.deps.NewReconciler(w.tel.Observe)
	}
	started := time.Now()
	result, err := w.runner.Pass(ctx, killCtx, run.Options{Trigger: trigger})
	if err := w.tel.Flush(ctx); err != nil {
		w.app.log.Warn(err.Error())
	}
	if result == nil {
		return err
	}
	if w.app.wantsJSON() {
		return firstErr(err, ui.PrintResult(w.app.out, result, err))
	}
	printer := ui.NewResultPrinter(w.app.out, w.app.width())
	printer.Start = started
	printer.Prefix = started.Local().Format(time.TimeOnly) + " "
	if err == nil {
		printer.PrintSummary(result)
	}
	return err
}

// closeDeps closes the dependencies; the next pass opens new ones.
func (w *watcher) closeDeps() {
	if w.deps != nil {
		w.app.closeDeps(w.deps)
		w.deps, w.runner = nil, nil
	}
}

// wait waits until the next pass is due or triggered, or ctx ends. It returns the
// trigger.
func (w *watcher) wait(ctx context.Context) string {
	timer := time.NewTimer(addJitter(backoff(w.interval, w.maxWait, w.failures)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-w.triggers:
		return run.Webhook
	}
	return run.Schedule
}

// backoff doubles the interval with each failure in a row, up to a bound.
func backoff(interval, maxWait time.Duration, failures int) time.Duration {
	maxWait = max(interval, maxWait)
	for range failures {
		if interval *= 2; interval >= maxWait {
			return maxWait
		}
	}
	return interval
}

// addJitter changes d by up to 10%, so that many watchers do not poll at once.
func addJitter(d time.Duration) time.Duration {
	return d*9/10 + rand.N(d/5+1)
}
