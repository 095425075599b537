package page

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"reconcile/internal/testtier"
)

// browserTime bounds the whole test.
const browserTime = 3 * time.Minute

// In a real browser no page logs an error, asks another host or breaks a rule of
// accessibility that matters: both languages, light and dark, wide and narrow.
func TestBrowser(t *testing.T) {
	axe, err := os.ReadFile(testtier.CacheFile(t, "axe-core", "axe-core", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(servePages(t))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), browserTime)
	defer cancel()
	// The sandbox needs rights that a container seldom has; the pages are our own.
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	b := &browser{}
	chromedp.ListenTarget(ctx, b.note)
	if err := chromedp.Run(ctx, log.Enable(), runtime.Enable(), cdppage.Enable()); err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct {
		path  string
		width int64
		dark  bool
	}{
		{"every/en/index.html", 1200, false}, {"every/ja/index.html", 360, true}, {"every/ja/index.html", 1200, false},
		{"every/en/w/web.html", 1200, true}, {"every/ja/w/web.html", 360, false}, {"every/en/" + RunPath(testRun), 1200, false}, {"every/ja/" + RunPath(testRun), 360, true},
		{"every/en/graph.html", 1200, false}, {"large/en/index.html", 1200, false}, {"large/ja/graph.html", 360, false}, {"empty/en/index.html", 1200, false}, {"empty/index.html", 1200, false},
	} {
		scheme := "light"
		if at.dark {
			scheme = "dark"
		}
		var found string
		var wide bool
		var foreign []string
		err := chromedp.Run(ctx,
			chromedp.EmulateViewport(at.width, 900),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
			chromedp.Navigate(server.URL+"/"+at.path), chromedp.WaitReady("#main"),
			chromedp.Evaluate(`performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith(location.origin + "/"))`, &foreign),
			chromedp.Evaluate(string(axe)+";0", nil),
			chromedp.Evaluate(`axe.run().then(r => JSON.stringify(r.violations.filter(v => v.impact === "serious" || v.impact === "critical").map(v => [v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + n.failureSummary)])))`, &found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
			chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth`, &wide),
		)
		if err != nil {
			t.Fatalf("%s: %v", at.path, err)
		}
		if found != "[]" {
			t.Errorf("%s, %s, %d wide: %s", at.path, scheme, at.width, found)
		}
		if len(foreign) > 0 {
			t.Errorf("%s asks %q", at.path, foreign)
		}
		if wide {
			t.Errorf("%s is wider than %d", at.path, at.width)
		}
		for _, problem := range b.take() {
			t.Errorf("%s: %s", at.path, problem)
		}
	}
}

// servePages serves models below their names.
func servePages(t *testing.T) http.Handler {
	t.Helper()
	files := map[string]string{}
	for name, m := range map[string]*Model{"every": newEveryModel(), "large": newLargeModel(), "empty": newModel()} {
		for file, text := range renderAll(t, m) {
			files["/"+name+"/"+file] = text
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", contentType(r.URL.Path))
		_, _ = w.Write([]byte(text)) // a test that lacks it says so
	})
}

// browser notes what a page must not do.
type browser struct {
	mu       sync.Mutex
	problems []string
}

func (b *browser) note(event any) {
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
	case *cdppage.EventJavascriptDialogOpening:
		b.problems = append(b.problems, "a script of a text ran: "+e.Message)
	}
}

// take returns the problems since the last call.
func (b *browser) take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.problems
	b.problems = nil
	return list
}
