package webhook

import (
	"context"
	"sync"
	"time"

	"reconcile/reconciler/backlog"
)

// tokenTTL is how long a token is cached, and so how long a new token takes to be used
// everywhere.
const tokenTTL = 5 * time.Minute

// CacheToken returns a function that reads a token when it is first called, and again after
// five minutes. It does not cache errors.
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
