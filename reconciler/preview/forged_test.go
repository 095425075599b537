package preview_test

import (
	"strings"
	"testing"
	"time"

	"reconcile/internal/plandigest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

const (
	replaceable = "-- env/osaka/main.tf --\nresource \"terraform_data\" \"x\" {\n  triggers_replace = 1\n}\nresource \"terraform_data\" \"y\" {\n  triggers_replace = 1\n}\n"
	replaced    = "-- env/osaka/main.tf --\nresource \"terraform_data\" \"x\" {\n  triggers_replace = 2\n}\nresource \"terraform_data\" \"y\" {\n  triggers_replace = 2\n}\n"
)

// TestForgedPlanApprovesNothing: a planner that the pull request took over shows whatever it
// likes. An approval of what it showed applies a plan only if that plan has the digest and the
// risk, and has no other change that needs approval.
func TestForgedPlanApprovesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		forge func(answer, waiting jsonObject)
		says  string // why nothing is applied; "": the plan is
	}{
		"nothing":          {func(_, _ jsonObject) {}, ""},
		"a harmless text":  {func(a, _ jsonObject) { a["plan"] = "No changes." }, ""},
		"another digest":   {func(a, _ jsonObject) { a["digest"] = plandigest.New("k", strings.Repeat("0", 64)) }, "reconcile approve osaka"},
		"a milder class":   {func(a, _ jsonObject) { a["risk"] = "update" }, "it was of risk update, and the plan has replace"},
		"a change less":    {func(_, w jsonObject) { w["asking"] = w["asking"].([]any)[:1] }, "did not show what becomes of terraform_data.y"},
		"another change":   {func(_, w jsonObject) { w["asking"].([]any)[1].(jsonObject)["address"] = "terraform_data.z" }, "did not show what becomes of terraform_data.y"},
		"another sentence": {func(_, w jsonObject) { w["asking"].([]any)[0].(jsonObject)["why"].(jsonObject)["en"] = "is read" }, "did not show what becomes of terraform_data.x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newForgedEnv(t)
			waiting := w.forge(c.forge)
			if !waiting {
				t.Fatal("no plan was offered")
			}
			offered, err := w.Record.OfferedPlans(t.Context())
			w.Must(err)
			w.Must(w.Record.PlaceApproval(t.Context(), offered[0], state.Approval{ApprovedBy: "ann", EndsAt: w.board.now.Add(time.Hour)}))
			w.Repo.Git("merge", "-q", "topic")
			w.Repo.Git("push", "-q", "origin", "main")
			w.Config.Executor = nil
			result, outcomes := w.RunPass(run.Options{})
			if (outcomes["osaka"] == state.Applied) != (c.says == "") || !strings.Contains(result.Workspaces[0].Error, c.says) {
				t.Errorf("osaka is %s: %s", outcomes["osaka"], result.Workspaces[0].Error)
			}
			if approvals, err := w.Record.Approvals(t.Context()); err != nil || len(approvals["osaka"]) != 0 && name != "another digest" {
				t.Errorf("it is still there: %+v, %v", approvals, err)
			}
		})
	}
}

// What a planner cannot show is not offered, and has room in the record whatever it is.
func TestForgedPlanIsNotOffered(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("<", 3000)
	w := newForgedEnv(t)
	w.options.Force = true
	for name, c := range map[string]struct {
		forge   func(answer, waiting jsonObject)
		offered bool
	}{
		"no digest":         {func(a, _ jsonObject) { a["digest"] = "2:k:" }, false},
		"an older digest":   {func(a, _ jsonObject) { a["digest"] = strings.Repeat("0", 64) }, false},
		"no class":          {func(a, _ jsonObject) { a["risk"] = "none at all" }, false},
		"nothing to change": {func(a, _ jsonObject) { a["outcome"] = "no-changes" }, false},
		"nothing that asks": {func(_, w jsonObject) { w["asking"] = nil }, false},
		"large sentences": {func(_, w jsonObject) {
			change := w["asking"].([]any)[0].(jsonObject)
			change["address"], change["why"] = huge, jsonObject{"en": huge, "ja": huge}
			for range 60 {
				w["asking"] = append(w["asking"].([]any), change)
			}
		}, false},
		"a large difference": {func(_, w jsonObject) {
			var changes []any
			for range 100 {
				changes = append(changes, jsonObject{"address": huge, "action": "update"})
			}
			w["difference"] = jsonObject{"changes": changes}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w.T = t
			before, err := w.Record.OfferedPlans(t.Context())
			w.Must(err)
			w.board.now = w.board.now.Add(time.Minute)
			w.forge(c.forge)
			after, err := w.Record.OfferedPlans(t.Context())
			w.Must(err)
			isOffered := len(after) > len(before) || len(before) > 0 && after[0].OfferedAt.After(before[0].OfferedAt)
			if isOffered != c.offered {
				t.Errorf("offered: %+v", after)
			}
		})
	}
}

// forgedEnv is an environment whose previews a planner makes that may lie.
type forgedEnv struct {
	*previewEnv
	honest run.WorkspaceResult // what an honest planner returns for osaka
}

func newForgedEnv(t *testing.T) *forgedEnv {
	w := newPreviewEnv(t, replaceable)
	w.Config.TaskPoll = 20 * time.Millisecond
	w.RunPass(run.Options{})
	w.Config.Gate = settings.ApplySafe
	w.openPullRequest(1, "topic", replaced)
	w.options.DryRun = true
	round, err := w.runPreviews()
	w.Must(err)
	w.options.DryRun = false
	return &forgedEnv{w, round.PullRequests[0].Workspaces[0]}
}

// forge previews the pull request with a planner whose response is changed. It reports whether
// a plan that waits was offered.
func (e *forgedEnv) forge(change func(answer, waiting jsonObject)) bool {
	e.T.Helper()
	var asking []any
	for _, c := range e.honest.ChangesToApprove {
		asking = append(asking, jsonObject{"address": c.Address, "risk": c.Risk.String(), "why": jsonObject{"en": c.Why.En, "ja": c.Why.Ja}})
	}
	answer := jsonObject{
		"name": "osaka", "outcome": "pending", "risk": e.honest.Risk, "digest": e.honest.PlanDigest, "why": e.honest.Why,
		"withheld": e.honest.Withheld, "plan": e.honest.Plan,
	}
	waiting := jsonObject{"asking": asking, "difference": e.honest.Difference}
	change(answer, waiting)
	e.Config.Executor = fakePlanner{e.previewEnv, new([]string), func(jsonObject) any {
		return jsonObject{"workspaces": []jsonObject{answer}, "waiting": jsonObject{"osaka": waiting}}
	}}
	round, err := e.runPreviews()
	e.Must(err)
	pr := round.PullRequests[0]
	if pr.Action == "failed" {
		e.T.Fatalf("%+v", pr)
	}
	return pr.Workspaces[0].Difference != nil
}
