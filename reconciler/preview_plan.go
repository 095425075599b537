package reconciler

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"reconcile/reconciler/run"
	"reconcile/reconciler/source/gittree"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
	"reconcile/state"
)

// plan plans the stale workspaces: with the plan roles, without a lease or lock, and
// without a record. The settings at the tip, not those of the pull request, decide
// which code may run.
func (l *pullRequestPlan) plan(ctx, killCtx context.Context) error {
	if l.merged == nil {
		return nil
	}
	thisRun := run.New(l.tip.config, run.Options{Trigger: previewTrigger})
	var names []string
	for _, name := range l.merged.graph.Order() {
		if l.stale[name] {
			names = append(names, name)
		}
	}
	results, err := l.planWorkspaces(ctx, killCtx, thisRun, names)
	if err != nil || l.preview.Error != "" {
		return err
	}
	for _, result := range results {
		thisRun.Result.Add(result)
	}
	thisRun.Result.Finalize(nil)
	l.preview.Workspaces = thisRun.Result.Workspaces
	l.preview.Outcome = l.outcome(thisRun.Result)
	l.preview.Readers = l.listReaders()
	return nil
}

// planWorkspaces plans those of the workspaces that may be planned. The names are in
// dependency order.
func (l *pullRequestPlan) planWorkspaces(ctx, killCtx context.Context, thisRun *run.Run, names []string) ([]run.WorkspaceResult, error) {
	var results []run.WorkspaceResult
	var allowed []string
	for _, name := range names {
		entry := l.merged.entries[name]
		if result, refused := l.refuse(entry); refused {
			entry.result = &result
			results = append(results, result)
		} else {
			allowed = append(allowed, name)
		}
	}
	if len(allowed) == 0 {
		return results, nil
	}
	var planned []run.WorkspaceResult
	var err error
	if l.tip.config.Executor == nil {
		planned, err = l.planLocally(ctx, killCtx, thisRun, allowed)
	} else {
		planned, err = l.planRemotely(ctx, thisRun, allowed)
	}
	for i := range planned {
		l.merged.entries[planned[i].Name].result = &planned[i]
	}
	return append(results, planned...), err
}

// planLocally plans in this process, several at once. A workspace waits for those of
// its upstreams that are planned too.
func (l *pullRequestPlan) planLocally(ctx, killCtx context.Context, thisRun *run.Run, names []string) ([]run.WorkspaceResult, error) {
	checkout := l.openCheckout(thisRun)
	defer checkout.close()
	if err := l.prepareCheckout(ctx, checkout); err != nil || l.preview.Error != "" {
		return nil, err
	}
	done := map[string]chan struct{}{}
	for _, name := range names {
		done[name] = make(chan struct{})
	}
	results := make([]run.WorkspaceResult, len(names))
	slots := make(chan struct{}, l.tip.config.Parallelism)
	var group errgroup.Group
	for i, name := range names {
		group.Go(func() error {
			defer close(done[name])
			for _, up := range l.merged.graph.DependsOn(name) {
				if planned := done[up]; planned != nil {
					<-planned
				}
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			return run.CatchPanic(func() error {
				ctx, cancel := context.WithTimeoutCause(ctx, planTimeout, errTooLong)
				defer cancel()
				entry := l.merged.entries[name]
				results[i] = checkout.planWorkspace(ctx, killCtx, entry)
				entry.result = &results[i]
				return nil
			})
		})
	}
	err := group.Wait()
	if err == nil && ctx.Err() != nil {
		err = thisRun.StopError(ctx)
	}
	if err != nil {
		return nil, err
	}
	return results, nil
}

// prepareCheckout prepares what every plan needs. Its failure is not the pull
// request's, except for a tree that is too large.
func (l *pullRequestPlan) prepareCheckout(ctx context.Context, checkout *checkout) error {
	if _, err := checkout.ensureLaidOut(ctx); errors.Is(err, gittree.ErrTreeTooLarge) {
		return l.setError(err)
	} else if err != nil {
		return err
	}
	_, err := checkout.openTerraform(ctx)
	return err
}

// previewTrigger appears in role session names and logs.
const previewTrigger = "preview"

// refuse returns the result of a workspace that must not be planned.
func (l *pullRequestPlan) refuse(entry *workspaceEntry) (result run.WorkspaceResult, done bool) {
	result = run.WorkspaceResult{Name: entry.dir.Name, StaleReasons: l.merged.staleReasons(entry)}
	if err := l.pinPermissions(entry); err != nil {
		result.Outcome, result.Error = state.Failed, err.Error()
		return result, true
	}
	if err := l.merged.load(entry).Err; err != nil {
		result.Outcome, result.Error = state.Failed, err.Error()
		return result, true
	}
	approved := l.atTip(entry)
	entry.stateless = approved == nil
	proposal := workspace.Proposal{Dir: entry.dir, Config: entry.config, TipWorkspace: approved, LocalStates: l.listLocalStates()}
	if result.Refused = workspace.CheckPolicy(l.merged.commit.Tree, l.merged.product, proposal, l.tip.settings.PreviewPolicy()); len(result.Refused) > 0 {
		result.Outcome, result.Error = state.Blocked, refusedText
		return result, true
	}
	return result, false
}

// planTimeout limits one workspace of a pull request: other previews wait for it.
const planTimeout = 15 * time.Minute

// remotePlanTimeout limits the wait for a remote planner. A planner stops by itself
// before that.
const remotePlanTimeout = time.Hour

var errTooLong = fmt.Errorf("took longer than %s", planTimeout)

const refusedText = "not planned before it is merged, because a plan would run code that the settings at the tip do not allow"

// pinPermissions takes the role and the environment variables of a plan from the
// settings at the tip.
func (l *pullRequestPlan) pinPermissions(entry *workspaceEntry) error {
	tip, err := l.tip.settings.PermissionConfig(entry.dir.Name)
	if err != nil {
		return err
	}
	own := entry.config
	entry.config.PlanRole, entry.config.ApplyRole = tip.PlanRole, tip.ApplyRole
	entry.config.Env, entry.config.AllowUnlocked = tip.Env, tip.AllowUnlocked
	if own.PlanRole != tip.PlanRole || own.AllowUnlocked != tip.AllowUnlocked || !slices.Equal(own.Env, tip.Env) {
		l.preview.PermissionChanges = append(l.preview.PermissionChanges, entry.dir.Name)
	}
	return nil
}

// atTip returns the workspace at the tip, possibly under another name; nil if there is
// none.
func (l *pullRequestPlan) atTip(entry *workspaceEntry) *workspace.Workspace {
	if before := l.tip.entries[entry.dir.Name]; before != nil {
		return l.tip.load(before)
	}
	identity := l.merged.load(entry).Identity
	for name, before := range l.tip.entries {
		if l.merged.entries[name] == nil && l.tip.load(before).Identity == identity {
			return l.tip.load(before)
		}
	}
	return nil
}

// listLocalStates returns the identities of the local states at the tip and after the
// merge.
func (l *pullRequestPlan) listLocalStates() (all []string) {
	for _, w := range []*inventory{l.tip, l.merged} {
		for _, entry := range w.entries {
			if identity := w.stateIdentity(entry); strings.HasPrefix(identity, run.LocalIdentityPrefix) && !slices.Contains(all, identity) {
				all = append(all, identity)
			}
		}
	}
	return all
}

func (l *pullRequestPlan) outcome(result *run.Result) string {
	if slices.ContainsFunc(result.Workspaces, func(w run.WorkspaceResult) bool { return len(w.Refused) > 0 }) && result.Outcome != run.OutcomeFailed {
		return OutcomeRefused
	}
	return result.Outcome
}

// listReaders returns the workspaces below those with changes.
func (l *pullRequestPlan) listReaders() (readers []Reader) {
	moving := map[string]bool{}
	for _, name := range l.merged.graph.Order() {
		var after []string
		for _, up := range l.merged.graph.DependsOn(name) {
			if moving[up] {
				after = append(after, up)
			}
		}
		r := l.merged.entries[name].result
		moving[name] = len(after) > 0 || r != nil && r.Outcome != state.NoChanges
		if len(after) > 0 {
			readers = append(readers, Reader{Name: name, After: after})
		}
	}
	return readers
}

// useEmptyState plans a workspace that is not at the tip with an empty state: its
// backend could name anyone's state.
func (s *checkout) useEmptyState(job *terraform.Spec) {
	job.BackendConfig = ""
	job.LocalState = filepath.Join(s.config.WorkDir, "copies", "none") // never exists
}
