package terraform

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"time"
)

var (
	colourPattern    = regexp.MustCompile("\x1b\\[[0-9;]*m")
	lockFieldPattern = regexp.MustCompile(`(?m)^\s*(ID|Path|Operation|Who|Version|Created):[ \t]*(.*?)\s*$`)
)

// lockTimeLayout is how Terraform prints Created: Go's own form of a time, in UTC.
const lockTimeLayout = "2006-01-02 15:04:05.999999999 -0700 MST"

// unlockErrorPrefix begins the error about a lock that could not be freed when all
// was done.
const unlockErrorPrefix = "Error: Error releasing the state lock"

// parseUnlockError tells whether a lock that could not be freed is all that went
// wrong; nil: it is not.
func parseUnlockError(blocks []string) *UnlockError {
	unlockErr := &UnlockError{}
	for _, block := range blocks {
		if !strings.HasPrefix(block, unlockErrorPrefix) {
			return nil
		}
		if id := lockFieldPattern.FindStringSubmatch(block); id != nil && id[1] == "ID" {
			unlockErr.ID = id[2]
		}
	}
	return unlockErr
}

// httpLockPattern is how the http backend tells whose the lock is. In the place where
// others tell of the holder, it tells of the command that it refuses.
var httpLockPattern = regexp.MustCompile(`HTTP remote state already locked: ID=(\S+)`)

// parseLockedError reads the holder of a state lock out of Terraform's error; nil:
// the error is about something else. Terraform and OpenTofu have no other
// form for it.
func parseLockedError(message string) *LockedError {
	_, info, found := strings.Cut(message, "Lock Info:")
	if !found || strings.Contains(message, unlockErrorPrefix) {
		return nil
	}
	if m := httpLockPattern.FindStringSubmatch(unwrapLines(message)); m != nil {
		return &LockedError{ID: m[1]}
	}
	fields := map[string]string{}
	for _, m := range lockFieldPattern.FindAllStringSubmatch(info, -1) {
		if _, isSet := fields[m[1]]; !isSet {
			fields[m[1]] = m[2]
		}
	}
	if fields["ID"] == "" {
		return nil
	}
	created, _ := time.Parse(lockTimeLayout, fields["Created"])
	return &LockedError{
		ID: fields["ID"], Path: fields["Path"], Operation: fields["Operation"],
		Who: fields["Who"], Version: fields["Version"], Created: created,
	}
}

const stepForceUnlock = "force-unlock"

// runHoldingLock runs a command that holds Terraform's lock of the state. One that was
// killed by others, when it was surely at work, cannot have given the lock back,
// and nobody else can have taken it: what is asked for at once is its own.
func (s *Session) runHoldingLock(ctx context.Context, c command) error {
	var progress progressDetector
	c.stdout = io.MultiWriter(append([]io.Writer{&progress}, c.extraStdout()...)...)
	err := s.runCommand(ctx, c)
	var step *StepError
	if !errors.Is(err, ErrKilled) || !errors.As(err, &step) || s.spec.LocalState != "" || s.spec.ReadOnly || !bool(progress) {
		return err
	}
	// It changes nothing, but would need the lock for that.
	var locked *LockedError
	probeErr := s.runCommand(ctx, command{step: "untaint", role: c.role, args: []string{"untaint", "-no-color", "-allow-missing", "terraform_data.none"}, stdoutIsData: true})
	if errors.As(probeErr, &locked) {
		step.LockID = locked.ID
	}
	return err
}

// progressDetector becomes true when Terraform says more than that it waits for the lock.
type progressDetector bool

func (w *progressDetector) Write(p []byte) (int, error) {
	rest := bytes.ReplaceAll(p, []byte("Acquiring state lock. This may take a few moments..."), nil)
	*w = *w || len(bytes.TrimSpace(rest)) > 0
	return len(p), nil
}

// ForceUnlock frees Terraform's own lock of the state. It must be known that
// its holder is dead: backends write states without asking who holds the
// lock, so two writers lose one's work. Init must have been called.
func (s *Session) ForceUnlock(ctx context.Context, id string) error {
	return s.runCommand(ctx, command{step: stepForceUnlock, role: s.spec.ApplyRole, args: []string{"force-unlock", "-no-color", "-force", id}})
}
