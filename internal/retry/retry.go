// Package retry calls a function again after a transient failure. cenkalti/backoff makes the
// pauses and the loop. This package decides which error is returned, and which try is the last.
package retry

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Do calls try until it succeeds, until isTransient denies its error, or until ctx ends. It
// waits for pauses between the tries. It returns try's last error, also when ctx ends while it
// waits: the caller asks ctx for the reason.
func Do(ctx context.Context, pauses backoff.BackOff, isTransient func(error) bool, try func() error, options ...backoff.RetryOption) error {
	var last error
	options = append([]backoff.RetryOption{backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0)}, options...)
	_, _ = backoff.Retry(ctx, func() (struct{}, error) {
		last = try()
		if last != nil && !isTransient(last) {
			return struct{}{}, backoff.Permanent(last)
		}
		return struct{}{}, last
	}, options...)
	return last
}

// NewExponentialPauses returns pauses that begin at first and double up to longest. Each is then longer or
// shorter by a random part of itself, up to jitter (0 to 1).
func NewExponentialPauses(first, longest time.Duration, jitter float64) backoff.BackOff {
	return &backoff.ExponentialBackOff{InitialInterval: first, MaxInterval: longest, Multiplier: 2, RandomizationFactor: jitter}
}
