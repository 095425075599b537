package preview

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"reconcile/internal/stateid"
	"reconcile/reconciler/internal/checkout"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/internal/worker"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source/gittree"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/policy"
	"reconcile/state"
)

// plan plans the stale workspaces: with the plan roles, without a lease or lock, and
// without a record. The settings at the tip, not those of the pull request, decide
// which code may run.
func (p *pullRequestPlan) plan(ctx, killCtx context.Context) error {
	if p.merged == nil {
		return nil
	}
	thisRun := run.New(p.tip.Config, run.Options{Trigger: trigger})
	var names []string
	for _, name := range p.merged.Graph.Order() {
		if p.stale[name] {
			names = append(names, name)
		}
	}
	results, err := p.planWorkspaces(ctx, killCtx, thisRun, names)
	if err != nil || p.preview.Error != "" {
		return err
	}
	for _, result := range results {
		thisRun.Result.Add(result)
	}
	thisRun.Result.Finalize(nil)
	p.preview.Workspaces = thisRun.Result.Workspaces
	p.preview.Outcome = p.outcome(thisRun.Result)
	p.preview.Readers = p.listReaders()
	return nil
}

// planWorkspaces plans those of the workspaces that may be planned. The names are in
// dependency order.
func (p *pullRequestPlan) planWorkspaces(ctx, killCtx context.Context, thisRun *run.Run, names []string) ([]run.WorkspaceResult, error) {
	var results []run.WorkspaceResult
	var allowed []string
	for _, name := range names {
		entry := p.merged.Entries[name]
		if result, refused := p.refuse(entry); refused {
			entry.Result = &result
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
	if p.tip.Config.Executor == nil {
		planned, err = p.planLocally(ctx, killCtx, thisRun, allowed)
	} else {
		planned, err = p.planRemotely(ctx, thisRun, allowed)
	}
	for i := range planned {
		planned[i].MayRunOwnCode = slices.Contains(p.ownCode, planned[i].Name)
		p.merged.Entries[planned[i].Name].Result = &planned[i]
	}
	return append(results, planned...), err
}

// planLocally plans in this process, several at once. A workspace waits for those of
// its upstreams that are planned too.
func (p *pullRequestPlan) planLocally(ctx, killCtx context.Context, thisRun *run.Run, names []string) ([]run.WorkspaceResult, error) {
	dir := p.openCheckout(thisRun)
	defer dir.Close()
	planner := worker.New(thisRun, p.merged, dir)
	if err := p.prepareCheckout(ctx, dir); err != nil || p.preview.Error != "" {
		return nil, err
	}
	done := map[string]chan struct{}{}
	for _, name := range names {
		done[name] = make(chan struct{})
	}
	results := make([]run.WorkspaceResult, len(names))
	slots := make(chan struct{}, p.tip.Config.Parallelism)
	var group errgroup.Group
	for i, name := range names {
		group.Go(func() error {
			defer close(done[name])
			for _, up := range p.merged.Graph.DependsOn(name) {
				if planned := done[up]; planned != nil {
					<-planned
				}
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			return run.CatchPanic(func() error {
				ctx, cancel := context.WithTimeoutCause(ctx, planTimeout, errTooLong)
				defer cancel()
				entry := p.merged.Entries[name]
				results[i] = planner.PlanWorkspace(ctx, killCtx, entry)
				entry.Result = &results[i]
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

// openCheckout returns the checkout of the merged tree. A process that plans only one
// pull request shares its work directory with nobody, and uses the path of passes.
func (p *pullRequestPlan) openCheckout(thisRun *run.Run) *checkout.Checkout {
	dir := p.tip.Config.PassDir()
	if !p.alone {
		dir = filepath.Join(p.tip.Config.WorkDir, "preview", "checkout", state.DirName(p.tip.Config.RecordName))
	}
	return checkout.NewUntrusted(thisRun, p.merged, p.tip.Settings.PreviewPolicy(p.merged.Product), dir)
}

// prepareCheckout prepares what every plan needs. Its failure is not the pull
// request's, except for a tree that is too large.
func (p *pullRequestPlan) prepareCheckout(ctx context.Context, dir *checkout.Checkout) error {
	if _, err := dir.LayOut(ctx); errors.Is(err, gittree.ErrTreeTooLarge) {
		return p.setError(err)
	} else if err != nil {
		return err
	}
	_, err := dir.OpenTerraform(ctx)
	return err
}

// trigger appears in role session names and logs.
const trigger = "preview"

// refuse returns the result of a workspace that must not be planned.
func (p *pullRequestPlan) refuse(entry *inventory.Entry) (result run.WorkspaceResult, done bool) {
	result = run.WorkspaceResult{Name: entry.Dir.Name, StaleReasons: p.merged.StaleReasons(entry)}
	if err := p.pinPermissions(entry); err != nil {
		result.Outcome, result.Error = state.Failed, err.Error()
		return result, true
	}
	if err := p.merged.Load(entry).Err; err != nil {
		result.Outcome, result.Error = state.Failed, err.Error()
		return result, true
	}
	approved := p.findAtTip(entry)
	entry.Stateless = approved == nil
	proposal := policy.Proposal{Dir: entry.Dir, Config: entry.Config, TipWorkspace: approved, LocalStates: p.listLocalStates()}
	if result.Refused = policy.Check(p.merged.Commit.Tree, p.merged.Product, proposal, p.tip.Settings.PreviewPolicy(p.merged.Product)); len(result.Refused) > 0 {
		result.Outcome, result.Error = state.Blocked, refusedText
		return result, true
	}
	p.noteOwnCode(proposal)
	return result, false
}

// noteOwnCode notes a workspace whose plan may run code of the pull request: the settings at
// the tip except names from those that are refused.
func (p *pullRequestPlan) noteOwnCode(proposal policy.Proposal) {
	strict := p.tip.Settings.PreviewPolicy(p.merged.Product)
	if len(strict.AllowedNames) == 0 {
		return
	}
	strict.AllowedNames = nil
	if len(policy.Check(p.merged.Commit.Tree, p.merged.Product, proposal, strict)) > 0 {
		p.ownCode = append(p.ownCode, proposal.Dir.Name)
	}
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
func (p *pullRequestPlan) pinPermissions(entry *inventory.Entry) error {
	tip, err := p.tip.Settings.PermissionConfig(entry.Dir.Name)
	if err != nil {
		return err
	}
	own := entry.Config
	entry.Config.PlanRole, entry.Config.ApplyRole = tip.PlanRole, tip.ApplyRole
	entry.Config.Env, entry.Config.AllowUnlocked = tip.Env, tip.AllowUnlocked
	entry.Config.Positions = map[string]string{}
	maps.Copy(entry.Config.Positions, own.Positions)
	maps.Copy(entry.Config.Positions, tip.Positions)
	if own.PlanRole != tip.PlanRole || own.AllowUnlocked != tip.AllowUnlocked || !slices.Equal(own.Env, tip.Env) {
		p.preview.PermissionChanges = append(p.preview.PermissionChanges, entry.Dir.Name)
	}
	return nil
}

// findAtTip returns the workspace at the tip, possibly under another name; nil if there is
// none.
func (p *pullRequestPlan) findAtTip(entry *inventory.Entry) *workspace.Workspace {
	if before := p.tip.Entries[entry.Dir.Name]; before != nil {
		return p.tip.Load(before)
	}
	identity := p.merged.Load(entry).Identity
	for name, before := range p.tip.Entries {
		if p.merged.Entries[name] == nil && p.tip.Load(before).Identity == identity {
			return p.tip.Load(before)
		}
	}
	return nil
}

// listLocalStates returns the identities of the local states at the tip and after the
// merge.
func (p *pullRequestPlan) listLocalStates() (all []stateid.ID) {
	for _, workspaces := range []*inventory.Inventory{p.tip, p.merged} {
		for _, entry := range workspaces.Entries {
			if identity := workspaces.StateIdentity(entry); strings.HasPrefix(string(identity), workspace.LocalIdentityPrefix) && !slices.Contains(all, identity) {
				all = append(all, identity)
			}
		}
	}
	return all
}

func (p *pullRequestPlan) outcome(result *run.Result) string {
	if slices.ContainsFunc(result.Workspaces, func(w run.WorkspaceResult) bool { return len(w.Refused) > 0 }) && result.Outcome != run.OutcomeFailed {
		return OutcomeRefused
	}
	return result.Outcome
}

// listReaders returns the workspaces below those with changes.
func (p *pullRequestPlan) listReaders() (readers []Reader) {
	moving := map[string]bool{}
	for _, name := range p.merged.Graph.Order() {
		var after []string
		for _, up := range p.merged.Graph.DependsOn(name) {
			if moving[up] {
				after = append(after, up)
			}
		}
		r := p.merged.Entries[name].Result
		moving[name] = len(after) > 0 || r != nil && r.Outcome != state.NoChanges
		if len(after) > 0 {
			readers = append(readers, Reader{Name: name, After: after})
		}
	}
	return readers
}
