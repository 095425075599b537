package gitwire

import (
	"context"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
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

// retry calls operation until it succeeds, fails permanently or reaches the maximum number of
// tries. It returns the last error.
func retry[T any](ctx context.Context, r RetryPolicy, log *slog.Logger, operation func() (T, error)) (T, error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.Multiplier, wait.RandomizationFactor = r.InitialDelay, 2, 0.5
	var last error
	result, err := backoff.Retry(ctx, func() (T, error) {
		result, err := operation()
		if err != nil {
			last = err
			if !IsTransient(err) || ctx.Err() != nil {
				err = backoff.Permanent(err)
			}
		}
		return result, err
	}, backoff.WithBackOff(wait), backoff.WithMaxTries(r.MaxTries), backoff.WithNotify(func(err error, delay time.Duration) {
		log.WarnContext(ctx, "git remote failed; will retry", "error", err, "after", delay)
	}))
	if err != nil && last != nil {
		return result, last
	}
	return result, err
}
