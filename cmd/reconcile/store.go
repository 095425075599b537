package main

import (
	"context"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"reconcile/cmd/reconcile/internal/awsworker"
	"reconcile/state"
	"reconcile/state/dynamodb"
	"reconcile/state/embedded"
)

// openStore opens the store of --state. close closes it.
func (p *deps) openStore(ctx context.Context) (state.Store, error) {
	s := p.settings
	if s.isEmbedded() {
		store, err := embedded.Open(s.State)
		if err != nil {
			return nil, err
		}
		p.closers = append(p.closers, store.Close)
		return store, nil
	}
	cfg, err := p.aws()
	if err != nil {
		return nil, err
	}
	store := dynamodb.New(sdk.NewFromConfig(cfg), strings.TrimPrefix(s.State, schemeDynamoDB))
	p.closers = append(p.closers, store.Close)
	return store, nil
}

// recordOptions returns the identity of this process, and a function that asks AWS
// whether another process has ended.
func (p *deps) recordOptions(ctx context.Context) state.Options {
	self := state.CurrentProcess()
	task, err := awsworker.ReadTaskARN(ctx)
	if err != nil {
		p.log.Warn("could not read the ECS task ARN; if this task is killed, its leases expire, but its Terraform locks must be released by hand", "error", err)
	}
	self.TaskARN = task
	return state.Options{Process: self, IsProcessDead: p.isProcessDead}
}

func (p *deps) isProcessDead(ctx context.Context, process state.Process) (bool, error) {
	return awsworker.IsProcessDead(ctx, p.aws, process)
}
