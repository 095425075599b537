package reconciler_test

import (
	"errors"
	"testing/synctest"
	"time"

	"reconcile/internal/runid"
	"reconcile/internal/stateid"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// inFlightPass is a running pass. It runs until a breakpoint, and stands there until it
// is resumed.
type inFlightPass struct {
	m           *model
	process     *process
	run         runid.ID
	adopts      bool
	size        string      // of the variable TF_VAR_size
	breakAt     string      // kind of the next breakpoint; "": none
	stoppedAt   *breakpoint // where it stands
	killed      bool        // nothing that it does has an effect any more
	frozen      bool        // its leases are not renewed
	done        bool
	readPurpose string // why it reads records of workspaces: decide, upstreams

	fetchCount   int
	applyCounts  map[stateid.ID]int           // by state identity
	teardowns    int                          // applies that removed outputs
	generations  map[stateid.ID]int64         // generation of the lease held, by state identity
	lastSuccess  map[stateid.ID]*successEvent // the last success of Terraform, by state identity
	recordBefore map[string]state.Workspace   // the record when the pass began to apply, by name

	result *run.Result
	err    error
}

// breakpoint is a point at which a pass stands, before the lasting effect that follows.
type breakpoint struct {
	kind   string
	resume chan injection
}

// injection is what happens at a breakpoint.
type injection int

const (
	proceed     injection = iota
	failBefore            // no effect, and an error
	failAfter             // the effect, and an error
	crashBefore           // the process is killed before the effect
	crashAfter            // the process is killed right after the effect
)

var (
	errInjected = errors.New("injected fault")
	errKilled   = errors.New("killed")
)

// breakpointKinds are the points at which a pass can be stopped.
var breakpointKinds = []string{
	"tip", "fetch", "head", "discover", "snapshot", "lease", "decide", "plan", "planned",
	"rename", "begin", "apply", "applied", "upstreams", "record", "release",
}

// runEffect brings a pass to a breakpoint, and applies the effect and the injection.
func (f *inFlightPass) runEffect(kind string, effect func() error) error {
	switch f.hit(kind) {
	case failBefore:
		return errInjected
	case failAfter:
		_ = effect()
		return errInjected
	case crashBefore:
		return errKilled
	case crashAfter:
		_ = effect()
		return errKilled
	}
	return effect()
}

func (f *inFlightPass) hit(kind string) injection {
	f.m.mu.Lock()
	if f.killed {
		f.m.mu.Unlock()
		return crashBefore
	}
	if kind == "" || kind != f.breakAt || f.stoppedAt != nil { // a rollout is looked at beside
		f.m.mu.Unlock()
		return proceed
	}
	h := &breakpoint{kind, make(chan injection)}
	f.stoppedAt = h
	f.m.mu.Unlock()
	v := <-h.resume
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.stoppedAt = nil
	f.killed = f.killed || v == crashBefore || v == crashAfter
	return v
}

// resume lets a pass continue until its next breakpoint of that kind, or its end.
func (f *inFlightPass) resume(v injection, stop string) {
	f.m.mu.Lock()
	f.breakAt = stop
	at := f.stoppedAt
	f.m.mu.Unlock()
	if at != nil {
		at.resume <- v
	}
	const hangs = time.Hour
	for range hangs / time.Second {
		synctest.Wait()
		f.m.mu.Lock()
		stands := f.done || f.stoppedAt != nil && f.stoppedAt != at
		f.m.mu.Unlock()
		if stands {
			return
		}
		f.m.wait(time.Second)
	}
	f.m.addViolation("pass %s hangs", f.run)
}
