package terraform

import (
	"context"
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

// parseLock reads the holder of a state lock out of Terraform's error; nil:
// the error is about something else. Terraform and OpenTofu have no other
// form for it.
func parseLock(said string) *LockedError {
	_, info, found := strings.Cut(said, "Lock Info:")
	if !found || strings.Contains(said, unlockFailed) {
		return nil
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

// ForceUnlock frees Terraform's own lock of the state. It must be known that
// its holder is dead: backends write states without asking who holds the
// lock, so two writers lose one's work. Init must have been called.
func (s *Session) ForceUnlock(ctx context.Context, id string) error {
	return s.do(ctx, command{step: stepForceUnlock, role: s.job.ApplyRole, run: func(ctx context.Context) error {
		return s.slot.exec.ForceUnlock(ctx, id)
	}})
}
