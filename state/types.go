package state

import (
	"slices"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/plandigest"
	"reconcile/internal/runid"
	"reconcile/internal/stateid"
)

// Schema is the version of the record's layout that this program writes. It refuses a
// record with a higher version (ErrNewerSchema) and reads one with a lower version.
const Schema = 1

// packedSchema is the version of a workspace whose inputs are stored in items of their
// own.
const packedSchema = 2

// Trace is the inputs that a workspace was last applied from: the name of each with its
// id.
//
// A name is a path of the repository ("modules/vpc"), with the object's mode and Git id
// ("040000:9c4f…") or "absent". Other names begin with "//", which no path does:
// "//settings", "//env", "//rules", "//upstream/NAME". Values are compared as text only.
type Trace map[string]string

// Head is the tip that the record has adopted and its result. A pass with nothing to do
// reads the head and nothing else.
type Head struct {
	Schema      int         `json:"schema"`
	Rev         int64       `json:"rev"`        // raised by each write of the head, for compare-and-set
	Generation  int64       `json:"generation"` // counts the adopted tips
	Epoch       int64       `json:"epoch"`      // raised by distrust: traces of an older epoch do not count
	Commit      commitid.ID `json:"commit"`
	ConfigHash  string      `json:"basis"`   // hash of the other inputs of a decision (settings, declared environment)
	EnvVarNames []string    `json:"env"`     // names of the TF_VAR_* that the settings at Commit declare
	Settled     bool        `json:"settled"` // no work is possible now
	Exit        int         `json:"exit"`    // exit code of the pass that settled it
	NextRetryAt time.Time   `json:"next_at"` // earliest retry; zero: none
	// OutOfSyncSince is when a pass first saw a tip that is not wholly applied, with no
	// wholly applied tip after it; zero when all is applied. Workspaces that a person
	// has suspended do not count.
	OutOfSyncSince time.Time `json:"behind_since"`
	// Suspended holds the stale workspaces that the pass which settled the head left alone,
	// because somebody suspended them, with the Rev of each record then. They do not count in Exit.
	Suspended map[string]int64 `json:"suspended_revs,omitempty"`
	// Error is why the last pass failed as a whole; "" if it did not.
	Error string `json:"error,omitempty"`
	// NotifyAt is when to retry failed notifications; zero: none failed.
	NotifyAt time.Time `json:"tell_at,omitzero"`
	// FailureNotified: people were notified that passes fail as a whole, and not yet that they work.
	FailureNotified bool   `json:"failure_told,omitempty"`
	Protocol        string `json:"protocol"` // the Git protocol that the remote spoke: "v2", "v0"
	Repo            string `json:"repo"`     // without credentials
	Branch          string `json:"branch"`
	// Environment is the environment in the settings. nil: not known, because an earlier
	// version wrote this, or because a person declared that the record moved.
	Environment *string   `json:"environment,omitempty"`
	Run         runid.ID  `json:"run"` // the run that wrote this
	UpdatedAt   time.Time `json:"updated_at"`
}

// Outcome is the result of the last run on a workspace.
type Outcome string

// Outcomes of workspaces.
const (
	Unchanged Outcome = "unchanged"  // it was not stale
	Applied   Outcome = "applied"    // a plan was applied
	NoChanges Outcome = "no-changes" // it was stale and its plan was empty
	Failed    Outcome = "failed"
	Skipped   Outcome = "skipped" // an upstream failed or waits
	Blocked   Outcome = "blocked" // it waits for a person
	Busy      Outcome = "busy"    // another run holds its lease
	Removed   Outcome = "removed" // its directory is not in the tip any more
	Pending   Outcome = "pending" // of a plan that changes nothing: an apply is needed
	Rolling   Outcome = "rolling" // a rollout is under way
	Drifted   Outcome = "drifted" // of a drift check: the real resources differ from what was applied
)

// Changes counts what a plan would change.
type Changes struct {
	Add     int `json:"add"`
	Change  int `json:"change"`
	Destroy int `json:"destroy"`
	Replace int `json:"replace"`
}

// TerraformState identifies a Terraform state and its version. Lineage "" means that
// there is no state.
type TerraformState struct {
	Lineage string `json:"lineage"` // made with the state, unchanged while it lives
	Serial  int64  `json:"serial"`  // counts its writes
}

// Attempt is an apply that was started. It stays in the record until an apply or an empty
// plan of the workspace has succeeded.
type Attempt struct {
	Commit     commitid.ID       `json:"commit"`
	Run        runid.ID          `json:"run"`
	PlanDigest plandigest.Digest `json:"plan_digest"`
	Process    Process           `json:"process"`
	StartedAt  time.Time         `json:"started_at"`
	// IsFirst: nothing of the workspace existed before this apply, or before those that failed
	// and that it repeats.
	IsFirst bool `json:"first,omitempty"`
	// DirectoryID is the id of the workspace's directory, as in a trace.
	DirectoryID string `json:"directory,omitempty"`
	// PreviousIdentities are the identities of the states that the workspace was applied
	// to before the state of this apply.
	PreviousIdentities []stateid.ID `json:"former,omitempty"`
	// PreviousReads and PreviousDependsOn are what Reads and DependsOn were before this apply:
	// until it has succeeded, the workspace may still use outputs of those upstreams.
	PreviousReads     []stateid.ID `json:"former_reads,omitempty"`
	PreviousDependsOn []string     `json:"former_depends_on,omitempty"`
	// State is the state that the plan was made against. nil: an earlier version, which
	// did not record it, started the apply.
	State *TerraformState `json:"state,omitempty"`
	// Approval is the approval that the apply consumed; nil: it needed none.
	Approval *Approval `json:"approval,omitempty"`
	// HasEnded: Terraform failed, but ended by itself, so its state names all that it created.
	HasEnded bool `json:"ended,omitempty"`
}

// Describe returns what became of the attempt, as a reason to apply again.
func (a *Attempt) Describe() string {
	if a.HasEnded {
		return "failed apply of " + a.ShortCommit()
	}
	return "interrupted apply of " + a.ShortCommit()
}

// IsUndone reports whether the attempt belonged to a rollout that has ended: what it applied was
// taken back.
func (w Workspace) IsUndone() bool {
	a, last := w.Attempt, w.LastRollout
	return a != nil && w.Rollout == nil && a.HasEnded && last != nil && !a.StartedAt.After(last.Since)
}

// ShortCommit returns the abbreviated id of the commit, for people.
func (a *Attempt) ShortCommit() string { return a.Commit.Abbrev() }

// Workspace is the record of one workspace. The item of a workspace that was removed from
// the repository stays, with Removed set: its tombstone.
type Workspace struct {
	Schema   int        `json:"schema"`
	Rev      int64      `json:"rev"` // raised by each write, so that a late or outdated one is refused
	Name     string     `json:"name"`
	Path     string     `json:"path"`     // its directory in the repository
	Identity stateid.ID `json:"identity"` // where its Terraform state lives; with an Attempt: the identity that the attempt works on
	// What discovery found at the commit of Trace, so that a workspace that is not stale
	// need not be parsed again.
	Reads     []stateid.ID `json:"reads,omitempty"`      // state identities it reads; "*" for parts that could not be evaluated
	DependsOn []string     `json:"depends_on,omitempty"` // upstream workspaces, by settings and by Reads
	// FormerNames and FormerIdentities are what Name and Identity were before, the latest last:
	// the records of readers may still have them. See LeaveStates.
	FormerNames      []string     `json:"former_names,omitempty"`
	FormerIdentities []stateid.ID `json:"former_identities,omitempty"`
	// Successors are, in a tombstone, the workspaces that were not applied yet when this one was
	// removed: one may be its new name. "*": there were many.
	Successors []string `json:"successors,omitempty"`

	Trace     Trace       `json:"trace,omitempty"`
	Epoch     int64       `json:"epoch"`            // of the head when Trace was recorded
	Commit    commitid.ID `json:"commit,omitempty"` // at which Trace was recorded
	Run       runid.ID    `json:"run,omitempty"`    // that recorded Trace
	Attempt   *Attempt    `json:"attempt,omitempty"`
	OutcomeAt time.Time   `json:"at"` // of the last outcome

	// State is the Terraform state when Trace was recorded. nil: an earlier version,
	// which did not record it, recorded Trace.
	State *TerraformState `json:"state,omitempty"`

	Outcome    Outcome           `json:"outcome,omitempty"`
	Error      string            `json:"error,omitempty"`
	Changes    Changes           `json:"changes"`
	Risk       string            `json:"risk,omitempty"`
	PlanDigest plandigest.Digest `json:"digest,omitempty"` // of the plan that waits or was applied
	// Why is why the plan waits, or would have waited without Approval.
	Why string `json:"why,omitempty"`
	// Approval allowed the last apply; nil: it needed none.
	Approval *ApprovalFact `json:"approval,omitempty"`
	// PendingInputs holds hashes of the inputs of the plan that Outcome is about, if that
	// plan was not applied. While they are the same and NextRetryAt has not come, nothing
	// is planned again.
	PendingInputs Trace `json:"waiting,omitempty"`
	// Teardown is set while the plan waits for readers, because it deletes what they may use.
	Teardown *Teardown `json:"teardown,omitempty"`
	// Rollout is the progressive apply that is under way; nil: none.
	Rollout *Rollout `json:"rollout,omitempty"`
	// LastRollout is the rollout that ended last, without what it might change.
	LastRollout *Rollout `json:"last_rollout,omitempty"`

	OutputsDigest string `json:"outputs_digest,omitempty"` // "KEYID:HMAC"
	// OutputsUnknown: the plan that was not applied found another version of the state than
	// State, so what readers read from it may be other outputs than those of OutputsDigest.
	OutputsUnknown bool `json:"outputs_unknown,omitempty"`
	// SensitiveHashes are keyed hashes of the strings in sensitive outputs, with the key
	// of OutputsDigest. A reader uses them to recognise what not to print.
	SensitiveHashes []string `json:"sensitive,omitempty"`
	ApplyCount      int64    `json:"counter"` // successful applies
	// KeptOutputs are the outputs that other workspaces' settings name, as JSON. All others are
	// only in OutputsDigest.
	KeptOutputs map[string]string `json:"kept_outputs,omitempty"`

	// Drift is the result of the last drift check; nil when there was none since a pass
	// last recorded Trace.
	Drift *Drift `json:"drift,omitempty"`

	Failures int       `json:"failures,omitempty"` // in a row
	RetryAt  time.Time `json:"retry_at"`

	TerraformVersion string `json:"terraform,omitempty"` // version that last applied
	LockFileID       string `json:"lock_file,omitempty"` // id of .terraform.lock.hcl, or of the one that init made
	Removed          bool   `json:"removed,omitempty"`

	// Parts is how many more items hold the long fields of the workspace, and PartsSum is
	// the SHA-256 of those items' text. Only this package uses them.
	Parts    int    `json:"parts,omitempty"`
	PartsSum string `json:"parts_sum,omitempty"`
}

// LeaveStates notes that the workspace has left the states with these identities, in this order.
func (w *Workspace) LeaveStates(identities ...stateid.ID) {
	w.FormerIdentities = appendFormer(w.FormerIdentities, w.Identity, identities...)
}

// maxFormer is how many former names and identities a workspace keeps.
const maxFormer = 8

// appendFormer appends more to former values: each once, and not the value of now.
func appendFormer[T comparable](former []T, now T, more ...T) []T {
	var none T
	former = slices.DeleteFunc(slices.Clone(former), func(f T) bool { return slices.Contains(more, f) })
	former = slices.DeleteFunc(append(former, more...), func(f T) bool { return f == now || f == none })
	return former[max(0, len(former)-maxFormer):]
}

// Teardown is why a plan waits until the workspaces that read its outputs are applied.
type Teardown struct {
	Commit  commitid.ID `json:"commit"`            // of the plan
	Readers []string    `json:"readers"`           // that are not applied at it, sorted
	Outputs []string    `json:"outputs,omitempty"` // that the plan would make or change, sorted
}

// ShortCommit returns the abbreviated id of the commit, for people.
func (t *Teardown) ShortCommit() string { return t.Commit.Abbrev() }

// Drift is the result of a plan of exactly the inputs that a workspace was last applied
// from.
type Drift struct {
	CheckedAt  time.Time         `json:"at"`
	Found      bool              `json:"found"` // the plan was not empty
	Changes    Changes           `json:"changes"`
	PlanDigest plandigest.Digest `json:"digest"`
	Run        runid.ID          `json:"run"` // that made the check
	// Withheld is why a pass would not apply the plan that reverts it; "": it would.
	Withheld string `json:"withheld,omitempty"`
}

// HoldKind is the reason for a hold.
type HoldKind string

// Kinds of holds.
const (
	Suspended HoldKind = "suspended" // by a person; it alters no exit code
	Recovery  HoldKind = "recovery"  // by a pass; a person must repair something first
)

// Hold keeps a workspace from being planned or applied until it is removed (`reconcile
// resume`). It is an item of its own, so that it can be placed while a run holds the
// workspace's lease.
type Hold struct {
	Schema   int       `json:"schema"`
	Name     string    `json:"name"` // workspace name
	Kind     HoldKind  `json:"kind"`
	Reason   string    `json:"reason"`
	Help     string    `json:"help,omitempty"` // the command that repairs it
	PlacedBy string    `json:"by"`
	PlacedAt time.Time `json:"at"`
	// Snapshot is the commit whose stored snapshot was applied without Git; "": nothing was.
	// Such a hold ends when a commit of the branch plans no change. Values are the variable
	// files that the apply was given on top.
	Snapshot commitid.ID `json:"snapshot,omitempty"`
	Values   []string    `json:"values,omitempty"`
}

// Run is the history of one pass.
type Run struct {
	Schema     int            `json:"schema"`
	ID         runid.ID       `json:"id"`
	Trigger    string         `json:"trigger"`
	FromCommit commitid.ID    `json:"from"`
	ToCommit   commitid.ID    `json:"to"`
	Subject    string         `json:"subject,omitempty"` // of ToCommit
	Outcome    string         `json:"outcome"`
	Exit       int            `json:"exit"`
	StartedAt  time.Time      `json:"started_at"`
	EndedAt    time.Time      `json:"ended_at"`
	Error      string         `json:"error,omitempty"` // why the run failed as a whole
	Snapshot   string         `json:"snapshot"`
	Workspaces []RunWorkspace `json:"workspaces"`      // those that the pass worked on
	Parts      int            `json:"parts,omitempty"` // how many more items hold the rest of Workspaces
	ExpiresAt  int64          `json:"expires"`         // Unix seconds
}

// RunWorkspace is what a run did with one workspace.
type RunWorkspace struct {
	Name         string            `json:"name"`
	Outcome      Outcome           `json:"outcome"`
	StaleReasons []string          `json:"stale"`
	Changes      Changes           `json:"changes"`
	Risk         string            `json:"risk"`
	PlanDigest   plandigest.Digest `json:"digest"`
	Why          string            `json:"why,omitempty"`
	Approval     *ApprovalFact     `json:"approval,omitempty"`
	Teardown     *Teardown         `json:"teardown,omitempty"`
	Rollout      string            `json:"rollout,omitempty"` // where the rollout stands
	WhileServing bool              `json:"while_serving,omitempty"`
	DurationMS   int64             `json:"duration_ms"`
	Error        string            `json:"error"`
	Risks        []ChangeRisk      `json:"risks,omitempty"`  // of the plan's changes, the worst first
	Phases       []PhaseTime       `json:"phases,omitempty"` // in order
}

// ChangeRisk is what one change of a plan does to what runs.
type ChangeRisk struct {
	Address string            `json:"address"`
	Risk    string            `json:"risk"`
	Why     map[string]string `json:"why"` // by language
}

// PhaseTime is how long a run worked on one step of a workspace.
type PhaseTime struct {
	Phase   string `json:"phase"`
	StartMS int64  `json:"start_ms"` // since the start of the run
	EndMS   int64  `json:"end_ms"`   // the same
}

// Process identifies a process well enough that another can find out whether it is dead.
type Process struct {
	Host      string `json:"host"`            // host name, for people
	BootID    string `json:"boot"`            // boot id and pid namespace; pids are comparable only where it is equal
	PID       int    `json:"pid"`             //
	StartTime string `json:"start"`           // start time of the process, in the system's own unit
	TaskARN   string `json:"task,omitempty"`  // ARN of the ECS task
	BuildID   string `json:"build,omitempty"` // CodeBuild build id
	User      string `json:"user,omitempty"`  // user@host, as Terraform's lock names the user
}

// LeaseItem is a lease as stored. It is never deleted: Token only grows.
type LeaseItem struct {
	Schema     int        `json:"schema"`
	Identity   stateid.ID `json:"identity"`
	Owner      string     `json:"owner"` // unique to each acquisition; "" when free
	Token      int64      `json:"token"`
	Heartbeat  int64      `json:"beat"`      // raised by each renewal
	ExpiresAt  time.Time  `json:"until"`     // for display only
	LengthMS   int64      `json:"length_ms"` // of the holder's lease; a run that waits uses the longer of this and its own
	Record     string     `json:"record"`
	Workspace  string     `json:"workspace"`
	Run        runid.ID   `json:"run"`
	Process    Process    `json:"process"`
	AcquiredAt time.Time  `json:"taken_at"`
	// PreviousHolders are the earlier holders that may have left something behind
	// (Terraform's lock of the state), newest first. They are the evidence for releasing
	// that lock. They stay until a holder knows that nothing is left.
	PreviousHolders []PreviousHolder `json:"dead,omitempty"`
}

// PreviousHolder is a run that held a lease and did not release it, or whose work under
// it was killed.
type PreviousHolder struct {
	Run         runid.ID  `json:"run"`
	Process     Process   `json:"process"`
	ActiveSince time.Time `json:"taken_at"` // if Released: when the killed work was started
	ActiveUntil time.Time `json:"until"`    // by the same clock: nothing was started under the lease after that
	// LockID is the id of the lock that is known to remain; "": not known.
	LockID string `json:"lock,omitempty"`
	// Released: it released the lease after all its work had ended.
	Released bool `json:"ended,omitempty"`
}
