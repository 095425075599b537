package reconciler

// Phase is what a pass, or a workspace in it, is at.
type Phase string

// Phases of a workspace, in their order.
const (
	PhaseWaiting Phase = "waiting" // for upstreams or a free place
	PhaseLease   Phase = "lease"   // for another run
	PhaseInit    Phase = "init"
	PhasePlan    Phase = "plan"
	PhaseGate    Phase = "gate" // may the plan be applied?
	PhaseApply   Phase = "apply"
	PhaseRecord  Phase = "record" // its outputs are read, and what came of it is written
	PhaseDone    Phase = "done"   // also of a pass

	PhaseRemote Phase = "elsewhere" // in place of lease to record, where an Executor does them
)

// Phases of a pass, in their order; after the last one it may begin again.
const (
	PhasePoll       Phase = "ask" // the record for its head, and the remote for the tip
	PhaseFetch      Phase = "fetch"
	PhaseAdopt      Phase = "adopt"
	PhaseDiscover   Phase = "survey"
	PhaseSnapshot   Phase = "snapshot"
	PhaseWorkspaces Phase = "visits" // the phases of workspaces are within it
	PhaseSettle     Phase = "settle"

	PhaseDrift Phase = "drift" // in place of them all: no pass, but a look for drift
)

// Event tells an observer that a phase has begun; it ends with the next event
// of the same workspace, or of the pass.
type Event struct {
	Run       string
	Workspace string // "": the pass itself
	Phase     Phase
	WaitsFor  []string         // what a waiting workspace waits for
	Result    *WorkspaceResult // of a workspace that is done
	Pass      *Result          // of a pass that is done
	Err       error            // why a pass that is done could not run to its end
	Remote    bool             // the pass that is done was over some workspaces alone
}

// emit sends an event of this run to the observer.
func (r *run) emit(e Event) {
	e.Run = r.options.Run
	r.config.Observe(e)
}

// enterStep tells the observer that the run has reached a step.
func (r *run) enterStep(step Phase) { r.emit(Event{Phase: step}) }

// emitResult tells the observer the result of a workspace, and returns it.
func (r *run) emitResult(result WorkspaceResult) WorkspaceResult {
	r.emit(Event{Workspace: result.Name, Phase: PhaseDone, Result: &result})
	return result
}
