package state

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"reconcile/internal/lazyregexp"
	"reconcile/internal/retry"
	"reconcile/internal/stateid"
)

// Options tune the rules. In production the zero value is right, except for Process and
// IsProcessDead in ECS and CodeBuild.
type Options struct {
	// LeaseDuration is how long a lease outlives its last renewal. Default 60 s.
	LeaseDuration time.Duration
	// PollInterval is how often a waiting run reads a held lease, and how often a holder
	// reads its clocks. Default: a 60th of LeaseDuration.
	PollInterval time.Duration
	// Now is the wall clock: it is displayed, and watched for leaps.
	Now func() time.Time
	// MonotonicNow is a clock that never goes back: the time since an instant of the
	// implementation's choice.
	MonotonicNow func() time.Duration
	// Process is the process that leases are acquired for. Default: CurrentProcess().
	Process Process
	// IsProcessDead asks the service that ran a process outside this machine (an ECS
	// task, a CodeBuild build) whether the process has ended. It returns true only if
	// that is certain. It may be nil.
	IsProcessDead func(context.Context, Process) (bool, error)
}

// Record is what a store holds under one record's name, and the rules by which it
// changes. It is safe for use by several goroutines.
type Record struct {
	store Store
	name  string
	opts  Options

	mu         sync.Mutex
	observed   map[stateid.ID]observation // by identity: held leases as this process first saw them
	idleOwners map[string]bool            // owners of leases that this process may hold without working under them
}

// New returns the record of that name in store. It reads nothing yet.
func New(store Store, name string, opts Options) *Record {
	if opts.LeaseDuration <= 0 {
		opts.LeaseDuration = time.Minute
	}
	if opts.PollInterval <= 0 {
		opts.PollInterval = opts.LeaseDuration / 60
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.MonotonicNow == nil {
		start := time.Now()
		opts.MonotonicNow = func() time.Duration { return time.Since(start) }
	}
	if opts.Process == (Process{}) {
		opts.Process = CurrentProcess()
	}
	return &Record{store: store, name: name, opts: opts, observed: map[stateid.ID]observation{}, idleOwners: map[string]bool{}}
}

// Name returns the record's name in its store.
func (r *Record) Name() string { return r.name }

func (r *Record) key(sk string) Key { return Key{PK: r.name, SK: sk} }

func leaseKey(identity stateid.ID) Key { return Key{PK: LeasePartition, SK: string(identity)} }

// now returns the wall clock without its monotonic reading, to the millisecond, as it is
// stored.
func (r *Record) now() time.Time { return r.opts.Now().Round(0).UTC().Truncate(time.Millisecond) }

// get reads the item under key; found is false if there is none.
func get[T storable](ctx context.Context, r *Record, key Key) (v T, found bool, err error) {
	value, err := r.store.Get(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return v, false, nil
	}
	if err != nil {
		return v, false, err
	}
	err = decode(Item{Key: key, Value: value}, &v)
	return v, err == nil, err
}

// write writes ops. A store's error does not say whether they took effect: a write can
// time out, be retried below us, and then fail on its own first effect. So verify looks
// for the effect in the record before write returns an error.
func (r *Record) write(ctx context.Context, verify func(context.Context) (bool, error), ops ...Op) error {
	err := r.store.Write(ctx, ops...)
	if err == nil || errors.Is(err, ErrNotWritten) {
		return err
	}
	cleanupCtx, cancel := r.cleanupContext(ctx)
	defer cancel()
	if ok, readErr := verify(cleanupCtx); readErr == nil && ok {
		return nil
	}
	return err
}

// cleanupContext returns a context for what must be known or done even after ctx has
// ended.
func (r *Record) cleanupContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), r.opts.LeaseDuration/12)
}

// verifyStored returns a verify function for write: it reports whether the item at key is value.
func verifyStored[T storable](r *Record, key Key, value json.RawMessage) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		got, found, err := get[T](ctx, r, key)
		if err != nil || !found {
			return false, err
		}
		reencoded, err := encode(got)
		return err == nil && bytes.Equal(reencoded, value), err
	}
}

// maxTries is how often a change that others overtake is tried.
const maxTries = 50

// retry calls f again as long as others overtake it.
func (r *Record) retry(ctx context.Context, f func() error) error {
	isConflict := func(err error) bool { return errors.Is(err, ErrConflict) }
	err := retry.Do(ctx, retry.NewExponentialPauses(time.Millisecond, 12*time.Millisecond, 1), isConflict, f, backoff.WithMaxTries(maxTries))
	if isConflict(err) && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// unsafeChars are characters that a directory name should not have.
var unsafeChars = lazyregexp.New(`[^A-Za-z0-9._-]+`)

// DirName turns a record's name into the name of its directories on this machine: its last
// part for people, and a hash that tells "a/b" from "a_b".
func DirName(record string) string {
	last := record[strings.LastIndex(record, "/")+1:]
	sum := sha256.Sum256([]byte(record))
	return strings.Trim(unsafeChars().ReplaceAllString(last, "-"), ".-") + "-" + hex.EncodeToString(sum[:4])
}
