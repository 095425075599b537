package page

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"reconcile/cmd/reconcile/internal/page/target"
	"reconcile/reconciler/inspect"
	"reconcile/state"
	"reconcile/state/snapshot/s3test"
)

// The page at the top lists all records of a target, says which need a look, and is written
// again at times where a pass finds nothing to do.
func TestRoot(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	server.CreateBucket(t, "pages")
	for name, target := range map[string]target.Target{"directory": target.Dir(t.TempDir()), "bucket": target.NewBucket("pages/team", server.Config())} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			production, staging := newModel(inspect.StatusWorkspace{Name: "web", Outcome: state.Applied, At: testTime}), newModel(inspect.StatusWorkspace{Name: "web", Outcome: state.Failed, At: testTime})
			staging.Site.Environment = hostile
			for dir, m := range map[string]*Model{"production": production, "staging": staging} {
				if err := (&Writer{Target: target, Dir: dir}).Write(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			for file, text := range map[string]string{"no-record/index.json": "{}", "no-json/index.json": "<", "no-index/x": ""} {
				if err := target.Put(t.Context(), file, []byte(text)); err != nil {
					t.Fatal(err)
				}
			}
			w := &Writer{Target: target, Dir: "production"}
			late := testTime.Add(48 * time.Hour)
			if done, err := w.touch(t.Context(), production.HeadRev, late); err != nil || !done {
				t.Fatalf("%v, %v", done, err)
			}
			for page, wants := range map[string][]string{
				"en.html":    {"To look at: 1 of 2", `href="./production/en/index.html"`, "In sync: what runs is what Git says", "In sync, with 1 waiting for a person", `class="c-held"><time datetime="2026-11-29T03:00Z"`, `datetime="2026-12-01T03:00Z"`},
				"ja.html":    {"2 件のうち 1 件に確認が必要です", `href="./staging/ja/index.html"`},
				"index.html": {`href="en.html"`, `data-choose=".html"`},
			} {
				text, err := target.Get(t.Context(), page)
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range wants {
					if !strings.Contains(string(text), want) {
						t.Errorf("%s lacks %q: %s", page, want, text)
					}
				}
				if strings.Contains(string(text), "<script>fetch") || strings.Contains(string(text), "./no-") {
					t.Errorf("%s: %s", page, text)
				}
			}
			checkRootAt := func(want time.Time) {
				var had manifest
				text, err := target.Get(t.Context(), w.name(manifestFile))
				if err != nil || json.Unmarshal(text, &had) != nil || !had.RootAt.Equal(want) {
					t.Errorf("%s, %v; want %s", text, err, want)
				}
			}
			checkRootAt(late)
			early := testTime.Add(time.Hour) // the clock was ahead, and is right again
			if done, err := w.touch(t.Context(), production.HeadRev, early); err != nil || !done {
				t.Fatalf("%v, %v", done, err)
			}
			checkRootAt(early)
		})
	}
}
