package main

import (
	"context"
	"sync"
)

// cacheSuccess returns a function that calls f until f succeeds once, and
// returns that value from then on. It does not cache a failure: the next call may
// succeed, and a watch runs for months.
func cacheSuccess[T any](f func(ctx context.Context) (T, error)) func(ctx context.Context) (T, error) {
	var mu sync.Mutex
	var cached bool
	var value T
	return func(ctx context.Context) (T, error) {
		mu.Lock()
		defer mu.Unlock()
		if cached {
			return value, nil
		}
		got, err := f(ctx)
		if err == nil {
			value, cached = got, true
		}
		return got, err
	}
}
