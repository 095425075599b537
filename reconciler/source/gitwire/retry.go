package gitwire

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"reconcile/internal/redact"
	"reconcile/internal/retry"
)

// RetryPolicy sets how often and with what delay a request is repeated after a transient
// failure. The zero value is four tries, the second after half a second; after a status of 503
// that asks for no other delay five seconds, after 429 a minute.
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

// maxRetryWait limits the delay that a remote may ask for. After it the caller's schedule
// decides.
const maxRetryWait = 2 * time.Minute

// rateLimitDelay returns the delay after 429: Backlog's limits are per minute.
func (r RetryPolicy) rateLimitDelay() time.Duration {
	return 120 * max(r.InitialDelay, time.Millisecond)
}

// overloadDelay returns the delay after 503.
func (r RetryPolicy) overloadDelay() time.Duration { return 10 * max(r.InitialDelay, time.Millisecond) }

// retry calls request until it succeeds, fails permanently, reaches the maximum number of
// tries, or would have to wait for longer than it may. It returns the last error, without
// our secrets: a remote may quote the request.
func (c *Client) retry(ctx context.Context, request func() error) error {
	pauses := retry.NewExponentialPauses(c.retryPolicy.InitialDelay, time.Minute, 0.5)
	isWorthATry := func(err error) bool {
		var e *Error
		if !errors.As(err, &e) || !e.Transient {
			return false
		}
		deadline, bounded := ctx.Deadline()
		return e.RetryAfter <= maxRetryWait && (!bounded || time.Now().Add(e.RetryAfter).Before(deadline))
	}
	redacted := func() error { return redact.Error(request(), c.secrets...) }
	return retry.Do(ctx, pauses, isWorthATry, redacted, backoff.WithMaxTries(c.retryPolicy.MaxTries), backoff.WithNotify(func(err error, delay time.Duration) {
		c.log.WarnContext(ctx, "git remote failed; will retry", "error", err, "after", delay)
	}))
}
