package preview_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/approval"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/preview"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform/sandbox"
	"reconcile/state"
)

// TestMain lets the test binary run as Terraform in a sandbox, and as a planner.
func TestMain(m *testing.M) { reconcilertest.Main(m) }

// fakePullRequests holds pull requests in memory.
type fakePullRequests struct {
	open          []preview.PullRequest
	comments      map[int]approval.Comment
	now           time.Time
	putErr        error
	beforeComment func() // called before a comment is read for the second time
}

func (p *fakePullRequests) Open(context.Context, string) ([]preview.PullRequest, error) {
	return p.open, nil
}

func (p *fakePullRequests) Comments(_ context.Context, number int) ([]approval.Comment, error) {
	if p.beforeComment != nil {
		p.beforeComment()
	}
	if c := p.comments[number]; c.ID != 0 {
		return []approval.Comment{c}, nil
	}
	return nil, nil
}

func (p *fakePullRequests) Put(_ context.Context, number, id int, text string) error {
	if p.putErr != nil {
		return p.putErr
	}
	if id == 0 {
		id = 100 + number
	}
	p.comments[number] = approval.Comment{ID: id, IsOwn: true, Text: text, UpdatedAt: p.now}
	return nil
}

// previewEnv is an environment with pull requests, and the options of its preview runs.
type previewEnv struct {
	*reconcilertest.Env
	board   *fakePullRequests
	options preview.Options
}

func newPreviewEnv(t *testing.T, archive string) *previewEnv {
	w := &previewEnv{Env: reconcilertest.NewEnv(t, archive), board: &fakePullRequests{comments: map[int]approval.Comment{}, now: time.Unix(1767225600, 0)}}
	w.Sandbox = findSandbox(t)
	w.Config.Now = func() time.Time { return w.board.now }
	w.options.Writer = func(context.Context) (*notify.Writer, error) { return notify.NewWriter("en", notify.Markdown) }
	return w
}

// findSandbox returns nil only where no sandbox is available.
func findSandbox(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	found, err := sandbox.Find(t.Context())
	if err != nil && runtime.GOOS == "linux" {
		t.Fatal(err)
	}
	return found
}

// openPullRequest opens or updates a pull request with a branch of that name from main.
func (w *previewEnv) openPullRequest(number int, branch, archive string) {
	w.T.Helper()
	w.Repo.Git("checkout", "-q", "-B", branch, "main")
	w.Repo.CommitTxtar(branch, archive)
	w.Repo.Git("push", "-q", "--force", "origin", "HEAD:refs/pull/"+string(rune('0'+number))+"/head")
	w.Repo.Git("checkout", "-q", "main")
	for _, pr := range w.board.open {
		if pr.Number == number {
			return
		}
	}
	w.board.open = append(w.board.open, preview.PullRequest{Number: number, Branch: branch, Title: branch})
}

func (w *previewEnv) previewer() *preview.Previewer {
	w.UseRemoteExecutor()
	return preview.New(w.Config)
}

func (w *previewEnv) runPreviews() (*preview.Round, error) {
	return w.previewer().RunRound(w.T.Context(), w.T.Context(), w.board, w.options)
}

// previewActions runs previews, which must succeed, and returns their actions by branch.
func (w *previewEnv) previewActions() map[string]string {
	w.T.Helper()
	round, err := w.runPreviews()
	w.Must(err)
	got := map[string]string{}
	for _, pr := range round.PullRequests {
		got[pr.Branch] = pr.Action
	}
	return got
}

func (w *previewEnv) assertActions(got, want map[string]string) {
	w.T.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.T.Errorf("actions: %s", diff)
	}
}

const brokenTokyo = `
-- env/tokyo/main.tf --
resource "terraform_data" "x" {
  input = terraform_data.nowhere.id
}
`

// A preview that failed is made again later, although nothing moved; others are not.
func TestPreviewsTryAgain(t *testing.T) {
	t.Parallel()
	w := newPreviewEnv(t, reconcilertest.SmallFiles)
	w.RunPass(run.Options{})
	w.openPullRequest(1, "broken", brokenTokyo)
	w.openPullRequest(2, "good", "-- env/osaka/more.tf --\nresource \"terraform_data\" \"more\" {}\n")
	w.assertActions(w.previewActions(), map[string]string{"broken": "added", "good": "added"})
	w.board.now = w.board.now.Add(29 * time.Minute)
	w.assertActions(w.previewActions(), map[string]string{"broken": "unchanged", "good": "unchanged"})
	w.board.now = w.board.now.Add(2 * time.Minute)
	w.assertActions(w.previewActions(), map[string]string{"broken": "edited", "good": "unchanged"})
	w.assertActions(w.previewActions(), map[string]string{"broken": "unchanged", "good": "unchanged"})
	w.options.Force, w.options.Number = true, 2
	w.assertActions(w.previewActions(), map[string]string{"good": "edited"})
}

// Commits on main that are not applied yet matter to a pull request only if both change
// the same files. None of this is recorded.
func TestPreviewsOfWhatIsNotApplied(t *testing.T) {
	t.Parallel()
	w := newPreviewEnv(t, reconcilertest.SmallFiles)
	w.RunPass(run.Options{})
	w.Commit("-- env/tokyo/more.tf --\nresource \"terraform_data\" \"main\" {}\n-- env/osaka/more.tf --\nresource \"terraform_data\" \"main\" {}\n")
	before := w.readRecord()
	w.openPullRequest(1, "topic", "-- env/tokyo/topic.tf --\nresource \"terraform_data\" \"topic\" {}\n")
	w.openPullRequest(2, "new", "-- env/nagoya/main.tf --\nresource \"terraform_data\" \"new\" {}\n")
	states := w.stateTimes()
	round, err := w.runPreviews()
	w.Must(err)
	p := round.PullRequests[0]
	if len(p.Workspaces) != 1 || p.Workspaces[0].Name != "tokyo" || p.Workspaces[0].Changes.Add != 2 {
		t.Errorf("planned %+v", p.Workspaces)
	}
	if diff := cmp.Diff([]string{"tokyo"}, p.Waiting); diff != "" {
		t.Errorf("waiting: %s", diff)
	}
	if diff := cmp.Diff(before, w.readRecord()); diff != "" {
		t.Errorf("the record: %s", diff)
	}
	if got := round.PullRequests[1].Workspaces; len(got) != 1 || got[0].Name != "nagoya" || got[0].Changes.Add != 1 {
		t.Errorf("planned %+v", got)
	}
	if diff := cmp.Diff(states, w.stateTimes()); diff != "" {
		t.Errorf("the states: %s", diff)
	}
	for _, place := range []string{"preview/checkout/*/tree", "run/*/session-*"} {
		if left, err := filepath.Glob(filepath.Join(w.Config.WorkDir, place)); err != nil || len(left) > 0 {
			t.Errorf("files left: %q, %v", left, err)
		}
	}
}

// stateTimes returns the state files in the environment, with their times.
func (w *previewEnv) stateTimes() map[string]time.Time {
	w.T.Helper()
	found := map[string]time.Time{}
	w.Must(filepath.WalkDir(w.Config.LocalState, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			found[path] = info.ModTime()
		}
		return err
	}))
	return found
}

func (w *previewEnv) readRecord() any {
	w.T.Helper()
	head, err := w.Record.Head(w.T.Context())
	w.Must(err)
	workspaces, err := w.Record.Workspaces(w.T.Context())
	w.Must(err)
	runs, err := w.Record.Runs(w.T.Context(), 100)
	w.Must(err)
	return []any{head, workspaces, len(runs)}
}

// Every workspace of a module is planned, several at once, and its readers are named. A
// workspace that cannot be planned does not stop the others.
func TestPreviewsOfManyWorkspaces(t *testing.T) {
	t.Parallel()
	var archive strings.Builder
	archive.WriteString("-- modules/m/main.tf --\nvariable \"n\" {}\nresource \"terraform_data\" \"x\" {\n  input = var.n\n}\n")
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		archive.WriteString("-- env/" + name + "/main.tf --\nmodule \"m\" {\n  source = \"../../modules/m\"\n  n      = \"" + name + "\"\n}\n")
	}
	w := newPreviewEnv(t, archive.String())
	w.RunPass(run.Options{})
	w.openPullRequest(1, "module", "-- modules/m/more.tf --\nresource \"terraform_data\" \"more\" {}\n-- env/f/main.tf --\nmodule \"m\" {\n")
	round, err := w.runPreviews()
	w.Must(err)
	p := round.PullRequests[0]
	got := map[string]state.Outcome{}
	for _, ws := range p.Workspaces {
		got[ws.Name] = ws.Outcome
	}
	want := map[string]state.Outcome{"a": state.Pending, "b": state.Pending, "c": state.Pending, "d": state.Pending, "e": state.Pending, "f": state.Failed}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p.Outcome != run.OutcomeFailed || p.Action != preview.ActionAdded || round.Exit != run.ExitOK {
		t.Errorf("outcome %s, action %s, exit %d", p.Outcome, p.Action, round.Exit)
	}
}

// An error of one pull request affects no other. An error of Backlog ends the run.
func TestPreviewsGoOn(t *testing.T) {
	t.Parallel()
	w := newPreviewEnv(t, reconcilertest.SmallFiles)
	w.board.open = []preview.PullRequest{{Number: 7, Branch: "never-pushed"}}
	w.openPullRequest(1, "settings", "-- env/reconcile.hcl --\nnonsense = 1\n")
	w.openPullRequest(2, "docs", "-- README.md --\nhello\n")
	w.Repo.Git("checkout", "-q", "--orphan", "alone")
	w.Repo.Git("commit", "-q", "-m", "alone")
	w.Repo.Git("push", "-q", "origin", "HEAD:refs/pull/3/head")
	w.Repo.Git("checkout", "-q", "main")
	w.board.open = append(w.board.open, preview.PullRequest{Number: 3, Branch: "alone"})
	round, err := w.runPreviews()
	w.Must(err)
	got := map[string]string{}
	for _, pr := range round.PullRequests {
		got[pr.Branch] = pr.Action + ": " + pr.Outcome
	}
	w.assertActions(got, map[string]string{"never-pushed": "failed: ", "settings": "added: failed", "docs": "added: in-sync", "alone": "added: failed"})
	if round.Exit != run.ExitFailed {
		t.Errorf("exit %d", round.Exit)
	}
	for number, says := range map[int]string{1: "nonsense", 2: "No workspace is affected", 3: "no common ancestor"} {
		if text := w.board.comments[number].Text; !strings.Contains(text, says) {
			t.Errorf("comment %d does not say %q:\n%s", number, says, text)
		}
	}
	w.board.putErr = errors.New("Backlog is away")
	w.options.Force = true
	round, err = w.runPreviews()
	// Several may meet the error at once. What ended before it is in the round.
	unwritten := slices.ContainsFunc(round.PullRequests, func(p preview.Preview) bool { return strings.Contains(p.Error, "Backlog is away") })
	if !errors.Is(err, w.board.putErr) || round.Exit != run.ExitFailed || !unwritten || round.PullRequests[0].Number != 7 {
		t.Errorf("%v, exit %d, %+v", err, round.Exit, round.PullRequests)
	}
	w.options.Number = 99
	var unknown *preview.UnknownPullRequestError
	if _, err := w.runPreviews(); !errors.As(err, &unknown) {
		t.Errorf("%v", err)
	}
}

// Two runs at once write one comment: the slower one sees that it exists.
func TestPreviewsAtOnce(t *testing.T) {
	t.Parallel()
	w := newPreviewEnv(t, reconcilertest.SmallFiles)
	w.openPullRequest(1, "topic", "-- env/osaka/more.tf --\nresource \"terraform_data\" \"more\" {}\n")
	reads := 0
	w.board.beforeComment = func() {
		if reads++; reads == 2 { // the first run has planned, and not written
			w.board.beforeComment = nil
			w.Config.WorkDir += "-other"
			w.assertActions(w.previewActions(), map[string]string{"topic": "added"})
		}
	}
	w.assertActions(w.previewActions(), map[string]string{"topic": "unchanged"})
	if len(w.board.comments) != 1 || w.board.comments[1].ID != 101 {
		t.Errorf("%+v", w.board.comments)
	}
}

// A pass and previews do not wait for each other. Previews wait for other previews, and
// no pull request is told of that.
func TestPreviewsWhileOthersWork(t *testing.T) {
	t.Parallel()
	w := newPreviewEnv(t, reconcilertest.SmallFiles)
	w.Config.Wait = 0
	w.openPullRequest(1, "topic", "-- env/osaka/more.tf --\nresource \"terraform_data\" \"more\" {}\n")
	lock := func(home string) *flock.Flock {
		w.Must(os.MkdirAll(home, 0o700))
		lock := flock.New(filepath.Join(home, "lock"))
		w.Must(lock.Lock())
		return lock
	}
	defer lock(filepath.Join(w.Config.WorkDir, "checkout", state.DirName(w.Config.RecordName))).Close() // of a pass
	other := lock(filepath.Join(w.Config.WorkDir, "preview", "checkout", state.DirName(w.Config.RecordName)))
	round, err := w.runPreviews()
	w.Must(err)
	if pr := round.PullRequests[0]; round.Exit != run.ExitBusy || pr.Action != preview.ActionFailed || !strings.Contains(pr.Error, "another") {
		t.Errorf("exit %d, %s: %s", round.Exit, pr.Action, pr.Error)
	}
	if len(w.board.comments) > 0 {
		t.Errorf("%+v", w.board.comments)
	}
	w.Must(other.Unlock())
	w.assertActions(w.previewActions(), map[string]string{"topic": "added"})
}
