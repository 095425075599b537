package page

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"reconcile/cmd/reconcile/internal/page/browsertest"
	"reconcile/cmd/reconcile/internal/page/target"
)

// In a real browser no page logs an error, asks another host or breaks a rule of
// accessibility that matters: both languages, light and dark, wide and narrow. TestPagesInBrowser
// the command does the same with pages that passes made.
func TestBrowser(t *testing.T) {
	t.Parallel()
	b := browsertest.Open(t)
	server := httptest.NewServer(servePages(t))
	defer server.Close()
	for _, v := range []browsertest.View{
		{URL: "every/en/index.html", Width: 1200}, {URL: "every/ja/index.html", Width: 360, Dark: true}, {URL: "every/ja/index.html", Width: 1200},
		{URL: "every/en/w/web.html", Width: 1200, Dark: true}, {URL: "every/ja/w/web.html", Width: 360}, {URL: "every/en/" + runPath(testRun), Width: 1200}, {URL: "every/ja/" + runPath(testRun), Width: 360, Dark: true},
		{URL: "every/en/graph.html", Width: 1200}, {URL: "large/en/index.html", Width: 1200}, {URL: "large/ja/graph.html", Width: 360}, {URL: "empty/en/index.html", Width: 1200}, {URL: "empty/index.html", Width: 1200},
		{URL: "root/en.html", Width: 1200}, {URL: "root/ja.html", Width: 360, Dark: true}, {URL: "root/index.html", Width: 1200},
	} {
		v.URL = server.URL + "/" + v.URL
		b.Check(t, v)
	}
	t.Run("planted faults are found", func(t *testing.T) {
		for page, want := range map[string]string{"contrast": "color-contrast", "label": "image-alt", "inline": "Content Security Policy", "foreign": "Content Security Policy"} {
			problems := strings.Join(b.FindProblems(t, browsertest.View{URL: server.URL + "/fault/" + page + ".html", Width: 1200}), "\n")
			if !strings.Contains(problems, want) {
				t.Errorf("%s: %s", page, problems)
			}
			if browsertest.Evaluate[bool](t, b, `document.body.dataset.ran === "yes"`) {
				t.Errorf("%s: a script that stands in the page ran", page)
			}
		}
	})
	t.Run("times are the reader's", func(t *testing.T) {
		b.Show(t, browsertest.View{URL: server.URL + "/every/en/index.html", Width: 1200})
		for expression, want := range map[string]string{
			`document.querySelector(".verdict time").textContent`: "2026-11-29 12:00 GMT+9", `document.querySelector(".verdict time").title`: "2026-11-29 03:00 UTC",
			`document.querySelector("tbody time").textContent`: "11-29 12:00", `document.querySelector("[data-zone]").textContent`: "GMT+9",
		} {
			if got := browsertest.Evaluate[string](t, b, expression); got != want {
				t.Errorf("%s is %q, not %q", expression, got, want)
			}
		}
	})
	t.Run("a keyboard is enough", func(t *testing.T) {
		b.Show(t, browsertest.View{URL: server.URL + "/large/en/index.html", Width: 1200})
		b.Run(t, chromedp.Evaluate(`document.querySelector("thead button").focus()`, nil), chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Enter))
		if got := browsertest.Evaluate[string](t, b, `document.querySelector("thead th").getAttribute("aria-sort") + " " + document.querySelector("tbody th").textContent`); got != "descending region-19/service-999" {
			t.Errorf("after two presses of a column: %s", got)
		}
		b.Run(t, chromedp.Focus("input"), chromedp.KeyEvent("region-07 service-107"))
		if got := browsertest.Evaluate[int](t, b, `[...document.querySelectorAll("tbody tr")].filter(r => !r.hidden).length`); got != 1 {
			t.Errorf("the filter leaves %d rows", got)
		}
		b.Show(t, browsertest.View{URL: server.URL + "/every/en/index.html", Width: 1200})
		const interactive = `document.querySelectorAll("a[href], button, summary, input, [tabindex]")`
		browsertest.Evaluate[bool](t, b, `addEventListener("focusin", e => { if (getComputedStyle(e.target).outlineStyle !== "none" || e.target.className === "skip") e.target.dataset.reached = "yes" }), true`)
		for range browsertest.Evaluate[int](t, b, interactive+`.length`) {
			b.Run(t, chromedp.KeyEvent(kb.Tab))
		}
		if missed := browsertest.Evaluate[[]string](t, b, `[...`+interactive+`].filter(e => e.checkVisibility() && !e.closest("details:not([open]) > :not(summary)") && !e.dataset.reached).map(e => e.outerHTML.slice(0, 100))`); len(missed) > 0 {
			t.Errorf("the keyboard does not reach, or does not show: %q", missed)
		}
	})
}

// servePages serves models below their names, and pages with planted faults.
func servePages(t *testing.T) http.Handler {
	t.Helper()
	files := map[string]string{}
	for name, m := range map[string]*Model{"every": newEveryModel(), "large": newLargeModel(), "empty": newModel()} {
		for file, text := range renderAll(t, m) {
			files["/"+name+"/"+file] = text
		}
	}
	written := &serialTarget{memoryTarget: &memoryTarget{files: map[string][]byte{}}}
	for dir, m := range map[string]*Model{"production": newEveryModel(), "staging": newModel()} {
		if err := (&Writer{Target: written, Dir: dir}).Write(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range written.files {
		files["/root/"+name] = string(content)
	}
	for name, content := range map[string]string{
		"contrast": `<p class="planted">hard to read</p>`, "label": `<img src="icon.svg">`,
		"inline": `<script>document.body.dataset.ran = "yes"</script>`, "foreign": `<img alt="" src="https://evil.example/x.png">`,
	} {
		files["/fault/"+name+".html"] = strings.Replace(files["/empty/en/index.html"], "</main>", content+"</main>", 1)
	}
	for name, content := range renderAll(t, newModel()) {
		if strings.HasPrefix(name, target.AssetsDir) {
			files["/"+name] = content
			if strings.HasSuffix(name, ".css") {
				files["/"+name] += ".planted { color: #ccc; background: #ddd; }"
			}
			if strings.HasSuffix(name, ".svg") {
				files["/fault/icon.svg"] = content
			}
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", target.ContentType(r.URL.Path))
		_, _ = w.Write([]byte(text)) // a test that lacks it says so
	})
}
