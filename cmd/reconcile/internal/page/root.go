package page

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/sync/errgroup"

	"reconcile/cmd/reconcile/internal/page/target"
	"reconcile/reconciler/notify/catalog"
)

// The page at the top of a target lists its records. It is written after a pass that did
// something, and else each rootPeriod: others may have written theirs meanwhile.
const (
	rootPeriod = 10 * time.Minute
	maxRecords = 500
	// maxUnchecked is how long ago the last check of a record may be before that is said.
	maxUnchecked = 24 * time.Hour
)

// rootView is what the page at the top shows.
type rootView struct {
	at      time.Time
	records []rootRecord
}

type rootRecord struct {
	dir     string
	summary Summary
	checked time.Time
}

// title returns what a record is called: its environment, else its name.
func (r rootRecord) title() string { return line(cmp.Or(r.summary.Environment, r.summary.Record)) }

// needsAttention reports whether a person should look at a record.
func (r rootRecord) needsAttention() bool {
	return r.summary.Verdict != "sync" && r.summary.Verdict != "working"
}

func (v rootView) countAttention() int {
	return len(slices.DeleteFunc(slices.Clone(v.records), func(r rootRecord) bool { return !r.needsAttention() }))
}

// isLate reports whether the last check of a record is long ago.
func (v rootView) isLate(r rootRecord) bool { return v.at.Sub(r.checked) > maxUnchecked }

// link returns the way from the top to the overview of a record.
func (r rootRecord) link(language string) templ.SafeURL {
	return templ.SafeURL("./" + url.PathEscape(r.dir) + "/" + language + "/" + overviewFile)
}

// rootPath returns where the page at the top is in a language.
func rootPath(language string) string { return language + ".html" }

// writeRoot writes the page at the top from what each record says of itself.
func (w *Writer) writeRoot(ctx context.Context, at time.Time) error {
	records, err := w.readRecords(ctx)
	if err != nil {
		return err
	}
	names, contents := assetFiles()
	for _, name := range []string{names.style, names.script, names.icon} {
		if err := w.putChanged(ctx, name, contents[name]); err != nil {
			return err
		}
	}
	for _, language := range catalog.Languages() {
		t, err := loadText(language)
		if err != nil {
			return err
		}
		content, err := render(ctx, rootPage(document{text: t, title: "reconcile", path: rootPath(language), assets: names}, rootView{at, records}))
		if err == nil {
			err = w.putChanged(ctx, rootPath(language), content)
		}
		if err != nil {
			return err
		}
	}
	content, err := render(ctx, chooserPage("reconcile", names, ".html"))
	if err != nil {
		return err
	}
	return w.putChanged(ctx, overviewFile, content)
}

// putChanged writes a file at the top of the target, if it is not there already.
func (w *Writer) putChanged(ctx context.Context, name string, content []byte) error {
	had, err := w.Target.Get(ctx, name)
	if err == nil && bytes.Equal(had, content) || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return w.Target.Put(ctx, name, content)
}

// readRecords reads what the records of the target say of themselves. A directory that says
// nothing is none of a record.
func (w *Writer) readRecords(ctx context.Context) ([]rootRecord, error) {
	dirs, err := w.Target.Dirs(ctx)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var records []rootRecord
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxWrites)
	dirs = slices.DeleteFunc(dirs, func(dir string) bool { return dir+"/" == target.AssetsDir })
	for _, dir := range dirs[:min(len(dirs), maxRecords)] {
		group.Go(func() error {
			text, err := w.Target.Get(ctx, dir+"/"+indexFile)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			r := rootRecord{dir: dir}
			if json.Unmarshal(text, &r.summary) != nil || r.summary.Record == "" {
				return nil
			}
			r.checked, _ = time.Parse(time.RFC3339, r.summary.CheckedAt) // the zero time is long ago
			mu.Lock()
			defer mu.Unlock()
			records = append(records, r)
			return nil
		})
	}
	err = group.Wait()
	slices.SortFunc(records, func(a, b rootRecord) int { return cmp.Or(cmp.Compare(a.title(), b.title()), cmp.Compare(a.dir, b.dir)) })
	return records, err
}
