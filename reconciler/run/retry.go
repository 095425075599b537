package run

import (
	"context"
	"time"

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
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := write()
		if err == nil || !state.IsRetryable(err) || state.Sleep(ctx, pause) != nil {
			return err
		}
	}
}

// Backoff returns the delay before the next try after n failures in a row: one minute,
// doubled each time up to one hour, plus or minus 20 percent.
func (c *Config) Backoff(n int) time.Duration {
	wait := min(time.Minute<<min(n-1, 10), time.Hour)
	return wait*4/5 + c.Jitter(wait*2/5)
}
