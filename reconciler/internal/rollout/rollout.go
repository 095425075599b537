// Package rollout decides how a progressive apply goes on: from its record, the time, the
// alarms, what Git says and what a person ordered follows the next move. It is pure: the
// caller reads those facts and carries the move out.
package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/shell"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// CheckInterval is how often a rollout that is under way is checked, so that alarms are seen.
const CheckInterval = time.Minute

// maxVerdicts bounds what the record keeps of a rollout's history.
const maxVerdicts = 100

// GitState is what the tip says of the workspace that is rolled out.
type GitState int

// What the tip says.
const (
	Same     GitState = iota // its inputs equal the rollout's
	Reverted                 // its inputs equal what was applied before
	Newer                    // neither
)

// Observations are what a decision depends on beside the record.
type Observations struct {
	Workspace string // its name, for the commands that texts name
	Now       time.Time
	Alarms    []run.AlarmReading
	Git       GitState
	Tip       commitid.ID
	// TipInputs is the hash of the workspace's own inputs at the tip.
	TipInputs string
	// NoTip is why the tip says nothing of the workspace: then only a person leads the rollout
	// up. "": the tip does.
	NoTip string

	Order       *state.RolloutOrder // nil: none
	HeldBecause string              // why the workspace is held; "": it is not
	Retry       time.Time           // before which a step that failed is not tried again
}

// MoveKind is what is to be done.
type MoveKind int

// Kinds of moves.
const (
	Wait   MoveKind = iota // nothing: Until, or until a person acts
	Apply                  // put the number Next in force
	Finish                 // the rollout has ended well: record that everything is applied
	End                    // the rollout is undone
)

// Move is what a pass has to do now.
type Move struct {
	Kind  MoveKind
	Until time.Time // of Wait: when to check again; zero: after another event
	// Why is what a person has to look at; "": it only waits for time.
	Why string
	// Hold: with End, the workspace waits for a person.
	Hold bool
}

// Begin returns a rollout before its first step.
func Begin(r state.Rollout, now time.Time) state.Rollout {
	r.Phase, r.BeganAt, r.Since, r.Next = state.RolloutApplying, now, now, r.Strategy.Steps[0]
	note(&r, now, fmt.Sprintf("begun at %s: %d after 0", r.ShortCommit(), r.Next), "")
	return r
}

// Decide returns the rollout as it is now, and what is to be done. followed: it follows the
// order, which is void then.
func Decide(r state.Rollout, f Observations) (next state.Rollout, move Move, followed bool) {
	r.Verdicts, r.Applied = slices.Clone(r.Verdicts), slices.Clone(r.Applied)
	d := decision{r: &r, f: f, goodNumber: r.Good}
	followed = d.follow()
	d.checkRevert()
	d.checkAlarms()
	move = d.move()
	return r, move, followed
}

// CompleteStep returns the rollout after the plan of Next was found to be empty.
func CompleteStep(r state.Rollout, now time.Time) state.Rollout {
	r.Verdicts, r.Applied = slices.Clone(r.Verdicts), slices.Clone(r.Applied)
	r.Number, r.InFlight = r.Next, false
	note(&r, now, fmt.Sprintf("%d is in force", r.Number), "")
	if r.Phase == state.RolloutApplying {
		r.Applied = append(r.Applied, r.Number)
		r.Phase, r.Since = state.RolloutSoaking, now
		return r
	}
	r.Applied = slices.DeleteFunc(r.Applied, func(n int) bool { return n > r.Number })
	r.Good = min(r.Good, r.Number)
	return r
}

// Pause returns the rollout as paused by a pass, which could not go on.
func Pause(r state.Rollout, now time.Time, why string) state.Rollout {
	r.Verdicts = slices.Clone(r.Verdicts)
	d := decision{r: &r, f: Observations{Now: now}}
	d.pause(why, "")
	return r
}

// decision is one call of Decide.
type decision struct {
	r          *state.Rollout
	f          Observations
	promoted   bool // by the order that is followed now
	goodNumber int  // the last good number before that order
}

func (d *decision) enter(phase state.RolloutPhase, why, by string) {
	d.r.Phase, d.r.Since, d.r.Reason, d.r.By = phase, d.f.Now, why, by
}

func (d *decision) note(text, by string) { note(d.r, d.f.Now, text, by) }

func note(r *state.Rollout, now time.Time, text, by string) {
	r.Verdicts = append(r.Verdicts, state.RolloutVerdict{At: now, Number: r.Number, Text: text, By: by})
	r.Verdicts = r.Verdicts[max(0, len(r.Verdicts)-maxVerdicts):]
}

// canStop reports whether an alarm may stop or bring back the rollout.
func (d *decision) canStop() bool {
	return d.r.Phase == state.RolloutApplying || d.r.Phase == state.RolloutSoaking || d.r.Phase == state.RolloutPaused
}

// follow follows the order. A pause waits for the end of an apply that has begun: no rollout
// stays between two numbers.
func (d *decision) follow() (followed bool) {
	o := d.f.Order
	if o == nil || o.Rollout != d.r.Run {
		return o != nil
	}
	why := string(o.Kind) + " was ordered"
	if o.Reason != "" {
		why += ": " + o.Reason
	}
	switch phase := d.r.Phase; o.Kind {
	case state.RolloutAbort:
		if phase != state.RolloutAborting || d.r.AbortTo != 0 {
			d.abort(0, why, o.By)
		}
	case state.RolloutPause:
		if d.r.InFlight {
			return false
		}
		if phase == state.RolloutApplying || phase == state.RolloutSoaking {
			d.pause(why, o.By)
		}
	case state.RolloutResume:
		if phase == state.RolloutPaused || phase == state.RolloutStopped {
			d.note(why, o.By)
			d.resume()
		}
	case state.RolloutPromote:
		if phase == state.RolloutAborting {
			break
		}
		d.note(why, o.By)
		d.r.IgnoredInputs, d.promoted = d.f.TipInputs, true
		if phase != state.RolloutApplying && d.r.Number > 0 && !d.r.InFlight {
			d.r.Good = d.r.Number
			d.advance()
		} else if phase != state.RolloutApplying {
			d.resume()
		}
	}
	return true
}

// resume goes on from a pause: with the apply that has begun or is the first, else with a
// whole soak of the number that is in force.
func (d *decision) resume() {
	if d.r.InFlight || d.r.Number == 0 {
		d.enter(state.RolloutApplying, "", "")
		return
	}
	d.enter(state.RolloutSoaking, "", "")
}

// pause stops the rollout where it is.
func (d *decision) pause(why, by string) {
	d.enter(state.RolloutPaused, why, by)
	d.note("paused: "+why, by)
}

// abort leads back to a number, over those that were in force.
func (d *decision) abort(to int, why, by string) {
	from := d.r.Number
	if d.r.InFlight {
		from = d.r.Next
	}
	wasAborting := d.r.Phase == state.RolloutAborting
	d.r.AbortTo = to
	d.enter(state.RolloutAborting, why, by)
	d.note(fmt.Sprintf("aborted, back to %d: %s", to, why), by)
	if !wasAborting || !d.r.InFlight { // else the step back that has begun ends first
		d.r.Next = d.previousNumber(from)
	}
}

// previousNumber returns the number in force before n, on the way to AbortTo.
func (d *decision) previousNumber(n int) int {
	number := d.r.AbortTo
	for _, applied := range d.r.Applied {
		if applied < n {
			number = max(number, applied)
		}
	}
	return number
}

// checkRevert aborts a rollout whose commit was reverted.
func (d *decision) checkRevert() {
	if d.f.Git == Reverted && (d.r.Phase != state.RolloutAborting || d.r.AbortTo != 0) {
		d.abort(0, "the commit was reverted by "+d.f.Tip.Abbrev(), "")
	}
}

// checkAlarms aborts or pauses a rollout whose alarms are not well. Before a step ends,
// alarms without data are no reason.
func (d *decision) checkAlarms() {
	if !d.canStop() {
		return
	}
	canPause := d.r.Phase != state.RolloutPaused && !d.r.InFlight && !d.promoted
	if on := d.list(run.AlarmOn); on != "" {
		switch {
		case d.r.Strategy.OnAlarm != "pause":
			d.r.Good = d.goodNumber // nobody can promote what has an alarm
			d.abort(d.r.Good, "in ALARM: "+on, "")
		case canPause:
			d.pause("in ALARM: "+on, "")
		}
		return
	}
	if unread := cmp.Or(d.list(run.AlarmUnreadable), d.list(run.AlarmMissing)); unread != "" && canPause {
		d.pause("alarms cannot be read: "+unread, "")
	}
}

// list names the alarms in a state.
func (d *decision) list(in run.AlarmState) string {
	var names []string
	for _, a := range d.f.Alarms {
		isQuiet := (in == run.AlarmNoData || in == run.AlarmMissing) && slices.Contains(d.r.Strategy.Quiet, a.ARN)
		if a.State != in || isQuiet {
			continue
		}
		name := a.Name()
		if a.Why != "" {
			name += " (" + a.Why + ")"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// describeAlarms says how the alarms were read, for the record.
func (d *decision) describeAlarms() string {
	if len(d.f.Alarms) == 0 {
		return ""
	}
	return ", with the alarms " + listAlarms(d.f.Alarms)
}

// DescribeBadAlarms says which alarms are not OK; "" if all are. A quiet alarm is OK without data, and
// while it does not exist.
func DescribeBadAlarms(s state.RolloutStrategy, alarms []run.AlarmReading) string {
	d := decision{r: &state.Rollout{Strategy: s}, f: Observations{Alarms: alarms}}
	var texts []string
	for _, in := range []run.AlarmState{run.AlarmOn, run.AlarmNoData, run.AlarmMissing, run.AlarmUnreadable} {
		if names := d.list(in); names != "" {
			texts = append(texts, string(in)+": "+names)
		}
	}
	return strings.Join(texts, " / ")
}

// move returns what follows from the phase.
func (d *decision) move() Move {
	switch d.r.Phase {
	case state.RolloutAborting:
		return d.goBack()
	case state.RolloutSoaking:
		return d.continueSoak()
	case state.RolloutApplying:
		return d.apply()
	}
	move := Move{Why: Describe(*d.r) + fmt.Sprintf("; `reconcile rollout resume %s` lets it go on, `reconcile rollout abort %[1]s` takes it back", shell.Quote(d.f.Workspace))}
	if d.r.Phase == state.RolloutPaused && len(d.r.Strategy.Alarms) > 0 {
		move.Until = d.f.Now.Add(CheckInterval)
	}
	return move
}

// goBack returns the next step of an abort.
func (d *decision) goBack() Move {
	if d.r.InFlight || d.r.Number > d.r.AbortTo {
		if !d.r.InFlight {
			d.r.Next = d.previousNumber(d.r.Number)
		}
		return Move{Kind: Apply, Why: d.r.Reason}
	}
	if d.r.Number > 0 {
		d.enter(state.RolloutStopped, d.r.Reason, d.r.By)
		return d.move()
	}
	return Move{Kind: End, Why: d.r.Reason, Hold: d.f.Git == Same || d.f.NoTip != ""}
}

// continueSoak returns what follows while a number is watched.
func (d *decision) continueSoak() Move {
	if why := d.describeStop(); why != "" {
		return Move{Until: d.f.Now.Add(CheckInterval), Why: why}
	}
	if ends := SoakEnds(*d.r); d.f.Now.Before(ends) {
		if soon := d.f.Now.Add(CheckInterval); soon.Before(ends) {
			ends = soon
		}
		return Move{Until: ends}
	}
	if bad := DescribeBadAlarms(d.r.Strategy, d.f.Alarms); bad != "" {
		d.pause("at the end of its soak not all alarms are OK: "+bad, "")
		return d.move()
	}
	d.r.Good = d.r.Number
	d.note(fmt.Sprintf("%d is good: its soak is over%s", d.r.Number, d.describeAlarms()), "")
	d.advance()
	return d.move()
}

// SoakEnds returns when the number that is in force was watched for long enough.
func SoakEnds(r state.Rollout) time.Time {
	if i := slices.Index(r.Strategy.Steps, r.Number); i >= 0 && i < len(r.Strategy.SoakMS) {
		return r.Since.Add(time.Duration(r.Strategy.SoakMS[i]) * time.Millisecond)
	}
	return r.Since
}

// advance goes on to the next number. After the last one only the record is left.
func (d *decision) advance() {
	d.enter(state.RolloutApplying, "", "")
	d.r.Next = d.r.Number
	if i := slices.Index(d.r.Strategy.Steps, d.r.Number); i+1 < len(d.r.Strategy.Steps) {
		d.r.Next = d.r.Strategy.Steps[i+1]
	}
}

// apply returns the move of a step that is to be put in force.
func (d *decision) apply() Move {
	if why := d.describeStop(); why != "" && !d.r.InFlight {
		return Move{Until: d.f.Now.Add(CheckInterval), Why: why}
	}
	if d.r.Next == d.r.Number && !d.r.InFlight {
		return Move{Kind: Finish}
	}
	if bad := DescribeBadAlarms(d.r.Strategy, d.f.Alarms); bad != "" && d.r.Number == 0 && !d.r.InFlight && !d.promoted {
		d.pause("before the first step not all alarms are OK: "+bad, "")
		return d.move()
	}
	if d.f.Now.Before(d.f.Retry) {
		until := d.f.Now.Add(CheckInterval)
		if d.f.Retry.Before(until) {
			until = d.f.Retry
		}
		return Move{Until: until}
	}
	return Move{Kind: Apply}
}

// describeStop says why the rollout takes no further step, although its phase would allow it.
func (d *decision) describeStop() string {
	switch {
	case d.f.HeldBecause != "":
		return d.f.HeldBecause
	case d.f.NoTip != "" && !d.promoted:
		return fmt.Sprintf("%s, so the rollout of %s stays at %d and is only watched; `reconcile rollout abort %s` takes it back, `reconcile rollout promote %[4]s` takes its next step", d.f.NoTip, d.r.ShortCommit(), d.r.Number, shell.Quote(d.f.Workspace))
	case d.f.Git == Newer && (d.r.IgnoredInputs == "" || d.r.IgnoredInputs != d.f.TipInputs):
		return fmt.Sprintf("%s changes this workspace while the rollout of %s is at %d; `reconcile rollout promote %s` ends that one first, `reconcile rollout abort %[4]s` takes it back", d.f.Tip.Abbrev(), d.r.ShortCommit(), d.r.Number, shell.Quote(d.f.Workspace))
	}
	return ""
}
