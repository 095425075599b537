package wire

import (
	"context"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"reconcile/cmd/reconcile/internal/awsworker"
	"reconcile/cmd/reconcile/internal/config"
	"reconcile/state"
	"reconcile/state/dynamodb"
	"reconcile/state/embedded"
)

// OpenStore opens the store of --state. Close closes it.
func (d *Deps) OpenStore(ctx context.Context) (state.Store, error) {
	s := d.Settings
	if s.IsEmbedded() {
		store, err := embedded.Open(s.State)
		if err != nil {
			return nil, err
		}
		d.closers = append(d.closers, store.Close)
		return store, nil
	}
	cfg, err := d.AWS()
	if err != nil {
		return nil, err
	}
	store := dynamodb.New(sdk.NewFromConfig(cfg), strings.TrimPrefix(s.State, config.SchemeDynamoDB))
	d.closers = append(d.closers, store.Close)
	return store, nil
}

// recordOptions returns the identity of this process, and a function that asks AWS
// whether another process has ended.
func (d *Deps) recordOptions(ctx context.Context) state.Options {
	self := state.CurrentProcess()
	task, err := awsworker.ReadTaskARN(ctx)
	if err != nil {
		d.log.Warn("could not read the ECS task ARN; if this task is killed, its leases expire, but its Terraform locks must be released by hand", "error", err)
	}
	self.TaskARN = task
	return state.Options{Process: self, IsProcessDead: d.IsProcessDead}
}

// IsProcessDead asks AWS whether a process of another machine has ended.
func (d *Deps) IsProcessDead(ctx context.Context, process state.Process) (bool, error) {
	return awsworker.IsProcessDead(ctx, d.AWS, process)
}
