package main

import (
	"context"
	"errors"
	"fmt"

	"reconcile/reconciler"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// freeStateLock frees Terraform's own lock on a workspace. The workspace is
// visited as for a plan, but where the plan would be made the lock is freed;
// our lease keeps passes away meanwhile.
func (p *parts) freeStateLock(ctx context.Context, name, id string) error {
	ctx, hard, release := stops(ctx, patience, tell(p.app.err))
	defer release()
	back, err := p.holdWorkspace(ctx, name)
	if err != nil {
		return err
	}
	defer back()
	r := p.reconciler(nil)
	engine := r.Terraform
	r.Terraform = func(ctx context.Context) (reconciler.Terraform, error) {
		t, err := engine(ctx)
		return unlocking{t, id}, err
	}
	result, err := r.Plan(ctx, hard, reconciler.Options{Only: []string{name}})
	if err != nil {
		return asUsage(err)
	}
	for _, w := range result.Workspaces {
		if w.Name == name && w.Error != "" {
			return errors.New(w.Error)
		}
	}
	return p.record.Unsettle(ctx)
}

// holdWorkspace takes our lease on a workspace, and returns what gives it
// back. One that was never applied has none to take.
func (p *parts) holdWorkspace(ctx context.Context, name string) (back func(), err error) {
	ws, found, err := p.record.Workspace(ctx, name)
	if err != nil || !found {
		return func() {}, err
	}
	head, err := p.record.Head(ctx)
	if err != nil {
		return nil, err
	}
	lease, err := p.record.Acquire(ctx, state.Claim{
		Identity: ws.Identity, Workspace: name, Run: "unlock", Generation: head.Generation,
	})
	if err != nil {
		return nil, err
	}
	return func() {
		if err := lease.Release(context.WithoutCancel(ctx)); err != nil {
			p.app.log.Warn("the lease could not be released and will run out", "workspace", name, "error", err)
		}
	}, nil
}

// unlocking is a Terraform that frees a lock instead of planning.
type unlocking struct {
	reconciler.Terraform
	id string
}

func (u unlocking) Open(hard context.Context, job terraform.Job) reconciler.Session {
	return unlockingSession{u.Terraform.Open(hard, job), u.id}
}

type unlockingSession struct {
	reconciler.Session
	id string
}

func (s unlockingSession) Plan(ctx context.Context) (*terraform.Plan, error) {
	if err := s.ForceUnlock(ctx, s.id); err != nil {
		return nil, fmt.Errorf("free Terraform's lock %s: %w", s.id, err)
	}
	return &terraform.Plan{Empty: true}, nil
}
