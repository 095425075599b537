package main

import (
	"context"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

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
