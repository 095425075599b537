package run

import "reconcile/internal/runid"

// Phase is the step that a pass, or a workspace in it, has reached.
type Phase string

// Phases of a workspace, in order.
const (
	PhaseWaiting Phase = "waiting" // for upstreams or for a free worker
	PhaseLease   Phase = "lease"   // waits for it if another run holds it
	PhaseInit    Phase = "init"
	PhasePlan    Phase = "plan"
	PhaseGate    Phase = "gate" // decides whether the plan may be applied
	PhaseApply   Phase = "apply"
	PhaseRecord  Phase = "record" // reads the outputs and writes the record
	PhaseDone    Phase = "done"   // also of a pass

	PhaseRemote Phase = "remote" // replaces lease to record when an Executor runs them
)

// Phases of a pass, in order. A pass may start again after the last one.
const (
	PhasePoll       Phase = "poll" // reads the head of the record and the tip of the remote
	PhaseFetch      Phase = "fetch"
	PhaseAdopt      Phase = "adopt"
	PhaseDiscover   Phase = "discover"
	PhaseSnapshot   Phase = "snapshot"
	PhaseWorkspaces Phase = "workspaces" // the phases of the workspaces happen during it
	PhaseSettle     Phase = "settle"

	// PhaseOvertaken comes during PhaseWorkspaces: see Options.HandOver.
	PhaseOvertaken Phase = "overtaken"

	PhaseDrift Phase = "drift" // replaces all of them: a drift check, not a pass
)

// Event reports the start of a phase. The phase ends with the next event of the same
// workspace, or of the pass.
type Event struct {
	Run       runid.ID
	Workspace string // "": the pass itself
	Phase     Phase
	WaitsFor  []string         // upstreams that a waiting workspace waits for
	Result    *WorkspaceResult // when a workspace is done
	Pass      *Result          // when a pass is done
	Rollout   string           // of a workspace that is applied in steps: where it stands
	Err       error            // when a pass is done: why it failed as a whole
	IsPartial bool             // when a pass is done: it covered only some workspaces
}

// Emit sends an event of this run to the observer.
func (r *Run) Emit(e Event) {
	e.Run = r.Options.Run
	r.phases.enter(e.Workspace, e.Phase, r.Config.Now().Sub(r.Started))
	r.Config.Observe(e)
}

// EnterStep sends the start of a step of the pass to the observer.
func (r *Run) EnterStep(step Phase) { r.Emit(Event{Phase: step}) }

// EmitResult sends the result of a workspace to the observer and returns it.
func (r *Run) EmitResult(result WorkspaceResult) WorkspaceResult {
	r.Emit(Event{Workspace: result.Name, Phase: PhaseDone, Result: &result})
	return result
}
