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

	"reconcile/cmd/reconcile/internal/page/target"
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
	Target target.Target
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

// Write writes what has changed.
func (w *Writer) Write(ctx context.Context, m *Model) error { return w.write(ctx, m, allFiles) }

// WriteLive writes only what shows the run that works now, if the rest is there.
func (w *Writer) WriteLive(ctx context.Context, m *Model) error { return w.write(ctx, m, liveFiles) }

// write writes what is linked before what links it. Before it begins, the manifest says what may
// differ from it: a writer can be killed, and another can write at the same time.
func (w *Writer) write(ctx context.Context, m *Model, scope fileScope) error {
	had, err := w.readManifest(ctx)
	if err != nil {
		return err
	}
	if !m.isComplete(had.Keys) {
		scope = allFiles
	}
	list, err := m.files(scope)
	if err != nil {
		return err
	}
	changes := findChanges(list, had.Keys)
	begun := manifest{RootAt: had.RootAt, Keys: maps.Clone(had.Keys)}
	for _, c := range changes {
		if c.key != "" {
			begun.Keys[c.file.name] = ""
		}
	}
	var others []string
	if scope == allFiles {
		others = findOthers(list, had.Keys)
	}
	for _, name := range others {
		begun.Keys[name] = ""
	}
	if !begun.equals(had) {
		if err := w.putManifest(ctx, begun); err != nil {
			return err
		}
	}
	has := manifest{RootAt: had.RootAt, Keys: maps.Clone(begun.Keys)}
	err = w.writeChanges(ctx, changes, has.Keys)
	if err == nil && scope == allFiles {
		has.RootAt = m.At
		err = errors.Join(w.deleteAll(ctx, others, has.Keys), w.writeRoot(ctx, m.At))
	}
	if err == nil && m.Active == nil && len(m.Rollouts) == 0 { // their alarms change by themselves
		has.HeadRev, has.Until = m.HeadRev, m.endsAt()
	}
	if has.equals(begun) {
		return err
	}
	return errors.Join(err, w.finish(ctx, begun, has))
}

// finish writes the manifest after a write. If another writer has begun meanwhile, nobody
// knows whose files are there: they are written again.
func (w *Writer) finish(ctx context.Context, begun, has manifest) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	now, err := w.readManifest(ctx)
	if err != nil {
		return err
	}
	if !now.equals(begun) {
		for name, key := range has.Keys {
			if begun.Keys[name] != key {
				now.Keys[name] = ""
			}
		}
		now.HeadRev = 0
		has = now
	}
	return w.putManifest(ctx, has)
}

func (m manifest) equals(other manifest) bool {
	return m.HeadRev == other.HeadRev && m.Until.Equal(other.Until) && m.RootAt.Equal(other.RootAt) && maps.Equal(m.Keys, other.Keys)
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
	for _, plan := range m.Offered {
		if plan.PullRequest != 0 {
			note(plan.OfferedAt.Add(maxPreviewAge))
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
		paths = append(paths, runPath(r.ID))
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

// change is a file that is to be written.
type change struct {
	file  file
	key   string
	isNew bool // nothing links it yet
}

// findChanges returns the files of a list that differ from what is there, in the order in
// which they are to be written. New ones go before others of their stage, which link them.
func findChanges(list []file, keys map[string]string) (changes []change) {
	for _, f := range list {
		if key := f.key(); key == "" || keys[f.name] != key {
			changes = append(changes, change{f, key, key != "" && keys[f.name] == ""})
		}
	}
	slices.SortFunc(changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.file.name, b.file.name))
	})
	return changes
}

func (c change) rank() int {
	if c.isNew {
		return 2 * c.file.stage
	}
	return 2*c.file.stage + 1
}

// writeChanges writes files, and adds their keys.
func (w *Writer) writeChanges(ctx context.Context, changes []change, keys map[string]string) error {
	for len(changes) > 0 {
		end := slices.IndexFunc(changes, func(c change) bool { return c.rank() != changes[0].rank() })
		if end < 0 {
			end = len(changes)
		}
		if err := w.writeTogether(ctx, changes[:end], keys); err != nil {
			return err
		}
		changes = changes[end:]
	}
	return nil
}

func (w *Writer) writeTogether(ctx context.Context, changes []change, keys map[string]string) error {
	var group errgroup.Group
	group.SetLimit(maxWrites)
	var mu sync.Mutex
	for _, c := range changes {
		group.Go(func() error {
			content, err := c.file.render(ctx)
			if err == nil {
				err = w.Target.Put(ctx, w.name(c.file.name), content)
			}
			if err == nil && c.key != "" {
				mu.Lock()
				defer mu.Unlock()
				keys[c.file.name] = c.key
			}
			return err
		})
	}
	return group.Wait()
}

// findOthers returns the files that no page links any more. Assets stay: a reader may still
// have a page that needs them.
func findOthers(list []file, keys map[string]string) []string {
	keep := map[string]bool{}
	for _, f := range list {
		keep[f.name] = true
	}
	names := slices.Sorted(maps.Keys(keys))
	return slices.DeleteFunc(names, func(name string) bool { return keep[name] || target.CacheControl(name) != target.CacheControl("") })
}

func (w *Writer) deleteAll(ctx context.Context, names []string, keys map[string]string) error {
	for _, name := range names {
		if err := w.Target.Delete(ctx, w.name(name)); err != nil {
			return err
		}
		delete(keys, name)
	}
	return nil
}

// touch changes only the time of the last check, if the pages show the head with this
// revision. It reports whether they do.
func (w *Writer) touch(ctx context.Context, headRev int64, checked time.Time) (bool, error) {
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
	if err != nil || !done {
		return done, err
	}
	now, err := w.readManifest(ctx)
	if err != nil || !now.equals(had) {
		return false, err // another writer wrote meanwhile, and old pages may have replaced its own
	}
	if age := checked.Sub(had.RootAt); age >= 0 && age < rootPeriod { // below 0: the clock was ahead
		return true, nil
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
