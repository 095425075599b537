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

// Faults. To the caller all but None and Hang look the same.
const (
	None   Fault = iota
	Before       // it fails and has no effect
	After        // it takes effect and then fails
	Late         // a write that fails, and takes effect when Deliver is called
	Hang         // it has no effect and returns when its context ends
)

// Call is a call that may be made to fail: a read of a key (or of a
// partition, by prefix), or a write.
type Call struct {
	Read state.Key
	Ops  []state.Op
}

// Writes tells whether the call is a write.
func (c Call) Writes() bool { return len(c.Ops) > 0 }

// Faulty is a store that fails on purpose.
type Faulty struct {
	state.Store

	mu       sync.Mutex
	decide   func(Call) Fault
	late     [][]state.Op
	digested int
}

// NewFaulty wraps store. Nothing fails until Inject says so.
func NewFaulty(store state.Store) *Faulty { return &Faulty{Store: store} }

// Inject has decide tell the fault of each call from now on; nil: none. It is
// called for one call at a time.
func (f *Faulty) Inject(decide func(Call) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decide = decide
}

// Always is a decision for Inject: every call.
func Always(fault Fault) func(Call) Fault {
	return func(Call) Fault { return fault }
}

// Writes is a decision for Inject: the next writes, one fault each, and then
// none.
func Writes(faults ...Fault) func(Call) Fault {
	return func(c Call) Fault {
		if !c.Writes() || len(faults) == 0 {
			return None
		}
		fault := faults[0]
		faults = faults[1:]
		return fault
	}
}

// Deliver has the late writes take effect, as far as their conditions still
// hold, and returns their errors.
func (f *Faulty) Deliver(ctx context.Context) []error {
	f.mu.Lock()
	late := f.late
	f.late = nil
	f.mu.Unlock()
	var errs []error
	for _, ops := range late {
		errs = append(errs, f.Store.Write(ctx, ops...))
	}
	return errs
}

func (f *Faulty) fault(c Call) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.decide == nil {
		return None
	}
	fault := f.decide(c)
	if fault == Late && c.Writes() {
		f.late = append(f.late, slices.Clone(c.Ops))
	}
	return fault
}

// fails waits or fails as the fault says.
func (fault Fault) fails(ctx context.Context) error {
	switch fault {
	case None:
		return nil
	case Hang:
		<-ctx.Done()
		return context.Cause(ctx)
	default:
		return ErrInjected
	}
}

// Get implements state.Store.
func (f *Faulty) Get(ctx context.Context, key state.Key) (json.RawMessage, error) {
	if err := f.fault(Call{Read: key}).fails(ctx); err != nil {
		return nil, err
	}
	return f.Store.Get(ctx, key)
}

// List implements state.Store.
func (f *Faulty) List(ctx context.Context, pk, prefix string) ([]state.Item, error) {
	if err := f.fault(Call{Read: state.Key{PK: pk, SK: prefix}}).fails(ctx); err != nil {
		return nil, err
	}
	return f.Store.List(ctx, pk, prefix)
}

// Last implements state.Store.
func (f *Faulty) Last(ctx context.Context, pk, prefix string, limit int) ([]state.Item, error) {
	if err := f.fault(Call{Read: state.Key{PK: pk, SK: prefix}}).fails(ctx); err != nil {
		return nil, err
	}
	return f.Store.Last(ctx, pk, prefix, limit)
}

// Digested is how many writes have succeeded and have been seen to by their
// callers: the contexts that they made for them have ended.
func (f *Faulty) Digested() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.digested
}

// Write implements state.Store.
func (f *Faulty) Write(ctx context.Context, ops ...state.Op) (err error) {
	defer func() {
		if err == nil {
			context.AfterFunc(ctx, f.digest)
		}
	}()
	fault := f.fault(Call{Ops: ops})
	if fault == None || fault == After {
		if err := f.Store.Write(ctx, ops...); err != nil {
			return err
		}
	}
	return fault.fails(ctx)
}

func (f *Faulty) digest() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.digested++
}
