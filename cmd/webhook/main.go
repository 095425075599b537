// Command webhook is an AWS Lambda function behind API Gateway. It receives
// Backlog's webhooks and starts a pass in CodeBuild or ECS. It only saves the
// wait for the next poll: polling finds what it misses.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"

	"reconcile/internal/awsredact"
	"reconcile/reconciler/backlog/webhook"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	f, err := newFunction(context.Background(), log, os.Environ())
	if err != nil {
		log.Error("invalid settings", "error", err)
		os.Exit(1)
	}
	lambda.Start(f.handle)
}

// function is the Lambda function.
type function struct {
	receiver *webhook.Receiver
}

func newFunction(ctx context.Context, log *slog.Logger, environ []string) (*function, error) {
	s, err := readSettings(environ)
	if err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	awsredact.RedactErrors(&cfg)
	return &function{&webhook.Receiver{
		Filter: s.filter, Allowlist: s.sources, Token: webhook.CacheToken(newSecretReader(cfg, s.token)), Start: s.target.newStartFunc(cfg),
		Timeout: awsTimeout, Log: log,
	}}, nil
}
