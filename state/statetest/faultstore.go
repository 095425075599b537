package statetest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"reconcile/state"
)

// ErrInjected is the error of a call that was made to fail.
var ErrInjected = errors.New("injected fault")

// Fault is what happens to a call.
type Fault int

// Faults. To the caller all but NoFault and Hang look the same.
const (
	NoFault    Fault = iota
	FailBefore       // it fails and has no effect
	FailAfter        // it takes effect and then fails
	FailLate         // a write that fails, and takes effect when DeliverLate is called
	Hang             // it has no effect and returns when its context ends
)

// Call is a call that may be made to fail: a read of a key (or of a partition, by
// prefix), or a write.
type Call struct {
	Read state.Key
	Ops  []state.Op
}

// IsWrite reports whether the call is a write.
func (c Call) IsWrite() bool { return len(c.Ops) > 0 }

// FaultStore is a store that fails on purpose.
type FaultStore struct {
	state.Store

	mu         sync.Mutex
	decide     func(Call) Fault
	lateWrites [][]state.Op
	completed  int
}

// NewFaultStore wraps store. Nothing fails until Inject is called.
func NewFaultStore(store state.Store) *FaultStore { return &FaultStore{Store: store} }

// Inject makes decide choose the fault of each later call; nil: none. decide is called
// for one call at a time.
func (f *FaultStore) Inject(decide func(Call) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decide = decide
}

// OnEveryCall returns a function for Inject that gives every call this fault.
func OnEveryCall(fault Fault) func(Call) Fault {
	return func(Call) Fault { return fault }
}

// OnNextWrites returns a function for Inject that gives the next writes one of faults
// each, and later writes none.
func OnNextWrites(faults ...Fault) func(Call) Fault {
	return func(c Call) Fault {
		if !c.IsWrite() || len(faults) == 0 {
			return NoFault
		}
		fault := faults[0]
		faults = faults[1:]
		return fault
	}
}

// DeliverLate applies the late writes whose conditions still hold, and returns the
// errors.
func (f *FaultStore) DeliverLate(ctx context.Context) []error {
	f.mu.Lock()
	late := f.lateWrites
	f.lateWrites = nil
	f.mu.Unlock()
	var errs []error
	for _, ops := range late {
		errs = append(errs, f.Store.Write(ctx, ops...))
	}
	return errs
}

func (f *FaultStore) nextFault(c Call) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.decide == nil {
		return NoFault
	}
	fault := f.decide(c)
	if fault == FailLate && c.IsWrite() {
		f.lateWrites = append(f.lateWrites, slices.Clone(c.Ops))
	}
	return fault
}

// fail waits or fails according to the fault.
func (fault Fault) fail(ctx context.Context) error {
	switch fault {
	case NoFault:
		return nil
	case Hang:
		<-ctx.Done()
		return context.Cause(ctx)
	default:
		return ErrInjected
	}
}

// Get implements state.Store.
func (f *FaultStore) Get(ctx context.Context, key state.Key) (json.RawMessage, error) {
	if err := f.nextFault(Call{Read: key}).fail(ctx); err != nil {
		return nil, err
	}
	return f.Store.Get(ctx, key)
}

// ListPages implements state.Store.
func (f *FaultStore) ListPages(ctx context.Context, pk, prefix string, fn func(page []state.Item) error) error {
	if err := f.nextFault(Call{Read: state.Key{PK: pk, SK: prefix}}).fail(ctx); err != nil {
		return err
	}
	return f.Store.ListPages(ctx, pk, prefix, fn)
}

// ListLast implements state.Store.
func (f *FaultStore) ListLast(ctx context.Context, pk, prefix string, limit int) ([]state.Item, error) {
	if err := f.nextFault(Call{Read: state.Key{PK: pk, SK: prefix}}).fail(ctx); err != nil {
		return nil, err
	}
	return f.Store.ListLast(ctx, pk, prefix, limit)
}

// CompletedWrites returns the number of writes that have succeeded and that their callers
// have processed, so that the contexts of those calls have ended.
func (f *FaultStore) CompletedWrites() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.completed
}

// Write implements state.Store.
func (f *FaultStore) Write(ctx context.Context, ops ...state.Op) (err error) {
	defer func() {
		if err == nil {
			context.AfterFunc(ctx, f.countCompleted)
		}
	}()
	fault := f.nextFault(Call{Ops: ops})
	if fault == NoFault || fault == FailAfter {
		if err := f.Store.Write(ctx, ops...); err != nil {
			return err
		}
	}
	return fault.fail(ctx)
}

func (f *FaultStore) countCompleted() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.completed++
}
