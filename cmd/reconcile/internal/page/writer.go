package page

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"reconcile/reconciler/notify/catalog"
)

// manifestFile says what is at the target, so that only what changed is written.
const manifestFile = "manifest.json"

// manifest is the content of manifestFile.
type manifest struct {
	// HeadRev is of the record's head that the pages show. While it is the same and a pass
	// has done nothing, only the time of the last check differs.
	HeadRev int64             `json:"head_rev"`
	Until   time.Time         `json:"until,omitzero"`   // when what they show is over by itself
	RootAt  time.Time         `json:"root_at,omitzero"` // when this record wrote the page at the top
	Keys    map[string]string `json:"keys"`             // of the files, by name
}

// maxWrites is how many files are written at once.
const maxWrites = 16

// Writer writes the pages of one record below a directory of a target.
type Writer struct {
	Target Target
	Dir    string // of the record, below the target
}

func (w *Writer) name(file string) string { return w.Dir + "/" + file }

func (w *Writer) readManifest(ctx context.Context) (manifest, error) {
	m := manifest{Keys: map[string]string{}}
	text, err := w.Target.Get(ctx, w.name(manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	if json.Unmarshal(text, &m) != nil || m.Keys == nil {
		return manifest{Keys: map[string]string{}}, nil // what it would say is written again
	}
	return m, nil
}

// Write writes what has changed, what is linked before what links it. live: only what shows
// the run that works now.
func (w *Writer) Write(ctx context.Context, m *Model, live bool) error {
	had, err := w.readManifest(ctx)
	if err != nil {
		return err
	}
	live = live && m.isComplete(had.Keys)
	list, err := m.files(live)
	if err != nil {
		return err
	}
	has := manifest{HeadRev: m.HeadRev, Until: m.endsAt(), RootAt: had.RootAt, Keys: maps.Clone(had.Keys)}
	err = w.writeStages(ctx, list, has.Keys)
	if err == nil && !live {
		err = w.deleteOthers(ctx, list, has.Keys)
		has.RootAt = m.At
		err = errors.Join(err, w.writeRoot(ctx, m.At))
	}
	if err != nil || m.Working != nil {
		has.HeadRev = 0 // nothing may be taken for up to date
	}
	if has.HeadRev == had.HeadRev && has.Until.Equal(had.Until) && has.RootAt.Equal(had.RootAt) && maps.Equal(has.Keys, had.Keys) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	return errors.Join(err, w.putManifest(ctx, has))
}

func (w *Writer) putManifest(ctx context.Context, m manifest) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return w.Target.Put(ctx, w.name(manifestFile), text)
}

// endsAt returns when something that the pages show ends by itself; zero for never.
func (m *Model) endsAt() (first time.Time) {
	note := func(at time.Time) {
		if at.After(m.At) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	for _, w := range m.Status.Workspaces {
		for _, a := range w.Approvals {
			note(a.EndsAt)
		}
	}
	for _, plan := range m.Told {
		if plan.PullRequest != 0 {
			note(plan.ToldAt.Add(maxPreviewAge))
		}
	}
	return first
}

// isComplete reports whether all that the overview links was written once.
func (m *Model) isComplete(keys map[string]string) bool {
	paths := []string{graphFile}
	for _, w := range m.Status.Workspaces {
		paths = append(paths, WorkspacePath(w.Name))
	}
	for _, r := range m.Runs {
		paths = append(paths, RunPath(r.ID))
	}
	for _, language := range catalog.Languages() {
		for _, path := range paths {
			if keys[language+"/"+path] == "" {
				return false
			}
		}
	}
	return true
}

// writeStages writes the files that keys does not have, and adds them to it.
func (w *Writer) writeStages(ctx context.Context, list []file, keys map[string]string) error {
	slices.SortFunc(list, func(a, b file) int { return cmp.Or(cmp.Compare(a.stage, b.stage), cmp.Compare(a.name, b.name)) })
	for stage := range stages {
		var group errgroup.Group
		group.SetLimit(maxWrites)
		written := map[string]string{}
		var mu sync.Mutex
		for _, f := range list {
			if f.stage != stage {
				continue
			}
			key := f.key()
			if key != "" && keys[f.name] == key {
				continue
			}
			group.Go(func() error {
				content, err := f.render(ctx)
				if err == nil {
					err = w.Target.Put(ctx, w.name(f.name), content)
				}
				if err == nil && key != "" {
					mu.Lock()
					defer mu.Unlock()
					written[f.name] = key
				}
				return err
			})
		}
		err := group.Wait()
		maps.Copy(keys, written)
		if err != nil {
			return err
		}
	}
	return nil
}

// deleteOthers deletes the files that no page links any more. Assets stay: a reader may
// still have a page that needs them.
func (w *Writer) deleteOthers(ctx context.Context, list []file, keys map[string]string) error {
	keep := map[string]bool{}
	for _, f := range list {
		keep[f.name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		if keep[name] || cacheControl(name) != cacheControl("") {
			continue
		}
		if err := w.Target.Delete(ctx, w.name(name)); err != nil {
			return err
		}
		delete(keys, name)
	}
	return nil
}

// Touch changes only the time of the last check, if the pages show the head with this
// revision. It reports whether they do.
func (w *Writer) Touch(ctx context.Context, headRev int64, checked time.Time) (bool, error) {
	had, err := w.readManifest(ctx)
	if err != nil || had.HeadRev != headRev || headRev == 0 || !had.Until.IsZero() && checked.After(had.Until) {
		return false, err
	}
	stamped, err := render(ctx, at(checked))
	if err != nil {
		return false, err
	}
	for _, language := range catalog.Languages() {
		if done, err := w.replace(ctx, language+"/"+overviewFile, func(text []byte) ([]byte, bool) {
			before, rest, begins := bytes.Cut(text, []byte(checkedBegin))
			_, after, ends := bytes.Cut(rest, []byte(checkedEnd))
			return slices.Concat(before, []byte(checkedBegin), stamped, []byte(checkedEnd), after), begins && ends
		}); err != nil || !done {
			return false, err
		}
	}
	done, err := w.replace(ctx, indexFile, func(text []byte) ([]byte, bool) {
		var summary Summary
		if json.Unmarshal(text, &summary) != nil {
			return nil, false
		}
		summary.CheckedAt = checked.UTC().Format(time.RFC3339)
		text, err := json.MarshalIndent(summary, "", "  ")
		return text, err == nil
	})
	if err != nil || !done || checked.Sub(had.RootAt) < rootPeriod {
		return done, err
	}
	had.RootAt = checked
	return true, errors.Join(w.writeRoot(ctx, checked), w.putManifest(ctx, had))
}

// replace changes a file. It reports whether the file was there and could be changed.
func (w *Writer) replace(ctx context.Context, file string, change func([]byte) ([]byte, bool)) (bool, error) {
	text, err := w.Target.Get(ctx, w.name(file))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	text, ok := change(text)
	if !ok {
		return false, nil
	}
	return true, w.Target.Put(ctx, w.name(file), text)
}
