package main

import (
	"context"
	"slices"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/telemetry"
	"reconcile/reconciler/run"
)

func (s *settings) checkTelemetry() error {
	if !slices.Contains([]string{telemetry.None, telemetry.OTLP, telemetry.EMF}, s.Metrics) {
		return usage.Errorf("--metrics takes none, otlp or emf", "--metrics %s is not known", s.Metrics)
	}
	if !slices.Contains([]string{telemetry.None, telemetry.OTLP}, s.Traces) {
		return usage.Errorf("--traces takes none or otlp", "--traces %s is not known", s.Traces)
	}
	return nil
}

// openTelemetry returns nil if no telemetry is set. EMF lines go to the logs: stdout is
// for results, and logs are JSON lines too without a terminal.
func (a *app) openTelemetry() (*telemetry.Telemetry, error) {
	if err := a.settings.checkTelemetry(); err != nil {
		return nil, err
	}
	tel, err := telemetry.Open(telemetry.Options{
		Metrics: a.settings.Metrics, Traces: a.settings.Traces, Version: version, EMFOutput: a.logs,
		OnError: func(err error) { a.log.Warn("could not send telemetry", "error", err) },
	})
	if err != nil {
		return nil, usage.Errorf("set it right, or --metrics none and --traces none", "%w", err)
	}
	return tel, nil
}

// closeTelemetry sends the rest and only logs errors.
func (a *app) closeTelemetry(ctx context.Context, tel *telemetry.Telemetry) {
	if err := tel.Close(ctx); err != nil {
		a.log.Warn(err.Error())
	}
}

// multiObserver returns an observer that calls all observers.
func multiObserver(observers []func(run.Event)) func(run.Event) {
	return func(e run.Event) {
		for _, observe := range observers {
			observe(e)
		}
	}
}
