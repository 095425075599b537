// Package browsertest looks at pages in a real browser, for tests.
package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"reconcile/internal/testtier"
)

// maxStep bounds the start of a browser and each step after it, and not what the test does
// between them.
const maxStep = 3 * time.Minute

// Browser is a window of Chromium. Its zone is Asia/Tokyo.
type Browser struct {
	ctx context.Context
	axe string

	mu       sync.Mutex
	problems []string
}

// View is how a page is looked at.
type View struct {
	URL   string
	Width int64 // of the window, in pixels
	Dark  bool
}

// Open starts a browser, until the end of the test.
func Open(t testing.TB) *Browser {
	t.Helper()
	axe, err := os.ReadFile(testtier.CacheFile(t, "axe-core", "axe-core", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	// The sandbox needs rights that a container seldom has; the pages are our own.
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(maxStep))...)
	t.Cleanup(cancel)
	b := &Browser{axe: string(axe)}
	// The library logs each event of a newer Chromium that it does not know.
	b.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	chromedp.ListenTarget(b.ctx, b.note)
	if err := chromedp.Run(b.ctx); err != nil { // the browser ends with the context of this
		t.Fatal(err)
	}
	b.Run(t, log.Enable(), runtime.Enable(), page.Enable(), emulation.SetTimezoneOverride("Asia/Tokyo"))
	return b
}

// Run runs actions.
func (b *Browser) Run(t testing.TB, actions ...chromedp.Action) {
	t.Helper()
	if err := b.try(actions...); err != nil {
		t.Fatal(err)
	}
}

func (b *Browser) try(actions ...chromedp.Action) error {
	ctx, cancel := context.WithTimeout(b.ctx, maxStep)
	defer cancel()
	return chromedp.Run(ctx, actions...)
}

// Show opens a page.
func (b *Browser) Show(t testing.TB, v View) {
	t.Helper()
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	if err := b.try(
		chromedp.EmulateViewport(v.Width, 900),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.Navigate(v.URL), chromedp.WaitReady("#main"),
	); err != nil {
		t.Fatalf("%s: %v", v.URL, err)
	}
}

// Check opens a page and reports what it must not do: log an error, ask another host, break a
// rule of accessibility that matters, or be wider than the window.
func (b *Browser) Check(t testing.TB, v View) {
	t.Helper()
	for _, problem := range b.FindProblems(t, v) {
		t.Errorf("%s, %d wide, dark %t: %s", v.URL, v.Width, v.Dark, problem)
	}
}

// FindProblems opens a page and returns what Check reports.
func (b *Browser) FindProblems(t testing.TB, v View) []string {
	t.Helper()
	b.take()
	b.Show(t, v)
	var found, foreign []string
	var isWide bool
	b.Run(t,
		chromedp.Evaluate(`performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith(location.origin + "/"))`, &foreign),
		chromedp.Evaluate(b.axe+";0", nil),
		chromedp.Evaluate(`axe.run().then(r => r.violations.filter(v => v.impact === "serious" || v.impact === "critical").map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + n.failureSummary).join("; ")))`, &found, awaitPromise),
		chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth`, &isWide),
	)
	problems := append(b.take(), found...)
	for _, url := range foreign {
		problems = append(problems, "it asks "+url)
	}
	if isWide {
		problems = append(problems, "it is wider than the window")
	}
	return problems
}

func awaitPromise(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// Evaluate evaluates an expression on the page that is shown.
func Evaluate[T any](t testing.TB, b *Browser, expression string) (value T) {
	t.Helper()
	if err := b.try(chromedp.Evaluate(expression, &value)); err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// note notes what a page must not do.
func (b *Browser) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		b.problems = append(b.problems, e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		text, _ := json.Marshal(e.Args)
		b.problems = append(b.problems, string(text))
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, e.ExceptionDetails.Error())
	case *page.EventJavascriptDialogOpening:
		b.problems = append(b.problems, fmt.Sprintf("a script of a text ran: %s", e.Message))
	}
}

// take returns the problems since the last call.
func (b *Browser) take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.problems
	b.problems = nil
	return list
}
