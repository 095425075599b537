package reconciler

import (
	"sync"

	"reconcile/internal/runid"
	"reconcile/reconciler/run"
)

// claims are the workspaces that the passes of this process work on. Passes run side by side
// when the tip has moved under one of them (run.Options.HandOver). The later one leaves alone
// what the earlier one has begun: a lease says the same, but only after a wait.
type claims struct {
	mu       sync.Mutex
	runs     map[string]runid.ID // by workspace
	released int                 // counts the claims that have ended
	waiting  waitingHead
}

// waitingHead is the revision of a head at which only claimed workspaces are left to do.
type waitingHead struct {
	rev      int64
	released int // claims.released then
}

func newClaims() *claims { return &claims{runs: map[string]runid.ID{}} }

// check returns an error if another run of this process works on the workspace.
func (c *claims) check(name string, id runid.ID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.checkLocked(name, id)
}

func (c *claims) checkLocked(name string, id runid.ID) error {
	if owner := c.runs[name]; owner != "" && owner != id {
		return &run.ClaimedError{Run: owner}
	}
	return nil
}

// take claims a workspace for a run, or returns the error of check.
func (c *claims) take(name string, id runid.ID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.checkLocked(name, id); err != nil {
		return err
	}
	c.runs[name] = id
	return nil
}

func (c *claims) release(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.runs, name)
	c.released++
}

// noteWaiting notes that at this revision of the head all that is left to do is claimed.
func (c *claims) noteWaiting(rev int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = waitingHead{rev, c.released}
}

// coverAllWork reports whether, at this revision of the head, a pass would find only
// workspaces that another pass of this process still works on.
func (c *claims) coverAllWork(rev int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.runs) > 0 && c.waiting == waitingHead{rev, c.released}
}
