// Package page writes what a record holds as static pages: what is applied, what waits and
// why. A page is HTML that any web server, or a private bucket, can show. It changes nothing,
// asks nothing of another host, and needs no script but for sorting, filtering and the
// reader's time zone.
package page

import (
	"context"
	"io"
	"time"

	"reconcile/internal/runid"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// Site is the record that pages are about.
type Site struct {
	Record      *state.Record
	Config      run.Config
	Logs        Logs
	Repo        string // without credentials
	Branch      string
	Environment string // "" for none
	// HasRoot: a page beside the directory of the record lists all records.
	HasRoot bool
	// CanComment: a comment on a pull request can approve a plan.
	CanComment bool
}

// Logs reads what runs have printed, with its secrets replaced. *snapshot.Store implements it.
type Logs interface {
	Log(ctx context.Context, run runid.ID, workspace string) (io.ReadCloser, error)
}

// Model is all that pages show of a record at one time.
type Model struct {
	Site      *Site
	At        time.Time // when the record was read
	HeadRev   int64
	Status    *inspect.Status
	Runs      []state.Run // the newest first, at most maxRuns
	Offered   []state.OfferedPlan
	OfferedOn map[string][]state.OfferComment // by workspace
	// Rollouts has the rollouts under way, by workspace.
	Rollouts map[string]inspect.RolloutStatus
	Active   *ActiveRun // the run that works now

	indexed *index
}

// ActiveRun is a run that works now.
type ActiveRun struct {
	Run        runid.ID
	Since      time.Time
	Workspaces []ActiveWorkspace // by name
}

// ActiveWorkspace is a workspace of a run that works now.
type ActiveWorkspace struct {
	Name    string
	Phase   run.Phase     // "" if it is not known
	Outcome state.Outcome // "" until it is done
}

// maxRuns is how many runs pages show.
const maxRuns = 100

// Read reads the record.
func (s *Site) Read(ctx context.Context) (*Model, error) {
	m := &Model{Site: s, At: time.Now().UTC(), OfferedOn: map[string][]state.OfferComment{}}
	head, err := s.Record.Head(ctx)
	if err != nil {
		return nil, err
	}
	m.HeadRev = head.Rev
	if m.Status, err = inspect.ReadStatus(ctx, s.Config); err != nil {
		return nil, err
	}
	if m.Runs, err = s.Record.Runs(ctx, maxRuns); err != nil {
		return nil, err
	}
	if m.Offered, err = s.Record.OfferedPlans(ctx); err != nil {
		return nil, err
	}
	states, err := s.Record.NotificationStates(ctx)
	if err != nil {
		return nil, err
	}
	for name, t := range states {
		m.OfferedOn[name] = t.OfferedOn
	}
	m.Active = m.findActive()
	return m, m.readRollouts(ctx)
}

// findActive returns the newest run that holds leases. Its phases are known only to the
// process that it is.
func (m *Model) findActive() (found *ActiveRun) {
	for _, w := range m.Status.Workspaces {
		switch l := w.Lease; {
		case l == nil || !l.Until.After(m.At) || found != nil && l.Run < found.Run:
		case found == nil || l.Run > found.Run:
			found = &ActiveRun{Run: l.Run, Since: l.Since, Workspaces: []ActiveWorkspace{{Name: w.Name}}}
		default:
			found.Workspaces = append(found.Workspaces, ActiveWorkspace{Name: w.Name})
			if l.Since.Before(found.Since) {
				found.Since = l.Since
			}
		}
	}
	return found
}
