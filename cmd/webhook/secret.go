package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"reconcile/reconciler/backlog"
)

// fresh is how long a secret is kept: so long does another token take to be
// known everywhere.
const fresh = 5 * time.Minute

// secret is a secret of Secrets Manager, read when it is first needed: what
// goes wrong then is an answer, and not a function that does not start.
type secret struct {
	name   string
	client *secretsmanager.Client

	mu   sync.Mutex
	kept backlog.Secret
	read time.Time
}

func (s *secret) value(ctx context.Context) (backlog.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept != "" && time.Since(s.read) < fresh {
		return s.kept, nil
	}
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.name})
	if err != nil {
		return "", fmt.Errorf("read the secret %s: %w", s.name, err)
	}
	value := strings.TrimSpace(aws.ToString(out.SecretString))
	if value == "" {
		return "", fmt.Errorf("the secret %s has no text: put a token into it", s.name)
	}
	s.kept, s.read = backlog.Secret(value), time.Now()
	return s.kept, nil
}
