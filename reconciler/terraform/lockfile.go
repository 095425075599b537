package terraform

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

const lockFileName = ".terraform.lock.hcl"

// keepLock keeps the lock file that init made where none is committed.
func (s *Session) keepLock(kept kept) error {
	if s.job.LockFile {
		return nil
	}
	made, err := os.ReadFile(s.path(lockFileName))
	if errors.Is(err, os.ErrNotExist) {
		return nil // no providers
	}
	if err != nil {
		return err
	}
	s.madeLock(made)
	return os.WriteFile(kept.lock(), made, 0o600)
}

// restoreLock puts that lock file back where init is not run.
func (s *Session) restoreLock(kept kept) error {
	if s.job.LockFile {
		return nil
	}
	made, err := os.ReadFile(kept.lock())
	if errors.Is(err, os.ErrNotExist) {
		return removeIfThere(s.path(lockFileName))
	}
	if err == nil {
		s.madeLock(made)
		err = os.WriteFile(s.path(lockFileName), made, 0o600)
	}
	if err != nil {
		return s.failed("init", nil, err)
	}
	return nil
}

// MadeLockFile returns the dependency lock file that init made because none is
// committed, to be kept with the run; nil where one is, or none is needed.
func (s *Session) MadeLockFile() []byte { return s.lock }

func (s *Session) madeLock(made []byte) {
	s.lock = made
	s.warn("no " + lockFileName + " is committed for " + s.job.Name +
		", so the newest providers that fit were chosen: commit one (" + s.t.product + " providers lock)")
}

// lockFileID identifies the lock file that is in force.
func (s *Session) lockFileID() (string, error) {
	text, err := os.ReadFile(s.path(lockFileName))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return "sha256:" + digest(text), err
}

// onlyAllowed refuses providers that may not run. Init has chosen them, for
// the configuration and for what is in the state, and has run none of them.
func (s *Session) onlyAllowed() error {
	if s.job.Only == nil {
		return nil
	}
	text, err := os.ReadFile(s.path(lockFileName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return s.failed("plan", nil, err)
	}
	for _, m := range provider.FindAllStringSubmatch(string(text), -1) {
		name := m[1]
		if host, rest, _ := strings.Cut(name, "/"); host == defaultRegistry[s.t.product] {
			name = rest
		}
		if !slices.Contains(s.job.Only, name) {
			return s.failed("plan", nil, fmt.Errorf("provider %s is not among those that may run: %s", name, strings.Join(s.job.Only, ", ")))
		}
	}
	return nil
}

// defaultRegistry is the host that each program leaves out of a provider's
// name.
var defaultRegistry = map[string]string{"terraform": "registry.terraform.io", "tofu": "registry.opentofu.org"}
