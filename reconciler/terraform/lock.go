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
	colours = regexp.MustCompile("\x1b\\[[0-9;]*m")
	field   = regexp.MustCompile(`(?m)^\s*(ID|Path|Operation|Who|Version|Created):[ \t]*(.*?)\s*$`)
)

// lockTime is how Terraform prints Created: Go's own form of a time, in UTC.
const lockTime = "2006-01-02 15:04:05.999999999 -0700 MST"

// unlockFailed begins the error about a lock that could not be freed when all
// was done.
const unlockFailed = "Error: Error releasing the state lock"

// parseUnlock tells whether a lock that could not be freed is all that went
// wrong; nil: it is not.
func parseUnlock(blocks []string) *UnlockError {
	failed := &UnlockError{}
	for _, block := range blocks {
		if !strings.HasPrefix(block, unlockFailed) {
			return nil
		}
		if id := field.FindStringSubmatch(block); id != nil && id[1] == "ID" {
			failed.ID = id[2]
		}
	}
	return failed
}

// lockOfHTTP is how the http backend tells whose the lock is. In the place where
// others tell of the holder, it tells of the command that it refuses.
var lockOfHTTP = regexp.MustCompile(`HTTP remote state already locked: ID=(\S+)`)

// parseLock reads the holder of a state lock out of Terraform's error; nil:
// the error is about something else. Terraform and OpenTofu have no other
// form for it.
func parseLock(said string) *LockedError {
	_, info, found := strings.Cut(said, "Lock Info:")
	if !found || strings.Contains(said, unlockFailed) {
		return nil
	}
	if m := lockOfHTTP.FindStringSubmatch(oneLine(said)); m != nil {
		return &LockedError{ID: m[1]}
	}
	fields := map[string]string{}
	for _, m := range field.FindAllStringSubmatch(info, -1) {
		if _, known := fields[m[1]]; !known {
			fields[m[1]] = m[2]
		}
	}
	if fields["ID"] == "" {
		return nil
	}
	created, _ := time.Parse(lockTime, fields["Created"])
	return &LockedError{
		ID: fields["ID"], Path: fields["Path"], Operation: fields["Operation"],
		Who: fields["Who"], Version: fields["Version"], Created: created,
	}
}

const stepForceUnlock = "force-unlock"

// locking runs a command that holds Terraform's lock of the state. One that was
// killed by others, when it was surely at work, cannot have given the lock back,
// and nobody else can have taken it: what is asked for at once is its own.
func (s *Session) locking(ctx context.Context, c command) error {
	var work atWork
	c.stdout = io.MultiWriter(append([]io.Writer{&work}, c.beside()...)...)
	err := s.do(ctx, c)
	var step *StepError
	if !errors.Is(err, ErrKilled) || !errors.As(err, &step) || s.job.LocalState != "" || s.job.ReadOnly || !bool(work) {
		return err
	}
	// It changes nothing, but would need the lock for that.
	var locked *LockedError
	asked := s.do(ctx, command{step: "untaint", role: c.role, args: []string{"untaint", "-no-color", "-allow-missing", "terraform_data.none"}, quiet: true})
	if errors.As(asked, &locked) {
		step.Lock = locked.ID
	}
	return err
}

// atWork becomes true when Terraform says more than that it waits for the lock.
type atWork bool

func (w *atWork) Write(p []byte) (int, error) {
	rest := bytes.ReplaceAll(p, []byte("Acquiring state lock. This may take a few moments..."), nil)
	*w = *w || len(bytes.TrimSpace(rest)) > 0
	return len(p), nil
}

// ForceUnlock frees Terraform's own lock of the state. It must be known that
// its holder is dead: backends write states without asking who holds the
// lock, so two writers lose one's work. Init must have been called.
func (s *Session) ForceUnlock(ctx context.Context, id string) error {
	return s.do(ctx, command{step: stepForceUnlock, role: s.job.ApplyRole, args: []string{"force-unlock", "-no-color", "-force", id}})
}
