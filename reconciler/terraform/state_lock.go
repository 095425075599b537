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
	lockFieldPattern = regexp.MustCompile(`(?m)^\s*(ID|Path|Operation|Who|Version|Created):[ \t]*(.*?)\s*$`)
)

// lockTimeLayout is how Terraform prints Created: Go's time format, in UTC.
const lockTimeLayout = "2006-01-02 15:04:05.999999999 -0700 MST"

// unlockErrorPrefix begins Terraform's error about a lock that it could not release
// after its work.
const unlockErrorPrefix = "Error: Error releasing the state lock"

// parseUnlockError returns an *UnlockError if every error is about releasing the lock,
// else nil.
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

// httpLockPattern matches the http backend's error, which has the holder's lock id. Its
// Lock Info describes the refused command instead of the holder.
var httpLockPattern = regexp.MustCompile(`HTTP remote state already locked: ID=(\S+)`)

// parseLockedError reads the holder of a state lock from Terraform's error. It returns
// nil for any other error. Terraform and OpenTofu offer this only as text.
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

// runHoldingLock runs a command that holds Terraform's state lock. If something else
// killed the command while it was working, it cannot have released the lock, and no
// other process can have taken it. So the lock found directly afterwards is its own.
func (s *Session) runHoldingLock(ctx context.Context, c command) error {
	var progress progressDetector
	c.stdout = io.MultiWriter(append([]io.Writer{&progress}, c.extraStdout()...)...)
	err := s.runCommand(ctx, c)
	var step *StepError
	if !errors.Is(err, ErrKilled) || !errors.As(err, &step) || s.spec.LocalState != "" || s.spec.ReadOnly || !bool(progress) {
		return err
	}
	// untaint changes nothing here, but needs the lock.
	var locked *LockedError
	probeErr := s.runCommand(ctx, command{step: "untaint", role: c.role, args: []string{"untaint", "-no-color", "-allow-missing", "terraform_data.none"}, stdoutIsData: true})
	if errors.As(probeErr, &locked) {
		step.LockID = locked.ID
	}
	return err
}

// progressDetector becomes true when Terraform prints more than that it waits for the
// lock.
type progressDetector bool

func (w *progressDetector) Write(p []byte) (int, error) {
	rest := bytes.ReplaceAll(p, []byte("Acquiring state lock. This may take a few moments..."), nil)
	*w = *w || len(bytes.TrimSpace(rest)) > 0
	return len(p), nil
}

// ForceUnlock releases Terraform's own state lock. The caller must know that its holder
// is dead: backends write states without checking the lock, so two writers would lose
// one's changes. Init must have been called.
func (s *Session) ForceUnlock(ctx context.Context, id string) error {
	return s.runCommand(ctx, command{step: stepForceUnlock, role: s.spec.ApplyRole, args: []string{"force-unlock", "-no-color", "-force", id}})
}
