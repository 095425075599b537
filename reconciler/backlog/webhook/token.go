package webhook

import (
	"context"
	"sync"
	"time"

	"reconcile/reconciler/backlog"
)

// fresh is how long a token is kept: so long does another one take to be
// known everywhere.
const fresh = 5 * time.Minute

// Keep returns what reads a token when it is first asked for it, and again
// every five minutes. An error is not kept.
func Keep(read func(ctx context.Context) (backlog.Secret, error)) func(ctx context.Context) (backlog.Secret, error) {
	var mu sync.Mutex
	var kept backlog.Secret
	var when time.Time
	return func(ctx context.Context) (backlog.Secret, error) {
		mu.Lock()
		defer mu.Unlock()
		if kept != "" && time.Since(when) < fresh {
			return kept, nil
		}
		value, err := read(ctx)
		if err == nil {
			kept, when = value, time.Now()
		}
		return value, err
	}
}
