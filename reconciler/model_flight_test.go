package reconciler_test

import (
	"errors"
	"testing/synctest"
	"time"

	"reconcile/reconciler"
	"reconcile/state"
)

// flight is a pass under way. It runs until it comes to a halt, and there it
// stands until it is let go.
type flight struct {
	m      *model
	on     *process
	run    string
	adopts bool
	size   string // of the variable TF_VAR_size
	stop   string // where to halt: a kind of boundary; "" nowhere
	at     *halt  // where it stands
	killed bool   // nothing that it does has an effect any more
	frozen bool   // its leases are not renewed
	done   bool
	reads  string // what it reads records of workspaces for: decide, upstreams

	fetches int
	applies map[string]int             // by state identity
	seen    map[string]int64           // generation of the lease held, by state identity
	success map[string]*successEvent   // the last that Terraform came to, by state identity
	was     map[string]state.Workspace // the record when the flight began to apply, by name

	result *reconciler.Result
	err    error
}

// halt is a boundary at which a flight stands: nothing lasting has happened
// yet at it.
type halt struct {
	kind string
	goes chan verdict
}

// verdict is what becomes of a boundary.
type verdict int

const (
	goOn      verdict = iota
	fails             // no effect, and an error
	failsLate         // the effect, and an error
	dies              // the process is killed before it
	diesLate          // the process is killed right after the effect
)

var (
	errFault  = errors.New("injected fault")
	errKilled = errors.New("killed")
)

// boundaryKinds are where a flight can be halted.
var boundaryKinds = []string{
	"tip", "fetch", "head", "survey", "snapshot", "lease", "decide", "plan", "planned",
	"rename", "begin", "apply", "applied", "upstreams", "record", "release",
}

// boundary has a flight come to a boundary, and what is to happen there
// happen.
func (f *flight) boundary(kind string, effect func() error) error {
	switch f.reach(kind) {
	case fails:
		return errFault
	case failsLate:
		_ = effect()
		return errFault
	case dies:
		return errKilled
	case diesLate:
		_ = effect()
		return errKilled
	}
	return effect()
}

func (f *flight) reach(kind string) verdict {
	f.m.mu.Lock()
	if f.killed {
		f.m.mu.Unlock()
		return dies
	}
	if kind == "" || kind != f.stop {
		f.m.mu.Unlock()
		return goOn
	}
	h := &halt{kind, make(chan verdict)}
	f.at = h
	f.m.mu.Unlock()
	v := <-h.goes
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.at = nil
	f.killed = f.killed || v == dies || v == diesLate
	return v
}

// proceed lets a flight go on until it halts at that kind of boundary, or
// ends.
func (f *flight) proceed(v verdict, stop string) {
	f.m.mu.Lock()
	f.stop = stop
	at := f.at
	f.m.mu.Unlock()
	if at != nil {
		at.goes <- v
	}
	const hangs = time.Hour
	for range hangs / time.Second {
		synctest.Wait()
		f.m.mu.Lock()
		stands := f.done || f.at != nil && f.at != at
		f.m.mu.Unlock()
		if stands {
			return
		}
		time.Sleep(time.Second)
	}
	f.m.violated("pass %s hangs", f.run)
}
