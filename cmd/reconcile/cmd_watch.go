package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/endpoint"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/reconciler/backlog/webhook"
	"reconcile/reconciler/run"
)

func newWatchCommand(a *app) *cobra.Command {
	var o watchOptions
	c := &cobra.Command{
		Use:     "watch",
		GroupID: groupPass,
		Short:   "Run passes continuously",
		Long: fmt.Sprintf(`Run a pass, wait, and repeat, until SIGTERM or Ctrl-C. Failures of Git or AWS
are logged and retried with growing waits. When the terminal closes (SIGHUP),
watch ends after the current pass, unless nohup was used.

While workspaces are being applied, watch asks for the tip. When it moves, what
is being applied goes on, and another pass begins the rest of the new tip
beside it: at most %d passes at once.

With --health, GET /healthz answers 200 while passes complete, else 503.

With --webhook, a webhook of Backlog starts a pass at once. Its URL is
https://HOST/hook/TOKEN, with the token of RECONCILE_WEBHOOK_TOKEN. A proxy in
front must provide TLS. A lost webhook only delays the pass to the next
interval.`, run.MaxCheckouts),
		Example: `  reconcile watch --interval 1m
  reconcile watch --health 127.0.0.1:8080 --notify backlog`,
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
	if err := firstErr(a.settings.RequireSnapshots(), a.settings.RequireDigestKey()); err != nil {
		return err
	}
	tel, err := a.openTelemetry()
	if err != nil {
		return err
	}
	w := newWatcher(a, o.interval, maxBackoff, tel)
	ctx, killCtx, release := withSignals(ctx, gracePeriod, a.tr, w.printer.PrintStop)
	defer release()
	defer a.closeTelemetry(ctx, tel)
	drainCtx, stop := hangupContext(ctx)
	defer stop()
	if o.health != "" {
		server, err := endpoint.Listen(a.log, a.err, a.tr, "--health", o.health, w.liveness.Handler())
		if err != nil {
			return err
		}
		defer server.Stop()
		a.log.Info("answering probes", "url", server.URL+"/healthz")
	}
	if o.webhook == "" && o.webhookFrom != "" {
		return usage.Errorf("add --webhook ADDRESS, or leave --webhook-from out", "--webhook-from %s, but no webhooks are received", o.webhookFrom)
	}
	if o.webhook != "" {
		receiver, err := endpoint.NewReceiver(&a.settings, a.log, o.webhookFrom, w.triggerPass)
		if err != nil {
			return err
		}
		server, err := endpoint.Listen(a.log, a.err, a.tr, "--webhook", o.webhook, receiver.Handler())
		if err != nil {
			return err
		}
		defer server.Stop()
		a.log.Info("receiving webhooks", "url", server.URL+webhook.Path)
	}
	w.run(ctx, killCtx, drainCtx)
	return nil
}
