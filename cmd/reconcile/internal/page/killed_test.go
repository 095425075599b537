package page

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reconcile/cmd/reconcile/internal/page/target"
	"reconcile/reconciler/inspect"
	"reconcile/state"
)

// failingTarget is a target whose writer dies after some writes: from then on nothing reaches it.
type failingTarget struct {
	*serialTarget
	left atomic.Int64
}

var errKilled = errors.New("killed")

func (t *failingTarget) Put(ctx context.Context, name string, content []byte) error {
	if t.left.Add(-1) < 0 {
		return errKilled
	}
	return t.serialTarget.Put(ctx, name, content)
}

func (t *failingTarget) Delete(ctx context.Context, name string) error {
	if t.left.Add(-1) < 0 {
		return errKilled
	}
	return t.serialTarget.Delete(ctx, name)
}

// links finds what a page links or loads.
var links = regexp.MustCompile(`(?:href|src)="([^"#]+)"`)

// checkLinks follows all links from the pages at the top: each leads to a whole page.
func checkLinks(t *testing.T, files map[string][]byte) {
	t.Helper()
	seen := map[string]bool{}
	next := slices.DeleteFunc([]string{"index.html", "record/index.html"}, func(name string) bool { return files[name] == nil })
	for len(next) > 0 {
		name := next[0]
		if next = next[1:]; seen[name] {
			continue
		}
		seen[name] = true
		text, ok := files[name]
		if !ok || path.Ext(name) == ".html" && !strings.HasSuffix(string(text), "</html>") {
			t.Errorf("%s is linked, and not there or not whole", name)
		}
		if path.Ext(name) != ".html" {
			continue
		}
		for _, link := range links.FindAllStringSubmatch(string(text), -1) {
			if to := path.Join(path.Dir(name), link[1]); !strings.Contains(link[1], "://") {
				next = append(next, to)
			}
		}
	}
}

// At whichever write a writer is killed, a reader finds no link that leads nowhere. The next
// writer makes of it what one makes that nobody has killed, also if what the record says is
// again what it said before.
func TestKilledWriter(t *testing.T) {
	t.Parallel()
	before := func() *Model {
		return newModel(inspect.StatusWorkspace{Name: "a", Outcome: state.Applied}, inspect.StatusWorkspace{Name: "gone", Outcome: state.Applied})
	}
	after := func() *Model {
		m := newModel(
			inspect.StatusWorkspace{Name: "a", Outcome: state.Applied, Hold: &inspect.StatusHold{Kind: state.Suspended, Reason: "a drill"}},
			inspect.StatusWorkspace{Name: "b", Outcome: state.Applied, DependsOn: []string{"a"}})
		m.HeadRev++
		m.Runs = []state.Run{{ID: testRun, Workspaces: []state.RunWorkspace{{Name: "a", Outcome: state.Applied}, {Name: "b", Outcome: state.Applied}}}}
		return m
	}
	write := func(target target.Target, m *Model) error {
		return (&Writer{Target: target, Dir: "record"}).Write(t.Context(), m)
	}
	whole := map[*Model]map[string][]byte{}
	old, new := before(), after()
	for _, m := range []*Model{old, new} {
		target := &memoryTarget{files: map[string][]byte{}}
		if err := write(&serialTarget{memoryTarget: target}, m); err != nil {
			t.Fatal(err)
		}
		whole[m] = target.files
	}
	for _, from := range []*Model{nil, old} {
		for writes := range 200 {
			files := map[string][]byte{}
			if from != nil {
				files = maps.Clone(whole[from])
			}
			target := &serialTarget{memoryTarget: &memoryTarget{files: files}}
			dying := &failingTarget{serialTarget: target}
			dying.left.Store(int64(writes))
			err := write(dying, after())
			if err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			checkLinks(t, files)
			for _, then := range []*Model{old, new} {
				files := maps.Clone(files)
				if err := write(&serialTarget{memoryTarget: &memoryTarget{files: files}}, then); err != nil {
					t.Fatal(err)
				}
				checkLinks(t, files)
				if wrong := differ(files, whole[then]); wrong != "" {
					t.Fatalf("killed at write %d: %s", writes, wrong)
				}
			}
			if t.Failed() {
				t.Fatalf("killed at write %d", writes)
			}
			if err == nil {
				break
			}
		}
	}
}

// differ says which page is not as it should be; "" for none.
func differ(files, want map[string][]byte) string {
	for name, text := range want {
		if name != "record/manifest.json" && string(files[name]) != string(text) {
			return fmt.Sprintf("%s is %q, not %q", name, files[name], text)
		}
	}
	return ""
}

// When two writers write at once, what both wrote is written again: an older page may have
// replaced a newer one.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	old, new := newModel(inspect.StatusWorkspace{Name: "a", Outcome: state.Failed}), newModel(inspect.StatusWorkspace{Name: "a", Outcome: state.Applied})
	new.HeadRev++
	target := &serialTarget{memoryTarget: &memoryTarget{files: map[string][]byte{}}}
	writer := &Writer{Target: target, Dir: "record"}
	if err := writer.Write(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	// The old one's pages come after all of the new one's, and its manifest last.
	slow := &hookTarget{serialTarget: target, at: "record/en/w/a.html", do: func() {
		if err := writer.Write(t.Context(), new); err != nil {
			t.Error(err)
		}
	}}
	changed := newModel(inspect.StatusWorkspace{Name: "a", Outcome: state.Blocked})
	if err := (&Writer{Target: slow, Dir: "record"}).Write(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if done, err := writer.touch(t.Context(), new.HeadRev, testTime.Add(time.Minute)); err != nil || done {
		t.Errorf("%v, %v: the pages were taken for current", done, err)
	}
	if err := writer.Write(t.Context(), new); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"record/en/w/a.html", "record/ja/w/a.html", "record/en/index.html"} {
		if text := string(target.files[name]); strings.Contains(text, "o-blocked") {
			t.Errorf("%s shows what was before: %s", name, text)
		}
	}
}

// hookTarget runs something before a file is written for the first time.
type hookTarget struct {
	*serialTarget
	at   string
	once sync.Once
	do   func()
}

func (t *hookTarget) Put(ctx context.Context, name string, content []byte) error {
	if name == t.at {
		t.once.Do(t.do)
	}
	return t.serialTarget.Put(ctx, name, content)
}
