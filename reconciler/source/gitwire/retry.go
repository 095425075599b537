package gitwire

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"

	"reconcile/internal/retry"
)

// RetryPolicy sets how often and with what delay a request is repeated after a transient
// failure. The zero value is four tries, the second after half a second.
type RetryPolicy struct {
	MaxTries     uint          // in total
	InitialDelay time.Duration // before the second try; doubles, with jitter
}

func (r RetryPolicy) orDefault() RetryPolicy {
	if r.MaxTries == 0 {
		return RetryPolicy{MaxTries: 4, InitialDelay: 500 * time.Millisecond}
	}
	return r
}

// retry calls request until it succeeds, fails permanently or reaches the maximum number of
// tries. It returns the last error.
func (c *Client) retry(ctx context.Context, request func() error) error {
	pauses := retry.Doubling(c.retryPolicy.InitialDelay, time.Minute, 0.5)
	return retry.Do(ctx, pauses, IsTransient, request, backoff.WithMaxTries(c.retryPolicy.MaxTries), backoff.WithNotify(func(err error, delay time.Duration) {
		c.log.WarnContext(ctx, "git remote failed; will retry", "error", err, "after", delay)
	}))
}
