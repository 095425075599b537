package terraform

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// StepError is a step that failed, for people: which workspace, what
// Terraform said, and what to do next.
type StepError struct {
	Workspace string
	Step      string // "init", "plan", "apply", "state pull", "force-unlock"
	Detail    string // Terraform's own words, redacted; may be empty
	Hint      string // what to do; may be empty
	LockID    string // id of Terraform's lock of the state that a killed command is known to have left
	Err       error
}

func (e *StepError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "workspace %s: %s failed", e.Workspace, e.Step)
	switch {
	case e.Detail != "":
		b.WriteString(": " + e.Detail)
	case e.Err != nil:
		b.WriteString(": " + e.Err.Error())
	}
	if e.Hint != "" {
		b.WriteString("\nnext: " + e.Hint)
	}
	return b.String()
}

func (e *StepError) Unwrap() error { return e.Err }

// LockedError says that Terraform's own lock of the state is held: by a run
// that works now, or by one that was killed.
type LockedError struct {
	ID        string
	Path      string
	Operation string
	Who       string // user@host; "": the backend does not tell
	Version   string
	Created   time.Time // zero if it could not be read
}

func (e *LockedError) Error() string {
	if e.Who == "" {
		return fmt.Sprintf("the Terraform state is locked (lock %s; its backend does not tell by whom)", e.ID)
	}
	return fmt.Sprintf("the Terraform state is locked by %s since %s (%s, lock %s)", e.Who, e.Created.Format(time.RFC3339), e.Operation, e.ID)
}

// UnlockError says that Terraform has done all that it was to do, and could not
// free its own lock of the state afterwards: the lock is left behind.
type UnlockError struct {
	ID string // of the lock; "" if it could not be read
}

func (e *UnlockError) Error() string {
	return "terraform could not free its lock of the state (" + e.ID + "), which is left behind"
}

// ErroredStateError says that Terraform changed real things but could not
// write its state, and where that state is kept. Until it is pushed, any plan
// would be wrong.
type ErroredStateError struct {
	File string // absolute, mode 0600
}

func (e *ErroredStateError) Error() string {
	return "terraform could not write its state, and left it in " + e.File
}

// stepError makes a step's error from Terraform's stderr and what running it
// returned.
func (s *Session) stepError(step string, stderr []byte, err error) error {
	blocks := parseDiagnostics(string(stderr))
	text := strings.Join(blocks, "\n")
	failure := &StepError{Workspace: s.spec.Name, Step: step, Detail: shorten(s.log.redactString(text), maxError), Err: err}
	if unlock := parseUnlockError(blocks); unlock != nil && !errors.Is(err, ErrStopped) {
		failure.Err = unlock
		failure.Hint = "let the role free the lock (in S3: s3:DeleteObject on the lock object); then the next pass frees it, or by hand: reconcile unlock " + s.spec.Name + " --state-lock " + unlock.ID
		return failure
	}
	// Who fails to free a lock is told of it in the same form.
	if lock := parseLockedError(text); lock != nil && step != stepForceUnlock {
		failure.Err = lock
		failure.Detail = lock.Error()
		failure.Hint = "if nothing else works on this state, free the lock: reconcile unlock " + s.spec.Name + " --state-lock " + lock.ID
		return failure
	}
	if errors.Is(err, ErrStopped) || errors.Is(err, ErrKilled) {
		failure.Detail = strings.TrimSpace(err.Error() + "\n" + failure.Detail)
	}
	failure.Hint = s.hint(text, err)
	return failure
}

// parseDiagnostics returns the errors that Terraform printed, without the lines drawn
// around them, colours, and warnings; where there is none, all that it printed.
func parseDiagnostics(printed string) []string {
	var blocks []string
	var block []string
	flush := func() {
		if len(block) > 0 && strings.HasPrefix(block[0], "Error: ") {
			blocks = append(blocks, strings.TrimSpace(strings.Join(block, "\n")))
		}
		block = nil
	}
	for line := range strings.Lines(printed) {
		line = strings.TrimRight(stripDecoration(line), " \t\r\n")
		if strings.HasPrefix(line, "Error: ") || strings.HasPrefix(line, "Warning: ") {
			flush()
		}
		block = append(block, line)
	}
	flush()
	if len(blocks) == 0 {
		return []string{strings.TrimSpace(printed)}
	}
	return blocks
}

// stripDecoration takes away colours and the lines drawn at the left.
func stripDecoration(line string) string {
	line = colourPattern.ReplaceAllString(line, "")
	for _, prefix := range []string{"│ ", "│", "╷", "╵"} {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return rest
		}
	}
	return line
}
