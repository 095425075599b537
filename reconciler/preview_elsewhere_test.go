package reconciler_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler"
	"reconcile/reconciler/source"
	"reconcile/state"
)

const moreOsaka = "-- env/osaka/more.tf --\nresource \"terraform_data\" \"more\" {}\n"

// newPlanned is a world whose previews are planned by processes of their own.
func newPlanned(t *testing.T) (*previewed, processes) {
	w := newPreviewed(t, small)
	w.pass(reconciler.Options{})
	w.config.TaskPoll = 20 * time.Millisecond
	p := w.processes(time.Until(w.board.now))
	w.config.Executor = p
	return w, p
}

// A planner that dies says nothing: neither does the comment, until another
// one is let try.
func TestPlannerEndsWithoutAWord(t *testing.T) {
	w, p := newPlanned(t)
	w.propose(1, "topic", moreOsaka)
	w.propose(2, "docs", "-- README.md --\nhello\n")
	p.order = map[string]string{"plan-parcel": orderDie}
	w.config.Executor = p
	round, err := w.round()
	w.must(err)
	pr := round.PullRequests[0]
	if pr.Action != reconciler.ActionFailed || !strings.Contains(pr.Error, "ended without a word") || round.Exit != reconciler.ExitFailed {
		t.Errorf("%s: %s, exit %d", pr.Action, pr.Error, round.Exit)
	}
	if round.PullRequests[1].Action != reconciler.ActionAdded || len(w.board.comments) != 1 {
		t.Errorf("%s, %d comments", round.PullRequests[1].Action, len(w.board.comments))
	}
	p.order = nil
	w.config.Executor = p
	w.want(w.actions(), map[string]string{"topic": "failed", "docs": "unchanged"}) // not at once
	w.board.now = w.board.now.Add(31 * time.Minute)
	w.want(w.actions(), map[string]string{"topic": "added", "docs": "unchanged"})
}

// A round that does not live to see the plans is no loss: the next one finds
// them being made, or made.
func TestPlannerIsFoundAgain(t *testing.T) {
	w, p := newPlanned(t)
	w.propose(1, "topic", moreOsaka)
	var started [][]string
	ctx, stop := context.WithCancel(t.Context())
	p.order = map[string]string{"plan-parcel": orderWait}
	w.config.Executor = stopping{counting{p, &started}, stop}
	round, err := w.reconciler().Previews(ctx, t.Context(), w.board, w.options)
	if err == nil && round.PullRequests[0].Action != reconciler.ActionFailed {
		t.Fatalf("%+v", round)
	}
	w.config.Executor = counting{p, &started}
	letGo(t, filepath.Join(p.dir, started[0][1]+".go"))
	w.want(w.actions(), map[string]string{"topic": "added"})
	if len(started) != 1 {
		t.Errorf("started %d times", len(started))
	}
	if left, _, err := w.record.Task(t.Context(), "1"); err != nil || left.Key != "" {
		t.Errorf("written among the record's own tasks: %+v, %v", left, err)
	}
}

type fields = map[string]any

// One that has answered when nobody waited any more is not asked again.
func TestPlannersAnswerIsFoundAgain(t *testing.T) {
	w, _ := newPlanned(t)
	w.propose(1, "topic", moreOsaka)
	var keys []string
	ctx, stop := context.WithCancel(t.Context())
	planner := forger{w, &keys, func(fields) any {
		return fields{"workspaces": []fields{{"name": "osaka", "outcome": "no-changes"}}}
	}}
	before := w.config.Parcels
	w.config.Executor, w.config.Parcels = stopping{planner, stop}, unread{before}
	round, err := w.reconciler().Previews(ctx, t.Context(), w.board, w.options)
	if err == nil && round.PullRequests[0].Action != reconciler.ActionFailed || len(w.board.comments) > 0 {
		t.Fatalf("%+v", round)
	}
	w.config.Executor, w.config.Parcels = planner, before
	w.want(w.actions(), map[string]string{"topic": "added"})
	if len(keys) != 1 {
		t.Errorf("asked %d times", len(keys))
	}
	w.want(w.actions(), map[string]string{"topic": "unchanged"})
	w.options.Again = true
	w.want(w.actions(), map[string]string{"topic": "edited"})
	if len(keys) != 2 || keys[0] == keys[1] {
		t.Errorf("asked under %q", keys)
	}
}

// unread are parcels whose answers do not come through.
type unread struct{ reconciler.Parcels }

func (u unread) ParcelFile(ctx context.Context, key, part string, most int) ([]byte, error) {
	if part == "answer" {
		return nil, errors.New("the bucket is away")
	}
	return u.Parcels.ParcelFile(ctx, key, part, most)
}

// forger is a planner that answers what it likes.
type forger struct {
	w      *previewed
	keys   *[]string
	answer func(order map[string]any) any
}

func (f forger) Start(ctx context.Context, key string, command []string) (string, error) {
	*f.keys = append(*f.keys, key)
	var order map[string]any
	data, err := f.w.config.Parcels.ParcelFile(ctx, key, "order", 1<<20)
	if err == nil {
		err = json.Unmarshal(data, &order)
	}
	if err != nil {
		return "", err
	}
	if data, err = json.Marshal(f.answer(order)); err != nil {
		return "", err
	}
	return command[0], f.w.config.Parcels.PutParcelFile(ctx, key, "answer", data)
}

func (forger) Status(context.Context, string) (reconciler.TaskStatus, string, error) {
	return reconciler.TaskEnded, "", nil
}

// What a planner says is taken for a stranger's words: it cannot speak of what
// it was not asked about, nor in words that a preview has not.
func TestPlannerForges(t *testing.T) {
	huge := strings.Repeat("x", 3<<20)
	for name, c := range map[string]struct {
		answer  any
		outcome state.Outcome // of osaka, the one that was asked for
		says    string        // in its error, or the round's
	}{
		"another workspace":  {fields{"workspaces": []fields{{"name": "tokyo", "outcome": "no-changes"}}}, state.Failed, "is not one to what it was asked"},
		"one more":           {fields{"workspaces": []fields{{"name": "osaka", "outcome": "no-changes"}, {"name": "tokyo", "outcome": "pending"}}}, state.Failed, "is not one to"},
		"twice":              {fields{"workspaces": []fields{{"name": "osaka", "outcome": "no-changes"}, {"name": "osaka", "outcome": "pending"}}}, state.Failed, "is not one to"},
		"nothing":            {fields{}, state.Failed, "is not one to"},
		"applied":            {fields{"workspaces": []fields{{"name": "osaka", "outcome": "applied"}}}, state.Failed, "is not one to"},
		"a long plan":        {fields{"workspaces": []fields{{"name": "osaka", "outcome": "pending", "plan": huge}}}, state.Pending, ""},
		"a terminal's codes": {fields{"workspaces": []fields{{"name": "osaka", "outcome": "failed", "error": "\x1b[2Jgone"}}}, state.Failed, "[2Jgone"},
		"a lie":              {fields{"workspaces": []fields{{"name": "osaka", "outcome": "no-changes", "stale": []string{"lies"}, "digest": "<b>"}}}, state.NoChanges, ""},
		"far too much":       {fields{"problem": strings.Repeat(huge, 3)}, "", "cannot be read"},
		"no object":          {[]int{1}, "", "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := newPlanned(t)
			w.propose(1, "topic", moreOsaka)
			before := w.recorded()
			w.config.Executor = forger{w, new([]string), func(order fields) any {
				if diff := cmp.Diff([]any{"osaka"}, order["workspaces"]); diff != "" {
					t.Errorf("asked for %s", diff)
				}
				return c.answer
			}}
			round, err := w.round()
			w.must(err)
			pr := round.PullRequests[0]
			if c.outcome == "" {
				if pr.Action != reconciler.ActionFailed || !strings.Contains(pr.Error, c.says) {
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
			if diff := cmp.Diff([]string{"env/osaka"}, got.Stale); diff != "" || got.Digest != "" {
				t.Errorf("because of %s, digest %q", diff, got.Digest)
			}
			if len(got.Plan) > 2<<20+100 {
				t.Errorf("a plan of %d bytes", len(got.Plan))
			}
			if diff := cmp.Diff(before, w.recorded()); diff != "" {
				t.Errorf("the record: %s", diff)
			}
		})
	}
}

// A planner refuses by the settings of the tip what it is ordered to plan,
// and a tree that is not the one it was to be.
func TestPlannerRefuses(t *testing.T) {
	w, _ := newPlanned(t)
	w.config.Executor = nil
	w.propose(1, "evil", "-- env/osaka/evil.tf --\noutput \"x\" {\n  value = file(\"/proc/self/environ\")\n}\n"+
		"-- env/reconcile.hcl --\npreview {\n  allow = [\"file\"]\n}\n")
	tip, err := w.config.Source.Tip(t.Context(), "")
	w.must(err)
	heads, err := w.config.Source.Refs(t.Context(), []string{"refs/pull/1/head"})
	w.must(err)
	merge, err := w.config.Source.Merge(t.Context(), tip.Commit, heads["refs/pull/1/head"])
	w.must(err)
	defer merge.Close()
	commit, err := w.config.Source.Fetch(t.Context(), tip.Commit)
	w.must(err)
	defer commit.Close()
	plan := func(merged string) ([]reconciler.WorkspaceResult, error) {
		key := rand.Text()
		tree := func(c *source.Commit, id string) map[string]any {
			return map[string]any{"commit": c.ID, "tree": id, "when": c.When}
		}
		order, err := json.Marshal(map[string]any{
			"tip": tree(commit, commit.Tree.ID(".")), "merged": tree(merge.Commit, merged), "workspaces": []string{"osaka"},
		})
		w.must(err)
		objects, err := commit.Objects(t.Context())
		w.must(err)
		w.must(w.config.Parcels.PutParcelTree(t.Context(), key, "tip", commit.When, commit.Tree, objects))
		w.must(w.config.Parcels.PutParcelTree(t.Context(), key, "merged", merge.Commit.When, merge.Commit.Tree, nil))
		w.must(w.config.Parcels.PutParcelFile(t.Context(), key, "order", order))
		config := w.config
		config.Source = nil // it has no access to Git
		return reconciler.New(config).DoPreview(t.Context(), t.Context(), key)
	}
	got, err := plan(merge.Commit.Tree.ID("."))
	w.must(err)
	if len(got) != 1 || got[0].Outcome != state.Blocked || len(got[0].Refused) != 1 || !strings.Contains(got[0].Refused[0], "reads outside the repository") {
		t.Errorf("%+v", got)
	}
	if got, err := plan(commit.Tree.ID(".")); err == nil || !strings.Contains(err.Error(), "was changed") || len(got) > 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := reconciler.New(w.config).DoPreview(t.Context(), t.Context(), rand.Text()); err == nil || !strings.Contains(err.Error(), "no person does") {
		t.Errorf("an order that nobody gave: %v", err)
	}
}
