package page

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/plandigest"
	"reconcile/internal/runid"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/run"
	"reconcile/state"
	"reconcile/state/snapshot"
	"reconcile/state/statetest"
)

// logs holds the logs of a test, by workspace.
type logs map[string]string

func (l logs) Log(_ context.Context, _ runid.ID, workspace string) (io.ReadCloser, error) {
	text, ok := l[workspace]
	if !ok {
		return nil, snapshot.ErrNotFound
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

// hostile stands for every text from outside.
const hostile = `</code></script><script>fetch("https://evil.example/")</script><img src=x onerror=alert(1)>"'&` + "\u202e\x1b[31m"

var (
	testTime   = time.Date(2026, 11, 29, 3, 0, 0, 0, time.UTC)
	testDigest = plandigest.New("k1", strings.Repeat("3f9c2a1b77d04e15", 4))
	testCommit = commitid.ID(strings.Repeat("a1", 20))
)

const testRun = runid.ID("01JD000000000000000000000A")

// newModel returns a model with the workspaces of a status.
func newModel(workspaces ...inspect.StatusWorkspace) *Model {
	drifted, changes := inspect.DriftFound, state.Changes{Change: 1}
	m := &Model{
		Site: &Site{
			Record: state.New(statetest.NewMemory(), "example.backlog.com/INFRA/estate@main", state.Options{}), Logs: logs{"web": "# terraform init\nInitializing the backend...\n\n# terraform plan\n  + resource \"x\" {\n  - old\n  ~ new\n-/+ both\nError: none\n" + hostile},
			Repo: "https://example.backlog.com/git/INFRA/estate.git", Branch: "main", Environment: "production", CanComment: true,
		},
		At: testTime, HeadRev: 7,
		Status:    &inspect.Status{Head: inspect.StatusHead{Commit: testCommit, Settled: true, Run: testRun}, Workspaces: workspaces},
		OfferedOn: map[string][]state.OfferComment{},
	}
	for i, w := range m.Status.Workspaces {
		if w.Outcome == state.Drifted {
			w.Outcome, w.Drift, w.DriftAt, w.DriftChanges = state.Applied, &drifted, &testTime, &changes
			m.Status.Workspaces[i] = w
		}
	}
	return m
}

// newEveryModel returns a model with all that a page can show, from hostile texts.
func newEveryModel() *Model {
	m := newModel(
		inspect.StatusWorkspace{Name: "web", Outcome: state.Blocked, Digest: testDigest, At: testTime, DependsOn: []string{"common"}, Changes: state.Changes{Destroy: 1, Replace: 2, Add: 3}, Trace: state.Trace{"env/web": "040000:9c4f", "//settings": hostile}, Error: hostile},
		inspect.StatusWorkspace{Name: "common", Outcome: state.Failed, Error: hostile + strings.Repeat("\nline", 30), At: testTime},
		inspect.StatusWorkspace{Name: "edge", Outcome: state.Drifted, At: testTime},
		inspect.StatusWorkspace{Name: "stopped", Outcome: state.Applied, Hold: &inspect.StatusHold{Kind: state.Suspended, PlacedBy: hostile, Reason: hostile, PlacedAt: testTime}, Approvals: []state.ApprovalFact{{ApprovedBy: hostile, ApprovedAt: testTime, EndsAt: testTime}}},
		inspect.StatusWorkspace{Name: "broken", Outcome: state.Failed, Hold: &inspect.StatusHold{Kind: state.Recovery, Reason: hostile, Help: hostile, PlacedAt: testTime}, Attempt: &inspect.StatusRun{Run: testRun}},
		inspect.StatusWorkspace{Name: hostile, Outcome: state.Applied, Commit: testCommit, At: testTime, DependsOn: []string{"web", "unknown"}},
		inspect.StatusWorkspace{Name: "gone", Removed: true, OrphanedState: hostile},
		inspect.StatusWorkspace{Name: "planned", Outcome: state.Blocked, Error: "its resources still exist, and no workspace owns their state: x.tfstate"},
	)
	stopped := inspect.RolloutStatus{
		Workspace: "rolls", Active: true, Phase: state.RolloutStopped, Number: 10, Next: 50, Steps: []int{10, 50, 100}, Since: testTime, Reason: hostile, By: hostile,
		Shares: map[string]map[string]float64{hostile: {hostile: 12.5}}, Alarms: []run.AlarmReading{{ARN: hostile, State: run.AlarmOn}, {ARN: "errors", State: run.AlarmOK}},
		Verdicts: []state.RolloutVerdict{{At: testTime, Number: 10, Text: hostile, By: hostile}}, Order: &inspect.RolloutOrderStatus{Kind: state.RolloutAbort, By: hostile},
	}
	soaking := stopped
	soaking.Workspace, soaking.Phase, soaking.SoakEnds = "soaks", state.RolloutSoaking, &testTime
	m.Rollouts = map[string]inspect.RolloutStatus{"rolls": stopped, "soaks": soaking}
	m.Status.Workspaces = append(m.Status.Workspaces, inspect.StatusWorkspace{Name: "rolls", Outcome: state.Blocked, Rollout: &stopped}, inspect.StatusWorkspace{Name: "soaks", Outcome: state.Rolling, Rollout: &soaking})
	m.Runs = []state.Run{{
		ID: testRun, ToCommit: testCommit, Subject: "Merge pull request #12 " + hostile, Outcome: "failed", Trigger: "manual", StartedAt: testTime, EndedAt: testTime.Add(75 * time.Minute), Error: hostile,
		Workspaces: []state.RunWorkspace{
			{Name: "web", Outcome: state.Blocked, Changes: state.Changes{Destroy: 1}, Risk: "loss", StaleReasons: []string{hostile}, Error: hostile,
				Risks:  []state.ChangeRisk{{Address: hostile, Risk: "loss", Why: map[string]string{"en": hostile, "ja": hostile}}},
				Phases: []state.PhaseTime{{Phase: "plan", EndMS: 900}, {Phase: hostile, StartMS: 900, EndMS: 4000}}},
			{Name: hostile, Outcome: state.Applied, Approval: &state.ApprovalFact{ApprovedBy: hostile, Reason: hostile}},
		},
	}}
	m.Offered = []state.OfferedPlan{
		{Workspace: "web", Digest: testDigest, Risk: "loss", Why: hostile, Run: testRun, OfferedAt: testTime},
		{Workspace: hostile, Digest: testDigest, Risk: "replace", Why: hostile, PullRequest: 14, OfferedAt: testTime, Difference: plandigest.Difference{Changes: []plandigest.Change{{Address: "a.b", Action: "delete, create"}}}},
	}
	m.OfferedOn["web"] = []state.OfferComment{{PullRequest: 12, ID: 99, Digest: testDigest}}
	m.Active = &ActiveRun{Run: testRun, Since: testTime, Workspaces: []ActiveWorkspace{{Name: hostile, Phase: "plan"}, {Name: "web", Outcome: state.Applied}}}
	return m
}

// renderAll returns the content of all files by name.
func renderAll(t testing.TB, m *Model) map[string]string {
	t.Helper()
	list, err := m.files(allFiles)
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string]string{}
	for _, f := range list {
		text, err := f.render(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		contents[f.name] = string(text)
	}
	return contents
}

// Texts from outside are texts on every page, and no page lacks a word of the catalogue.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	for name, text := range renderAll(t, newEveryModel()) {
		for _, wrong := range []string{"<script>fetch", "<img", "onerror=alert(1)>\"", "\u202e", "\x1b", ">page.", "%!"} {
			if strings.HasSuffix(name, ".html") && strings.Contains(text, wrong) {
				t.Errorf("%s has %q", name, wrong)
			}
		}
		if strings.ContainsAny(name, "<>\"' \x1b") || strings.Contains(name, "..") {
			t.Errorf("a file is called %q", name)
		}
	}
}

// The overview says first what waits for whom, and how to approve it.
func TestNeeds(t *testing.T) {
	t.Parallel()
	m := newEveryModel()
	var kinds []string
	for _, n := range m.index().needs {
		kinds = append(kinds, n.kind)
	}
	if want := []string{"held", "failed", "rollout", "approval", "blocked", "drifted", "merge"}; !slices.Equal(kinds, want) {
		t.Errorf("%q, want %q", kinds, want)
	}
	pages := renderAll(t, m)
	for page, wants := range map[string][]string{
		"en/index.html":                     {"6 waiting for a person", "/approve web 3f9c2a1b77d04e15", "reconcile approve web 3f9c2a1b77d04e15", "https://example.backlog.com/git/INFRA/estate/pullRequests/12#comment-99", "1 deleted, 2 replaced, 3 added", "reconcile now --replan edge", `href="w/web.html"`},
		"ja/index.html":                     {"対応が必要なもの 6 件", "/approve web 3f9c2a1b77d04e15", "削除 1 件、再作成 2 件、追加 3 件"},
		"en/w/rolls.html":                   {"at 10 of 100", "reconcile rollout resume rolls", "reconcile rollout abort rolls", "Brought back by an alarm", "12.5", `<b class="o-failed">ALARM`, `<li class="here" aria-current>10</li>`},
		"ja/w/planned.html":                 {"リソースが残っていて、そのステートを管理するワークスペースがありません: x.tfstate"},
		"ja/w/soaks.html":                   {"100 のうち 10", "監視の終了", "次は 50", "アラーム"},
		"en/w/web.html":                     {`<span class="add">  + resource`, `<span class="replace">-/+ both`, `class="n n-waits here"`},
		"en/r/" + string(testRun) + ".html": {"75 min", `<rect class="p p-plan"`},
	} {
		for _, want := range wants {
			if !strings.Contains(pages[page], want) {
				t.Errorf("%s lacks %q", page, want)
			}
		}
	}
	if strings.Contains(pages["en/w/web.html"], "Initializing") || !strings.Contains(pages["en/r/"+string(testRun)+".html"], "Initializing") {
		t.Error("the page of a workspace begins with its plan, that of a run has all")
	}
	m = newEveryModel()
	m.Status.Workspaces[0].Approvals = []state.ApprovalFact{{Digest: testDigest, ApprovedBy: "Aoki", EndsAt: testTime.Add(time.Hour)}}
	if i := slices.IndexFunc(m.needs(), func(n need) bool { return n.kind == "approved" }); i < 0 {
		t.Error("an approved plan is not shown as approved")
	}
}

// newLargeModel returns a record of 1,000 workspaces in a graph.
func newLargeModel() *Model {
	var all []inspect.StatusWorkspace
	for i := range 1000 {
		w := inspect.StatusWorkspace{Name: fmt.Sprintf("region-%02d/service-%03d", i%20, i), Outcome: state.Applied, Commit: testCommit, At: testTime}
		if i >= 20 {
			w.DependsOn = []string{fmt.Sprintf("region-%02d/service-%03d", i%20, i-20)}
		}
		all = append(all, w)
	}
	return newModel(all...)
}

func TestLargeOverviewIsSmall(t *testing.T) {
	t.Parallel()
	pages := renderAll(t, newLargeModel())
	for _, language := range []string{"en", "ja"} {
		if n := len(pages[language+"/index.html"]); n > 300_000 {
			t.Errorf("%s: the overview has %d bytes", language, n)
		}
	}
	if !strings.Contains(pages["en/graph.html"], "region-07") || len(pages) < 2000 {
		t.Error("the graph does not name the directories")
	}
}

func BenchmarkOverview(b *testing.B) {
	m := newLargeModel()
	for b.Loop() {
		m.indexed = nil
		list, err := m.files(liveFiles)
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range list {
			if _, err := f.render(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// memoryTarget is a target that notes what is written.
type memoryTarget struct {
	files  map[string][]byte
	writes []string
	reads  int
	fail   string // the write of this file fails
}

func (m *memoryTarget) Get(_ context.Context, name string) ([]byte, error) {
	m.reads++
	if text, ok := m.files[name]; ok {
		return text, nil
	}
	return nil, fs.ErrNotExist
}

func (m *memoryTarget) Put(_ context.Context, name string, content []byte) error {
	if name == m.fail {
		return fmt.Errorf("%s: no room", name)
	}
	m.writes = append(m.writes, name)
	m.files[name] = bytes.Clone(content)
	return nil
}

func (m *memoryTarget) Delete(_ context.Context, name string) error {
	delete(m.files, name)
	return nil
}

func (m *memoryTarget) Dirs(context.Context) ([]string, error) {
	dirs := map[string]bool{}
	for name := range m.files {
		if dir, _, isBelow := strings.Cut(name, "/"); isBelow {
			dirs[dir] = true
		}
	}
	return slices.Sorted(maps.Keys(dirs)), nil
}

// Only what changed is written, what is linked before what links it, and what is not linked
// any more is deleted.
func TestWriter(t *testing.T) {
	t.Parallel()
	target := &serialTarget{memoryTarget: &memoryTarget{files: map[string][]byte{}}}
	w := &Writer{Target: target, Dir: "record"}
	model := func() *Model { return newModel(inspect.StatusWorkspace{Name: "web", Outcome: state.Applied}) }
	if err := w.Write(t.Context(), model()); err != nil {
		t.Fatal(err)
	}
	if last := target.writes[len(target.writes)-2:]; !slices.Equal(last, []string{"index.html", "record/manifest.json"}) {
		t.Errorf("%s are written last", last)
	}
	if slices.Index(target.writes, "record/en/w/web.html") > slices.Index(target.writes, "record/en/index.html") {
		t.Errorf("the overview is written before what it links: %q", target.writes)
	}
	target.writes = nil
	if err := w.Write(t.Context(), model()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"record/en/index.html", "record/index.json", "record/ja/index.html", "record/manifest.json", "record/manifest.json"}; !slices.Equal(slices.Sorted(slices.Values(target.writes)), want) {
		t.Errorf("written again: %q", target.writes)
	}
	before := maps.Clone(target.files)
	for _, at := range []struct { // docs/page.md counts these requests
		checked       time.Time
		reads, writes int
	}{{testTime.Add(time.Minute), 5, 3}, {testTime.Add(time.Hour), 5 + 1 + 6, 3 + 3}} {
		target.reads, target.writes = 0, nil
		if done, err := w.touch(t.Context(), 7, at.checked); err != nil || !done {
			t.Fatalf("%v, %v", done, err)
		}
		if target.reads != at.reads || len(target.writes) != at.writes {
			t.Errorf("%s: %d reads, %d writes", at.checked, target.reads, len(target.writes))
		}
	}
	if text := string(target.files["record/en/index.html"]); !strings.Contains(text, "2026-11-29 04:00 UTC") || len(text) != len(before["record/en/index.html"]) {
		t.Errorf("after a check: %s", text)
	}
	if done, err := w.touch(t.Context(), 8, testTime); err != nil || done {
		t.Errorf("a head that the pages do not show: %v, %v", done, err)
	}
	if err := w.Write(t.Context(), newModel()); err != nil {
		t.Fatal(err)
	}
	if _, ok := target.files["record/en/w/web.html"]; ok {
		t.Error("the page of a workspace that is gone is still there")
	}
}

// After a write that failed, the next one writes the rest.
func TestWriterGoesOn(t *testing.T) {
	t.Parallel()
	target := &serialTarget{memoryTarget: &memoryTarget{files: map[string][]byte{}, fail: "record/ja/graph.html"}}
	w := &Writer{Target: target, Dir: "record"}
	if err := w.Write(t.Context(), newEveryModel()); err == nil {
		t.Fatal("no error")
	}
	if _, ok := target.files["record/en/index.html"]; ok {
		t.Error("the overview was written without all that it links")
	}
	target.fail = ""
	if err := w.Write(t.Context(), newEveryModel()); err != nil {
		t.Fatal(err)
	}
	for name, text := range renderAll(t, newEveryModel()) {
		if string(target.files["record/"+name]) != text {
			t.Errorf("%s is not there", name)
		}
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, name := range []string{"web", "Web", "a/b", "a-b", "..", "", "東京", strings.Repeat("x", 200), "con.html", hostile} {
		got := slug(name)
		if other, ok := seen[got]; ok || strings.ContainsAny(got, "/<> ") || strings.HasPrefix(got, ".") || len(got) > 80 {
			t.Errorf("%q is called %q, as %q", name, got, other)
		}
		seen[got] = name
	}
}

// serialTarget guards a target: pages are written several at once.
type serialTarget struct {
	mu sync.Mutex
	*memoryTarget
}

func (s *serialTarget) Put(ctx context.Context, name string, content []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memoryTarget.Put(ctx, name, content)
}

func (s *serialTarget) Get(ctx context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memoryTarget.Get(ctx, name)
}

func (s *serialTarget) Delete(ctx context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memoryTarget.Delete(ctx, name)
}
