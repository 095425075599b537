package webhook

import (
	"context"
	"sync"
	"time"

	"reconcile/reconciler/backlog"
)

// tokenTTL is how long a token is kept: so long does another one take to be
// known everywhere.
const tokenTTL = 5 * time.Minute

// CacheToken returns what reads a token when it is first asked for it, and again
// every five minutes. An error is not kept.
func CacheToken(read func(ctx context.Context) (backlog.Secret, error)) func(ctx context.Context) (backlog.Secret, error) {
	var mu sync.Mutex
	var cached backlog.Secret
	var readAt time.Time
	return func(ctx context.Context) (backlog.Secret, error) {
		mu.Lock()
		defer mu.Unlock()
		if cached != "" && time.Since(readAt) < tokenTTL {
			return cached, nil
		}
		value, err := read(ctx)
		if err == nil {
			cached, readAt = value, time.Now()
		}
		return value, err
	}
}
