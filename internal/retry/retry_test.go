package retry

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// TestDo: Do ends with success, a permanent error, the last try, or the context, and returns
// the last error of the function each time.
func TestDo(t *testing.T) {
	errBusy, errBroken := errors.New("busy"), errors.New("broken")
	isBusy := func(err error) bool { return errors.Is(err, errBusy) }
	tests := []struct {
		name    string
		errs    []error // of each try; then nil
		timeout time.Duration
		options []backoff.RetryOption
		want    error
		tries   int
		waited  time.Duration
	}{
		{"success", nil, time.Hour, nil, nil, 1, 0},
		{"doubles up to the longest", []error{errBusy, errBusy, errBusy, errBusy}, time.Hour, nil, nil, 5, (1 + 2 + 3 + 3) * time.Second},
		{"permanent", []error{errBusy, errBroken}, time.Hour, nil, errBroken, 2, time.Second},
		{"the last try", []error{errBusy, errBusy}, time.Hour, []backoff.RetryOption{backoff.WithMaxTries(2)}, errBusy, 2, time.Second},
		{"the context ends in a pause", []error{errBusy, errBusy}, 2 * time.Second, nil, errBusy, 2, 2 * time.Second},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), test.timeout)
			defer cancel()
			start, tries := time.Now(), 0
			err := Do(ctx, NewExponentialPauses(time.Second, 3*time.Second, 0), isBusy, func() error {
				tries++
				if tries > len(test.errs) {
					return nil
				}
				return test.errs[tries-1]
			}, test.options...)
			if !errors.Is(err, test.want) || tries != test.tries || time.Since(start) != test.waited {
				t.Errorf("%s: %v after %d tries and %s", test.name, err, tries, time.Since(start))
			}
		})
	}
}

// TestNoLimitByItself: Do goes on for longer than the library does by itself.
func TestNoLimitByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		errBusy := errors.New("busy")
		err := Do(t.Context(), NewExponentialPauses(time.Minute, time.Minute, 0.5), func(error) bool { return true }, func() error {
			if time.Since(start) < 24*time.Hour {
				return errBusy
			}
			return nil
		})
		if err != nil {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}
