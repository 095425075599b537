package webhook

import (
	"context"
	"sync"
	"time"

	"reconcile/internal/secret"
)

// tokenTTL is how long a token is cached, and so how long a new token takes to be used
// everywhere.
const tokenTTL = 5 * time.Minute

// CacheToken returns a function that reads a token when it is first called, and again after
// five minutes. It does not cache errors.
func CacheToken(read func(ctx context.Context) (secret.Text, error)) func(ctx context.Context) (secret.Text, error) {
	var mu sync.Mutex
	var cached secret.Text
	var readAt time.Time
	return func(ctx context.Context) (secret.Text, error) {
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
