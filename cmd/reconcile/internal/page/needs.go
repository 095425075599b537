package page

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"reconcile/internal/plandigest"
	"reconcile/internal/runid"
	"reconcile/internal/shell"
	"reconcile/reconciler/inspect"
	"reconcile/state"
)

// How much an overview shows.
const (
	maxNeeds           = 50
	maxListedRuns      = 20
	maxCardRisks       = 5
	maxWorking         = 100
	maxRowsWithSubject = 300
	maxExcerpt         = 12 // lines of an error
)

// Marks around the time of the last check, which a pass with nothing to do replaces.
const (
	checkedBegin = "<!--checked-->"
	checkedEnd   = "<!--/checked-->"
)

// need is something that waits for a person.
type need struct {
	kind        string // of the texts page.needs.KIND
	workspace   string
	changes     *state.Changes // nil: there is no plan
	risk, why   string
	risks       []state.ChangeRisk
	digest      plandigest.Digest
	pullRequest int // 0: none is known
	comment     int // on it; 0: none is known
	run         runid.ID
	approved    *state.ApprovalFact
	error       string
	// approval is the comment on the pull request that approves the plan; "": none does.
	// command is what a person runs instead, or to go on.
	approval, command string
	help              string // key of the text before command
	at                time.Time
}

// needs returns what waits for a person: what is broken first, then what waits, then what
// would wait after a merge.
func (m *Model) needs() []need {
	var list []need
	for _, w := range m.Status.Workspaces {
		list = append(list, m.needsOf(w)...)
	}
	for _, plan := range m.Offered {
		if plan.PullRequest != 0 && m.At.Sub(plan.OfferedAt) < maxPreviewAge {
			list = append(list, m.needOfPlan("merge", plan, changesOf(plan.Difference)))
		}
	}
	slices.SortStableFunc(list, func(a, b need) int { return cmp.Compare(a.rank(), b.rank()) })
	return list
}

// needsNow returns what of the branch waits for a person, and needsLater the rest: what is
// approved, and what would wait after a merge.
func (m *Model) needsNow() []need {
	return slices.DeleteFunc(slices.Clone(m.index().needs), need.isLater)
}

func (m *Model) needsLater() []need {
	return slices.DeleteFunc(slices.Clone(m.index().needs), func(n need) bool { return !n.isLater() })
}

func (n need) isLater() bool { return n.kind == "merge" || n.kind == "approved" }

// maxPreviewAge is how long a plan of a pull request is shown: nothing says that the pull
// request was closed.
const maxPreviewAge = 7 * 24 * time.Hour

func (n need) rank() int {
	return slices.Index([]string{"held", "failed", "rollout", "approval", "blocked", "drifted", "approved", "merge"}, n.kind)
}

// isForApprover reports whether an approval is what it waits for.
func (n need) isForApprover() bool { return n.kind == "approval" || n.kind == "merge" }

func (m *Model) needsOf(w inspect.StatusWorkspace) []need {
	var list []need
	base := need{workspace: w.Name, run: m.lastRun(w.Name), error: w.Error, at: w.At}
	isHeld := w.Hold != nil && w.Hold.Kind == state.Recovery
	switch {
	case isHeld:
		n := base
		n.kind, n.error, n.at = "held", w.Hold.Reason, w.Hold.PlacedAt
		n.help, n.command = "page.resume.command", "reconcile resume "+shell.Quote(w.Name)
		if w.Hold.Help != "" {
			n.error += "\n" + w.Hold.Help
		}
		list = append(list, n)
	case w.Removed || w.Hold != nil:
		return nil
	case isRolloutStopped(m.Rollouts[w.Name].Phase):
		list = append(list, m.needOfRollout(m.Rollouts[w.Name]))
	case w.Outcome == state.Failed:
		n := base
		n.kind, n.help, n.command = "failed", "page.retry.command", "reconcile now"
		list = append(list, n)
	case w.Outcome == state.Blocked:
		list = append(list, m.needOfBlocked(w, base))
	}
	if w.HasDrifted() && !isHeld {
		n := base
		n.kind, n.changes, n.run, n.error, n.at = "drifted", w.DriftChanges, w.DriftRun, w.DriftWithheld, *w.DriftAt
		if w.DriftWithheld == "" {
			n.help, n.command = "page.revert.command", "reconcile now --replan "+shell.Quote(w.Name)
		}
		list = append(list, n)
	}
	return list
}

func (m *Model) needOfBlocked(w inspect.StatusWorkspace, n need) need {
	n.kind = "blocked"
	i := slices.IndexFunc(m.Offered, func(p state.OfferedPlan) bool {
		return p.PullRequest == 0 && p.Workspace == w.Name && p.Digest == w.Digest
	})
	if i < 0 {
		return n
	}
	n = m.needOfPlan("approval", m.Offered[i], w.Changes)
	n.run = cmp.Or(n.run, m.lastRun(w.Name))
	for _, offer := range m.OfferedOn[w.Name] {
		if offer.Digest == w.Digest {
			n.pullRequest, n.comment = offer.PullRequest, offer.ID
		}
	}
	if n.pullRequest == 0 {
		n.approval = ""
	}
	if a := w.ApprovalInForce(m.At); a != nil {
		n.kind, n.approved = "approved", a
	}
	return n
}

func (m *Model) needOfPlan(kind string, plan state.OfferedPlan, changes state.Changes) need {
	n := need{
		kind: kind, workspace: plan.Workspace, changes: &changes, risk: plan.Risk, why: plan.Why, digest: plan.Digest,
		pullRequest: plan.PullRequest, run: plan.Run, at: plan.OfferedAt, risks: m.risksOf(plan.Run, plan.Workspace),
		command: "reconcile approve " + shell.Quote(plan.Workspace) + " " + plan.Digest.Abbrev(),
	}
	if m.Site.CanComment {
		n.approval = "/approve " + plan.Workspace + " " + plan.Digest.Abbrev()
	}
	return n
}

// changesOf counts the changes of a difference.
func changesOf(d plandigest.Difference) (c state.Changes) {
	for _, change := range d.Changes {
		switch {
		case strings.HasPrefix(change.Address, "output."):
		case strings.Contains(change.Action, "delete") && strings.Contains(change.Action, "create"):
			c.Replace++
		case strings.Contains(change.Action, "delete"):
			c.Destroy++
		case strings.Contains(change.Action, "create"):
			c.Add++
		case strings.Contains(change.Action, "update"):
			c.Change++
		}
	}
	return c
}

// resultOf returns what a run did with a workspace.
func resultOf(r state.Run, workspace string) (state.RunWorkspace, bool) {
	i := slices.IndexFunc(r.Workspaces, func(w state.RunWorkspace) bool { return w.Name == workspace })
	if i < 0 {
		return state.RunWorkspace{}, false
	}
	return r.Workspaces[i], true
}

// lastRun returns the newest run that worked on a workspace; "" if none is shown.
func (m *Model) lastRun(workspace string) runid.ID { return m.index().last[workspace] }

// risksOf returns what each change of a plan does, as the run recorded it.
func (m *Model) risksOf(run runid.ID, workspace string) []state.ChangeRisk {
	if i, ok := m.index().runs[run]; ok {
		w, _ := resultOf(m.Runs[i], workspace)
		return w.Risks
	}
	return nil
}

// isOf reports whether the page is that of the workspace that something is needed for.
func (s document) isOf(n need) bool { return s.path == WorkspacePath(n.workspace) }

// cardRisks returns how many changes a card lists: on the workspace's own page, all.
func (s document) cardRisks(n need) int {
	if s.isOf(n) {
		return len(n.risks)
	}
	return maxCardRisks
}
