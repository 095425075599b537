package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"reconcile/cmd/reconcile/internal/endpoint"
	"reconcile/cmd/reconcile/internal/page"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/cmd/reconcile/telemetry"
	"reconcile/internal/runid"
	"reconcile/reconciler"
	"reconcile/reconciler/run"
)

// watcher runs passes, one at a time until the tip moves under one, which another then takes
// beside it. Its dependencies stay open, because observing other runs' leases takes time. After
// a failure, once no pass runs, it opens them and reads the secrets again.
type watcher struct {
	app        *app
	interval   time.Duration
	maxWait    time.Duration // longest wait after failures
	liveness   *endpoint.Liveness
	tel        *telemetry.Telemetry
	printer    *ui.WatchPrinter
	deps       *wire.Deps
	runner     *reconciler.Reconciler
	pages      *page.Publisher           // nil without --page
	closing    sync.WaitGroup            // of what is closed beside the passes
	passes     map[runid.ID]*watchedPass // that run, by run id
	overtaken  chan runid.ID             // ids of runs that a newer tip has overtaken
	ends       chan *watchedPass
	isStale    bool          // an overtaken pass has ended since the last start: its workspaces are free
	warnings   []string      // of the pass that was printed last
	failures   int           // in a row
	hadRecord  bool          // a pass has found the record, or made it
	hasRollout bool          // a rollout is under way: its alarms are watched
	triggers   chan struct{} // holds one trigger until a pass starts
}

// watchedPass is a pass that watch runs.
type watchedPass struct {
	options   run.Options
	startedAt time.Time
	overtaken bool
	result    *run.Result
	err       error
}

func newWatcher(a *app, interval, maxWait time.Duration, tel *telemetry.Telemetry) *watcher {
	return &watcher{
		app: a, interval: interval, maxWait: maxWait, liveness: endpoint.NewLiveness(interval, maxWait, time.Now()), tel: tel,
		passes: map[runid.ID]*watchedPass{}, overtaken: make(chan runid.ID, run.MaxCheckouts), ends: make(chan *watchedPass),
		triggers: make(chan struct{}, 1),
		printer: ui.NewWatchPrinter(ui.PassOutput{
			Out: a.out, Err: a.err, Width: a.width(), JSON: a.wantsJSON(), Terminal: a.redrawableTerminal(), Plain: a.settings.NoColor, Title: a.settings.Branch, Logs: a.logs, Translator: a.tr,
		}),
	}
}

// run runs passes. The end of ctx stops the current passes; the end of drainCtx only keeps
// the next one from starting.
func (w *watcher) run(ctx, killCtx, drainCtx context.Context) {
	defer w.closing.Wait()
	defer w.closeDeps()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for drainCtx.Err() == nil {
		due, triggers := timer.C, w.triggers
		if !w.mayStart() {
			due, triggers = nil, nil
		}
		select {
		case <-drainCtx.Done():
		case <-due:
			w.startPass(ctx, killCtx, run.TriggerSchedule)
		case <-triggers:
			w.startPass(ctx, killCtx, run.TriggerWebhook)
		case id := <-w.overtaken:
			if pass := w.passes[id]; pass != nil {
				pass.overtaken = true
				timer.Reset(0)
			}
		case pass := <-w.ends:
			w.endPass(ctx, pass)
			timer.Reset(w.nextInterval())
		}
	}
	for len(w.passes) > 0 {
		w.endPass(ctx, <-w.ends)
	}
}

// mayStart reports whether another pass may start: all that run only end what they have begun.
func (w *watcher) mayStart() bool {
	for _, pass := range w.passes {
		if !pass.overtaken {
			return false
		}
	}
	return len(w.passes) < run.MaxCheckouts
}

// nextInterval returns when the next pass starts, after one has ended.
func (w *watcher) nextInterval() time.Duration {
	if w.isStale && w.failures == 0 {
		return 0
	}
	if w.hasRollout { // also where passes fail, because Git does not answer
		return addJitter(min(w.interval, maxRolloutWait))
	}
	return addJitter(backoff(w.interval, w.maxWait, w.failures))
}

// maxRolloutWait is the longest time between two looks at the alarms of a rollout.
const maxRolloutWait = time.Minute

// triggerPass starts a pass at once, or after the current one. More calls until then
// start no further pass.
func (w *watcher) triggerPass() {
	select {
	case w.triggers <- struct{}{}:
	default:
	}
}

// startPass starts a pass in the first checkout that no other pass uses.
func (w *watcher) startPass(ctx, killCtx context.Context, trigger string) {
	pass := &watchedPass{
		options:   run.Options{Run: runid.ID(ulid.Make().String()), Trigger: trigger, HandOver: true, CheckoutNumber: w.freeCheckout(), HadRecord: w.hadRecord},
		startedAt: time.Now(),
	}
	w.passes[pass.options.Run], w.isStale = pass, false
	w.printer.BeginPass(pass.options.Run)
	w.liveness.Begin(pass.options.Run, pass.startedAt)
	if w.failures > 0 && len(w.passes) == 1 {
		w.closeDeps()
	}
	if pass.err = w.openDeps(ctx); pass.err != nil {
		go func() { w.ends <- pass }()
		return
	}
	runner := w.runner
	go func() {
		defer ui.RecoverExit(w.app.err, w.app.tr)
		pass.result, pass.err = runner.Pass(ctx, killCtx, pass.options)
		w.ends <- pass
	}()
}

// freeCheckout returns the lowest number of a checkout that no running pass uses.
func (w *watcher) freeCheckout() int {
	used := map[int]bool{}
	for _, pass := range w.passes {
		used[pass.options.CheckoutNumber] = true
	}
	number := 0
	for used[number] {
		number++
	}
	return number
}

// openDeps opens the dependencies unless they are open.
func (w *watcher) openDeps(ctx context.Context) (err error) {
	if w.deps != nil {
		return nil
	}
	if w.deps, err = w.app.open(ctx, wire.Everything); err != nil {
		return err
	}
	w.deps.OnFetchProgress = func() { w.liveness.Receive(time.Now()) }
	w.deps.TipPoll = min(wire.TipPollInterval, w.interval)
	w.runner = w.deps.NewReconciler(w.observe)
	w.pages, err = w.deps.OpenPage()
	return err
}

// observe handles an event of a pass.
func (w *watcher) observe(e run.Event) {
	w.tel.Observe(e)
	w.pages.Observe(e)
	w.printer.Observe(e)
	if e.Workspace == "" {
		w.liveness.EnterStep(e.Run, e.Phase, time.Now())
	}
	if e.Phase == run.PhaseOvertaken {
		w.overtaken <- e.Run
	}
}

// endPass handles the end of a pass and prints one line about it.
func (w *watcher) endPass(ctx context.Context, pass *watchedPass) {
	delete(w.passes, pass.options.Run)
	w.isStale = w.isStale || pass.result != nil && pass.result.Overtaken
	w.hadRecord = w.hadRecord || pass.result != nil && pass.result.HasRecord
	w.hasRollout = pass.result != nil && slices.ContainsFunc(pass.result.Workspaces, func(ws run.WorkspaceResult) bool { return ws.Rollout != "" })
	if err := w.tel.Flush(ctx); err != nil {
		w.app.log.Warn(err.Error())
	}
	err := firstErr(pass.err, w.printResult(pass))
	w.liveness.End(pass.options.Run, time.Now(), err)
	switch {
	case ctx.Err() != nil:
	case err == nil:
		w.failures = 0
	default:
		w.failures++
		if len(w.passes) == 0 {
			w.closeDeps()
		}
		w.app.log.Error("pass failed to run", "error", err, "failures", w.failures)
	}
}

// printResult prints the result of a pass.
func (w *watcher) printResult(pass *watchedPass) error {
	if w.app.wantsJSON() {
		w.printer.EndPass(pass.options.Run, nil, pass.startedAt)
		if pass.result == nil {
			return nil
		}
		return ui.PrintResult(w.app.out, pass.result, pass.err)
	}
	if pass.result == nil || pass.err != nil {
		w.printer.EndPass(pass.options.Run, nil, pass.startedAt)
		return nil
	}
	result := *pass.result // a warning that every pass has is printed once
	result.Warnings = slices.DeleteFunc(slices.Clone(result.Warnings), func(text string) bool { return slices.Contains(w.warnings, text) })
	if pass.result.Snapshot != "" { // it looked at the workspaces
		w.warnings = pass.result.Warnings
	}
	w.printer.EndPass(pass.options.Run, &result, pass.startedAt)
	return nil
}

// closeDeps closes the dependencies; the next pass opens new ones. Pages that are written
// still need the old ones, and no pass waits for that.
func (w *watcher) closeDeps() {
	if w.deps == nil {
		return
	}
	deps, pages := w.deps, w.pages
	w.deps, w.runner, w.pages = nil, nil, nil
	w.closing.Go(func() {
		defer ui.RecoverExit(w.app.err, w.app.tr)
		pages.Close()
		w.app.closeDeps(deps)
	})
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
