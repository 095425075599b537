package run

import (
	"context"
	"time"

	"reconcile/internal/retry"
	"reconcile/state"
)

// CleanupContext returns a context for writes that must happen even after the pass was
// stopped.
func CleanupContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), RecordTimeout)
}

// RecordTimeout limits the retries of a write to the record. With the time since the
// lease's last renewal it is well below the lease's duration.
const RecordTimeout = 20 * time.Second

// RetryWrite repeats a write that must not be lost, until it succeeds, ctx ends, or the
// error is permanent.
func RetryWrite(ctx context.Context, write func() error) error {
	return retry.Do(ctx, retry.NewExponentialPauses(50*time.Millisecond, 2*time.Second, 0), state.IsRetryable, write)
}

// Backoff returns the delay before the next try after n failures in a row: one minute,
// doubled each time up to one hour, plus or minus 20 percent.
func (c *Config) Backoff(n int) time.Duration {
	wait := min(time.Minute<<min(n-1, 10), time.Hour)
	return wait*4/5 + c.Jitter(wait*2/5)
}

// maxRetryWait is longer than any pause before a retry.
const maxRetryWait = 24 * time.Hour

// IsDue reports whether the time of a retry has come. One that is far away was written where the
// clock was wrong: else nothing would be tried again before that time.
func (c *Config) IsDue(retryAt time.Time) bool {
	wait := retryAt.Sub(c.Now())
	return wait <= 0 || wait > maxRetryWait
}
