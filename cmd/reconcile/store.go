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

// openStore opens the store of --state.
func (p *deps) openStore(ctx context.Context) (state.Store, error) {
	s := &p.app.settings
	if s.isEmbedded() {
		return embedded.Open(s.State)
	}
	cfg, err := p.aws()
	if err != nil {
		return nil, err
	}
	return dynamodb.New(sdk.NewFromConfig(cfg), strings.TrimPrefix(s.State, schemeDynamoDB)), nil
}

// recordOptions returns the identity of this process, and a function that asks AWS
// whether another process has ended.
func (p *deps) recordOptions(ctx context.Context) state.Options {
	self := state.CurrentProcess()
	task, err := awsworker.ReadTaskARN(ctx)
	if err != nil {
		p.app.log.Warn("could not read the ECS task ARN; if this task is killed, its leases expire, but its Terraform locks must be released by hand", "error", err)
	}
	self.TaskARN = task
	return state.Options{Process: self, IsProcessDead: p.isProcessDead}
}

func (p *deps) isProcessDead(ctx context.Context, process state.Process) (bool, error) {
	return awsworker.IsProcessDead(ctx, p.aws, process)
}
