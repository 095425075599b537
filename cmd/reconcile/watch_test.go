package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/endpoint"
	"reconcile/cmd/reconcile/internal/page"
	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/cmd/reconcile/telemetry"
	"reconcile/internal/waittest"
	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state/embedded"
)

func TestBackoff(t *testing.T) {
	for _, test := range []struct {
		interval time.Duration
		failures int
		want     time.Duration
	}{
		{time.Minute, 0, time.Minute},
		{time.Minute, 1, 2 * time.Minute},
		{time.Minute, 2, 4 * time.Minute},
		{time.Minute, 3, 5 * time.Minute},
		{time.Minute, 1000, 5 * time.Minute},
		{time.Hour, 3, time.Hour},
	} {
		if got := backoff(test.interval, maxBackoff, test.failures); got != test.want {
			t.Errorf("backoff(%s, %d) = %s, want %s", test.interval, test.failures, got, test.want)
		}
	}
	for range 1000 {
		if d := addJitter(time.Minute); d < 54*time.Second || d > 66*time.Second {
			t.Fatalf("a minute became %s", d)
		}
	}
}

// lineBuffer is output that a test follows line by line.
type lineBuffer struct {
	t    *testing.T
	mu   sync.Mutex
	cond *sync.Cond
	text []byte
	ends bool // no more text comes
	bad  string
	stop func() // is called when bad is written
}

func newLineBuffer(t *testing.T) *lineBuffer {
	f := &lineBuffer{t: t}
	f.cond = sync.NewCond(&f.mu)
	return f
}

// stopAt makes text that is bad end the program: what a test waits for would not come any more.
func (b *lineBuffer) stopAt(bad string, stop func()) { b.bad, b.stop = bad, stop }

func (b *lineBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p...)
	if b.stop != nil && bytes.Contains(b.text, []byte(b.bad)) {
		b.stop()
	}
	b.cond.Broadcast()
	return len(p), nil
}

// startProgram runs a program beside the test. When it ends, so does its output.
func startProgram(program func() error, outputs ...*lineBuffer) *waittest.Task[error] {
	return waittest.Go(func() error {
		for _, o := range outputs {
			defer o.end()
		}
		return program()
	})
}

// end makes what waits for more text fail.
func (b *lineBuffer) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ends = true
	b.cond.Broadcast()
}

// wait waits for more text. The caller holds the lock.
func (b *lineBuffer) wait(text string) {
	if b.ends {
		b.t.Fatalf("the output ended without %q: %q", text, b.text)
	}
	b.cond.Wait()
}

// waitFor returns the next line that holds text. One that holds a bad text
// fails the test.
func (b *lineBuffer) waitFor(text string, bad ...string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		line, rest, complete := bytes.Cut(b.text, []byte("\n"))
		if !complete {
			b.wait(text)
			continue
		}
		b.text = rest
		if bytes.Contains(line, []byte(text)) {
			return string(line)
		}
		if slices.ContainsFunc(bad, func(text string) bool { return bytes.Contains(line, []byte(text)) }) {
			b.t.Fatalf("%s", line)
		}
	}
}

// newTestApp returns the program with captured output and its own directories.
func newTestApp(t *testing.T, repo string) (a *app, out, logs *lineBuffer) {
	t.Helper()
	out, logs = newLineBuffer(t), newLineBuffer(t)
	a = &app{out: ui.ColorWriter(nil, out), stdout: ui.NewStdout(out), err: logs, logs: ui.NewScreenWriter(logs)}
	a.log = ui.NewLogger(a.logs, ui.LogOptions{Results: true})
	dir := t.TempDir()
	a.settings = config.Settings{
		Repo: repo, Branch: "main", Parallelism: 1, Wait: config.DefaultWait, Output: "text",
		Executor: config.ExecutorLocal, Metrics: telemetry.None, Traces: telemetry.None, Gate: string(settings.ApplyAlways),
		State: filepath.Join(dir, "state"), Work: filepath.Join(dir, "work"),
	}
	return a, out, logs
}

// watch survives failures, and continues by itself when they are fixed.
func TestWatchOutlivesFailures(t *testing.T) {
	repo := gittest.New(t)
	a, out, logs := newTestApp(t, repo.Dir)
	if err := a.settings.Resolve(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	w := newWatcher(a, time.Millisecond, time.Millisecond, nil)
	w.liveness = endpoint.NewLiveness(time.Minute, time.Minute, time.Now())
	watch := startProgram(func() error { w.run(ctx, t.Context(), ctx); return nil }, out, logs)

	logs.waitFor(`"failures":2`) // there is no branch yet
	repo.Commit("first", map[string]string{"env/a/main.tf": `output "x" { value = 1 }` + "\n"})
	if line := out.waitFor("done: 1 applied", "done: 1 failed"); len(strings.Fields(line)[0]) != len("15:04:05") {
		t.Errorf("no time before %q", line)
	}
	out.waitFor("in sync: nothing to do")
	report := httptest.NewRecorder()
	w.liveness.ServeHTTP(report, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if text := report.Body.String(); !strings.Contains(text, `"alive":true`) || strings.Contains(text, `"error"`) {
		t.Errorf("still wrong: %s", text)
	}
	stop()
	_ = watch.Wait()
	if w.deps != nil {
		t.Error("parts were left open")
	}
}

// A record that is gone between two passes, as with a disk that was unmounted, is no new estate: watch
// fails until it is there again, and makes nothing a second time.
func TestWatchKnowsThatTheRecordIsGone(t *testing.T) {
	repo := gittest.New(t)
	repo.Commit("first", map[string]string{"env/a/main.tf": `output "x" { value = 1 }` + "\n"})
	a, out, logs := newTestApp(t, repo.Dir)
	ctx, stop := context.WithCancel(t.Context())
	w := newWatcher(a, time.Millisecond, time.Millisecond, nil)
	watch := startProgram(func() error { w.run(ctx, t.Context(), ctx); return nil }, out, logs)

	out.waitFor("done: 1 applied", "done: 1 failed")
	out.waitFor("in sync: nothing to do")
	record := filepath.Join(a.settings.State, embedded.File)
	if err := os.Rename(record, record+".away"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		logs.waitFor("was removed since an earlier pass of this process")
	}
	if err := os.Rename(record+".away", record); err != nil {
		t.Fatal(err)
	}
	repo.Commit("second", map[string]string{"env/b/main.tf": `output "x" { value = 1 }` + "\n"})
	out.waitFor("done: 1 applied", "done: 2 applied")
	stop()
	_ = watch.Wait()
}

// A page that cannot be written, and does not fail either, delays no pass: not one after a
// failure, for which watch closes what it had opened.
func TestWatchDoesNotWaitForThePage(t *testing.T) {
	repo := gittest.New(t)
	a, out, logs := newTestApp(t, repo.Dir)
	a.settings.Page = t.TempDir()
	deps, err := a.open(t.Context(), wire.Everything)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(a.settings.Page, page.DirOf(deps.Record.Name()))
	a.closeDeps(deps)
	manifest := filepath.Join(dir, "manifest.json")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(manifest, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	w := newWatcher(a, time.Millisecond, time.Millisecond, nil)
	watch := startProgram(func() error { w.run(ctx, t.Context(), ctx); return nil }, out, logs)

	for failures := range 3 {
		logs.waitFor(fmt.Sprintf(`"failures":%d`, failures+1), "it took too long")
	}
	stop()
	held, err := os.OpenFile(manifest, os.O_RDWR, 0) // who reads it goes on, and finds nothing
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(manifest), held.Close()); err != nil {
		t.Fatal(err)
	}
	_ = watch.Wait()
}

// newSlowRepo returns a repository with the workspace slow, whose apply reads a named pipe to
// its end.
func newSlowRepo(t *testing.T) (repo *gittest.Repo, pipe string) {
	t.Helper()
	pipe = filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	repo = gittest.New(t)
	repo.Commit("first", map[string]string{"env/slow/main.tf": fmt.Sprintf(`
resource "terraform_data" "this" {
  provisioner "local-exec" {
    command = "cat '%s'"
  }
}
`, pipe)})
	return repo, pipe
}

// watch applies a commit to one workspace while the apply of another does not end, and stops
// with that apply.
func TestWatchBesideALongApply(t *testing.T) {
	repo, pipe := newSlowRepo(t)
	a, out, logs := newTestApp(t, repo.Dir)
	ctx, stop := context.WithCancel(t.Context())
	out.stopAt("failed", stop)
	w := newWatcher(a, time.Millisecond, time.Millisecond, nil)
	watch := startProgram(func() error { w.run(ctx, t.Context(), ctx); return nil }, out, logs)
	held := waittest.OpenForReader(t, pipe, watch)
	defer held.Close()
	repo.Commit("second", map[string]string{"env/quick/main.tf": `output "x" { value = 1 }` + "\n"})
	out.waitFor("1 applied, 1 busy")
	stop()
	_ = watch.Wait()
	if w.deps != nil || len(w.passes) > 0 {
		t.Errorf("left: %v", w.passes)
	}
}

// The command itself: it answers probes, prints one object a pass, and exits
// 0 on SIGTERM.
func TestWatchCommand(t *testing.T) {
	repo := gittest.New(t)
	repo.Commit("first", map[string]string{"env/a/main.tf": `output "x" { value = 1 }` + "\n"})
	a, out, logs := newTestApp(t, repo.Dir)
	a.settings.Output = "json"
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	logs.stopAt("pass failed to run", stop)
	watch := startProgram(func() error {
		return runWatch(ctx, a, watchOptions{interval: time.Hour, health: "127.0.0.1:0"})
	}, out, logs)

	var line struct{ URL string }
	if err := json.Unmarshal([]byte(logs.waitFor("answering probes")), &line); err != nil {
		t.Fatal(err)
	}
	var result struct {
		Outcome, Trigger string
		Exit             int
	}
	if err := json.Unmarshal([]byte(out.waitFor("{")), &result); err != nil || result.Outcome != "applied" || result.Trigger != "schedule" {
		t.Errorf("%+v, %v", result, err)
	}
	answer, err := http.Get(line.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK || !strings.Contains(string(body), `"alive":true`) {
		t.Errorf("%s: %s (%v)", answer.Status, body, err)
	}
	signalSelf(t, syscall.SIGTERM)
	if err := watch.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	logs.waitFor("stopping")
}
