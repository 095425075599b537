package source

import (
	"context"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// retry says how often and how patiently a remote is asked again after a
// failure that may be gone the next time.
type retry struct {
	tries uint
	first time.Duration // before the second try; doubled, with jitter
}

func (r retry) orDefault() retry {
	if r.tries == 0 {
		return retry{tries: 4, first: 500 * time.Millisecond}
	}
	return r
}

// again calls ask until it succeeds, fails for good, or was called often
// enough; the error is the last.
func again[T any](ctx context.Context, r retry, log *slog.Logger, ask func() (T, error)) (T, error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.Multiplier, wait.RandomizationFactor = r.first, 2, 0.5
	var last error
	result, err := backoff.Retry(ctx, func() (T, error) {
		result, err := ask()
		if err != nil {
			last = err
			if !Transient(err) || ctx.Err() != nil {
				err = backoff.Permanent(err)
			}
		}
		return result, err
	}, backoff.WithBackOff(wait), backoff.WithMaxTries(r.tries), backoff.WithNotify(func(err error, after time.Duration) {
		log.WarnContext(ctx, "git remote failed; trying again", "error", err, "after", after)
	}))
	if err != nil && last != nil {
		return result, last
	}
	return result, err
}
