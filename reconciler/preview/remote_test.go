package preview_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/internal/testtier"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/preview"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/state"
)

// TestRemote runs the tests of previews again, planned by processes. The results must be
// the same. Outside of `make check` it runs some of them.
func TestRemote(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T){
		"try again": TestPreviewsTryAgain,
		"at once":   TestPreviewsAtOnce,
	}
	if testtier.IsWhole(t) {
		maps.Copy(tests, map[string]func(*testing.T){
			"not applied": TestPreviewsOfWhatIsNotApplied,
			"of many":     TestPreviewsOfManyWorkspaces,
			"continue":    TestPreviewsGoOn,
		})
	}
	for name, test := range tests {
		t.Run(name, test)
	}
}

const moreOsaka = "-- env/osaka/more.tf --\nresource \"terraform_data\" \"more\" {}\n"

// newRemotePreviewEnv returns an environment whose previews are planned by separate
// processes.
func newRemotePreviewEnv(t *testing.T) (*previewEnv, reconcilertest.ProcessExecutor) {
	w := newPreviewEnv(t, reconcilertest.SmallFiles)
	w.RunPass(run.Options{})
	w.Config.TaskPoll = 20 * time.Millisecond
	p := w.NewProcessExecutor(time.Until(w.board.now))
	w.Config.Executor = p
	return w, p
}

// A planner that dies gives no result, and the comment shows none until another one may
// try.
func TestPlannerWithoutResult(t *testing.T) {
	t.Parallel()
	w, p := newRemotePreviewEnv(t)
	w.openPullRequest(1, "topic", moreOsaka)
	w.openPullRequest(2, "docs", "-- README.md --\nhello\n")
	p.Behaviors = map[string]string{"plan": reconcilertest.WorkerDies}
	w.Config.Executor = p
	round, err := w.runPreviews()
	w.Must(err)
	pr := round.PullRequests[0]
	if pr.Action != preview.ActionFailed || !strings.Contains(pr.Error, "exited without a result") || round.Exit != run.ExitFailed {
		t.Errorf("%s: %s, exit %d", pr.Action, pr.Error, round.Exit)
	}
	if round.PullRequests[1].Action != preview.ActionAdded || len(w.board.comments) != 1 {
		t.Errorf("%s, %d comments", round.PullRequests[1].Action, len(w.board.comments))
	}
	p.Behaviors = nil
	w.Config.Executor = p
	w.assertActions(w.previewActions(), map[string]string{"topic": "failed", "docs": "unchanged"}) // not at once
	w.board.now = w.board.now.Add(31 * time.Minute)
	w.assertActions(w.previewActions(), map[string]string{"topic": "added", "docs": "unchanged"})
}

// A run that ends before it sees the plans loses nothing: the next run finds them in
// progress or complete.
func TestPlannerIsFoundAgain(t *testing.T) {
	t.Parallel()
	w, p := newRemotePreviewEnv(t)
	w.openPullRequest(1, "topic", moreOsaka)
	var started [][]string
	ctx, stop := context.WithCancel(t.Context())
	p.Behaviors = map[string]string{"plan": reconcilertest.WorkerWaits}
	w.Config.Executor = reconcilertest.StoppingExecutor{Executor: reconcilertest.CountingExecutor{ProcessExecutor: p, Started: &started}, Stop: stop}
	round, err := w.previewer().RunRound(ctx, t.Context(), w.board, w.options)
	if err == nil && round.PullRequests[0].Action != preview.ActionFailed {
		t.Fatalf("%+v", round)
	}
	w.Config.Executor = reconcilertest.CountingExecutor{ProcessExecutor: p, Started: &started}
	reconcilertest.ReleaseWorker(t, filepath.Join(p.Dir, started[0][2]+".go"))
	w.assertActions(w.previewActions(), map[string]string{"topic": "added"})
	if len(started) != 1 {
		t.Errorf("started %d times", len(started))
	}
	if task, _, err := w.Record.Task(t.Context(), "1"); err != nil || task.Key != "" {
		t.Errorf("written among the record's own tasks: %+v, %v", task, err)
	}
}

type jsonObject = map[string]any

// A planner that answered after the run had ended is not started again.
func TestPlannersAnswerIsFoundAgain(t *testing.T) {
	t.Parallel()
	w, _ := newRemotePreviewEnv(t)
	w.openPullRequest(1, "topic", moreOsaka)
	var keys []string
	ctx, stop := context.WithCancel(t.Context())
	planner := fakePlanner{w, &keys, func(jsonObject) any {
		return jsonObject{"workspaces": []jsonObject{{"name": "osaka", "outcome": "no-changes"}}}
	}}
	before := w.Config.PlanBundles
	w.Config.Executor, w.Config.PlanBundles = reconcilertest.StoppingExecutor{Executor: planner, Stop: stop}, unreadResponses{before}
	round, err := w.previewer().RunRound(ctx, t.Context(), w.board, w.options)
	if err == nil && round.PullRequests[0].Action != preview.ActionFailed || len(w.board.comments) > 0 {
		t.Fatalf("%+v", round)
	}
	w.Config.Executor, w.Config.PlanBundles = planner, before
	w.assertActions(w.previewActions(), map[string]string{"topic": "added"})
	if len(keys) != 1 {
		t.Errorf("asked %d times", len(keys))
	}
	w.assertActions(w.previewActions(), map[string]string{"topic": "unchanged"})
	w.options.Force = true
	w.assertActions(w.previewActions(), map[string]string{"topic": "edited"})
	if len(keys) != 2 || keys[0] == keys[1] {
		t.Errorf("asked under %q", keys)
	}
}

// unreadResponses are plan bundles whose responses cannot be read.
type unreadResponses struct{ run.PlanBundles }

func (u unreadResponses) BundleFile(ctx context.Context, key, part string, limit int) ([]byte, error) {
	if part == "answer" {
		return nil, errors.New("the bucket is away")
	}
	return u.PlanBundles.BundleFile(ctx, key, part, limit)
}

// fakePlanner is a planner that returns arbitrary responses.
type fakePlanner struct {
	w       *previewEnv
	keys    *[]string
	respond func(order map[string]any) any
}

func (f fakePlanner) Start(ctx context.Context, key string, command []string) (string, error) {
	*f.keys = append(*f.keys, key)
	var order map[string]any
	data, err := f.w.Config.PlanBundles.BundleFile(ctx, key, "order", 1<<20)
	if err == nil {
		err = json.Unmarshal(data, &order)
	}
	if err != nil {
		return "", err
	}
	if data, err = json.Marshal(f.respond(order)); err != nil {
		return "", err
	}
	return command[0], f.w.Config.PlanBundles.PutBundleFile(ctx, key, "answer", data)
}

func (fakePlanner) Status(context.Context, string) (run.TaskStatus, string, error) {
	return run.TaskEnded, "", nil
}

// A planner's response is untrusted: it cannot report on what it was not asked about, nor
// in words that a preview does not have.
func TestPlannerForges(t *testing.T) {
	t.Parallel()
	env, _ := newRemotePreviewEnv(t)
	env.openPullRequest(1, "topic", moreOsaka)
	env.options.Force = true // so that each answer is asked for
	huge := strings.Repeat("x", 3<<20)
	for name, c := range map[string]struct {
		answer  any
		outcome state.Outcome // of osaka, the requested one
		says    string        // in its error, or the run's
	}{
		"another workspace":  {jsonObject{"workspaces": []jsonObject{{"name": "tokyo", "outcome": "no-changes"}}}, state.Failed, "does not match the request"},
		"one more":           {jsonObject{"workspaces": []jsonObject{{"name": "osaka", "outcome": "no-changes"}, {"name": "tokyo", "outcome": "pending"}}}, state.Failed, "does not match"},
		"twice":              {jsonObject{"workspaces": []jsonObject{{"name": "osaka", "outcome": "no-changes"}, {"name": "osaka", "outcome": "pending"}}}, state.Failed, "does not match"},
		"nothing":            {jsonObject{}, state.Failed, "does not match"},
		"applied":            {jsonObject{"workspaces": []jsonObject{{"name": "osaka", "outcome": "applied"}}}, state.Failed, "does not match"},
		"a long plan":        {jsonObject{"workspaces": []jsonObject{{"name": "osaka", "outcome": "pending", "plan": huge}}}, state.Pending, ""},
		"a terminal's codes": {jsonObject{"workspaces": []jsonObject{{"name": "osaka", "outcome": "failed", "error": "\x1b[2Jgone"}}}, state.Failed, "[2Jgone"},
		"a lie":              {jsonObject{"workspaces": []jsonObject{{"name": "osaka", "outcome": "no-changes", "stale": []string{"lies"}, "digest": "<b>"}}}, state.NoChanges, ""},
		"far too much":       {jsonObject{"problem": strings.Repeat(huge, 3)}, "", "cannot be read"},
		"no object":          {[]int{1}, "", "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			env.T = t
			before := env.readRecord()
			env.Config.Executor = fakePlanner{env, new([]string), func(order jsonObject) any {
				if diff := cmp.Diff([]any{"osaka"}, order["workspaces"]); diff != "" {
					t.Errorf("asked for %s", diff)
				}
				return c.answer
			}}
			round, err := env.runPreviews()
			env.Must(err)
			pr := round.PullRequests[0]
			if c.outcome == "" {
				if pr.Action != preview.ActionFailed || !strings.Contains(pr.Error, c.says) {
					t.Errorf("%s: %s", pr.Action, pr.Error)
				}
				return
			}
			if len(pr.Workspaces) != 1 {
				t.Fatalf("%+v", pr.Workspaces)
			}
			got := pr.Workspaces[0]
			if got.Name != "osaka" || got.Outcome != c.outcome || !strings.Contains(got.Error, c.says) || strings.ContainsRune(got.Error, 27) {
				t.Errorf("%s is %s: %q", got.Name, got.Outcome, got.Error)
			}
			if diff := cmp.Diff([]string{"env/osaka"}, got.StaleReasons); diff != "" || got.PlanDigest != "" {
				t.Errorf("because of %s, digest %q", diff, got.PlanDigest)
			}
			if len(got.Plan) > 2<<20+100 {
				t.Errorf("a plan of %d bytes", len(got.Plan))
			}
			if diff := cmp.Diff(before, env.readRecord()); diff != "" {
				t.Errorf("the record: %s", diff)
			}
		})
	}
}

// By the settings of the tip, a planner refuses a request that they forbid. It also
// refuses a tree other than the requested one.
func TestPlannerRefuses(t *testing.T) {
	t.Parallel()
	w, _ := newRemotePreviewEnv(t)
	w.Config.Executor = nil
	w.openPullRequest(1, "evil", "-- env/osaka/evil.tf --\noutput \"x\" {\n  value = file(\"/proc/self/environ\")\n}\n"+
		"-- env/reconcile.hcl --\npreview {\n  allow = [\"file\"]\n}\n")
	tip, err := w.Config.Source.Tip(t.Context(), "")
	w.Must(err)
	heads, err := w.Config.Source.Refs(t.Context(), []string{"refs/pull/1/head"})
	w.Must(err)
	merge, err := w.Config.Source.Merge(t.Context(), tip.Commit, heads["refs/pull/1/head"])
	w.Must(err)
	defer merge.Close()
	commit, err := w.Config.Source.Fetch(t.Context(), tip.Commit)
	w.Must(err)
	defer commit.Close()
	plan := func(merged string) ([]run.WorkspaceResult, error) {
		key := rand.Text()
		tree := func(c *source.Commit, id string) map[string]any {
			return map[string]any{"commit": c.ID, "tree": id, "when": c.CommittedAt}
		}
		order, err := json.Marshal(map[string]any{
			"tip": tree(commit, commit.Tree.ID(".")), "merged": tree(merge.Commit, merged), "workspaces": []string{"osaka"},
		})
		w.Must(err)
		objects, err := commit.Objects(t.Context())
		w.Must(err)
		w.Must(w.Config.PlanBundles.PutBundleTree(t.Context(), key, "tip", commit.CommittedAt, commit.Tree, objects))
		w.Must(w.Config.PlanBundles.PutBundleTree(t.Context(), key, "merged", merge.Commit.CommittedAt, merge.Commit.Tree, nil))
		w.Must(w.Config.PlanBundles.PutBundleFile(t.Context(), key, "order", order))
		config := w.Config
		config.Source = nil // it has no access to Git
		return preview.New(config).RunPlan(t.Context(), t.Context(), key)
	}
	got, err := plan(merge.Commit.Tree.ID("."))
	w.Must(err)
	if len(got) != 1 || got[0].Outcome != state.Blocked || len(got[0].Refused) != 1 || !strings.Contains(got[0].Refused[0], "reads outside the repository") {
		t.Errorf("%+v", got)
	}
	if got, err := plan(commit.Tree.ID(".")); err == nil || !strings.Contains(err.Error(), "was changed") || len(got) > 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := preview.New(w.Config).RunPlan(t.Context(), t.Context(), rand.Text()); err == nil || !strings.Contains(err.Error(), "only `reconcile preview` runs this command") {
		t.Errorf("a request that does not exist: %v", err)
	}
}
