package terraform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"reconcile/internal/files"
	"reconcile/reconciler/terraform/internal/planjson"
)

// copyState copies a local state for a read-only session. The backend stays the same,
// so that the init cache of an apply can be used.
func (s *Session) copyState() error {
	content, isTruncated, err := readIntactState(s.spec.LocalState)
	if err != nil {
		return err
	}
	if isTruncated {
		s.addWarning("the state file is truncated: an apply is writing it or was killed; this plan uses the state before that apply")
	}
	s.stateCopy = filepath.Join(s.tempDir, "state")
	return os.WriteFile(s.stateCopy, content, 0o600)
}

// readLocalState returns what `state pull` would print of a local state: its file, which a fifth
// of a cycle's processor time would go into otherwise. ok is false where only Terraform can tell:
// there is no state, its format is not today's, or OpenTofu encrypted it.
func (s *Session) readLocalState() (text []byte, ok bool) {
	if s.spec.LocalState == "" || s.spec.ReadOnly { // that one reads a copy
		return nil, false
	}
	text, err := files.ReadRegular(s.spec.LocalState, maxDocument)
	if err != nil {
		return nil, false
	}
	var format struct {
		Version   int
		Lineage   string
		Encrypted json.RawMessage `json:"encrypted_data"`
	}
	err = json.Unmarshal(text, &format)
	return text, err == nil && format.Version == stateVersion && format.Lineage != "" && format.Encrypted == nil
}

// stateVersion is the version of the format of states that Terraform has written since 0.12, and
// OpenTofu always.
const stateVersion = 4

// ReadManagedAddresses returns the addresses of the resources in the file of a local state that
// Terraform manages. A file that is missing or encrypted has none.
func ReadManagedAddresses(file string) map[string]bool {
	text, err := files.ReadRegular(file, math.MaxInt64)
	var stored planjson.StoredState
	if err != nil || json.Unmarshal(text, &stored) != nil {
		return nil
	}
	return stored.ManagedAddresses()
}

// prepareState makes the file of a local state ready for Terraform: existing, intact
// and private. Without it Terraform would create a file that others can read; Terraform
// treats an empty file as no state.
func (s *Session) prepareState() error {
	path := s.spec.LocalState
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := s.restoreTruncated(path); err != nil {
		return err
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		s.stateWasMissing = true
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// removeEmptyState removes the file that prepareState created if Terraform wrote no state. The
// next session would take it for a state that a killed Terraform had emptied.
func (s *Session) removeEmptyState() error {
	if !s.stateWasMissing {
		return nil
	}
	info, err := os.Stat(s.spec.LocalState)
	if err == nil && info.Size() == 0 {
		err = os.Remove(s.spec.LocalState)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// restoreTruncated restores the last intact state after Terraform was killed in
// mid-write. Terraform first copies the old state to a backup, then overwrites it in
// place. It would treat an emptied file as no state and create everything again.
func (s *Session) restoreTruncated(path string) error {
	previous, isTruncated, err := readIntactState(path)
	if err != nil || !isTruncated {
		return err
	}
	savedPath := path + ".truncated-" + time.Now().UTC().Format("20060102T150405")
	s.addWarning("terraform was killed and left a truncated state: the state before that apply is used; look for the resources which that apply created; the truncated state is saved in " + savedPath)
	// Link instead of rename: the path always has a state.
	if err := os.Link(path, savedPath); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return files.Replace(path, previous)
}

// readIntactState reads a state, or its backup if the state is truncated. It returns
// nil if there is no state.
func readIntactState(path string) (content []byte, isTruncated bool, err error) {
	current, err := files.ReadRegular(path, math.MaxInt64)
	if errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil || !isTruncatedJSON(current) {
		return current, false, err
	}
	backup, err := files.ReadRegular(path+".backup", math.MaxInt64)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, false, err
	}
	if isTruncatedJSON(backup) {
		backup = nil
	}
	return backup, len(current) > 0 || backup != nil, nil // if both are empty, nothing was ever written
}

// isTruncatedJSON reports whether a state was cut off in mid-write. Terraform itself
// refuses a state that is damaged in another way.
func isTruncatedJSON(state []byte) bool {
	var value json.RawMessage
	err := json.NewDecoder(bytes.NewReader(state)).Decode(&value)
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// chmodState makes a local state and Terraform's backup of it private.
func (s *Session) chmodState() error {
	if s.spec.LocalState == "" {
		return nil
	}
	for _, path := range []string{s.spec.LocalState, s.spec.LocalState + ".backup"} {
		if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
			return s.stepError("apply", nil, err)
		}
	}
	return nil
}

// LinkState makes checkoutPath a symlink to statePath. A workspace that reads a local
// state by its path in the repository then finds it. LinkState replaces an existing
// symlink but not a file.
func LinkState(checkoutPath, statePath string) error {
	target, err := os.Readlink(checkoutPath)
	if err == nil && target == statePath {
		return nil
	}
	if errors.Is(err, os.ErrNotExist) && os.Symlink(statePath, checkoutPath) == nil {
		return nil
	}
	info, err := os.Lstat(checkoutPath)
	if err == nil && info.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("%s is a Terraform state in the repository: if it is the current state, copy it (cp %[1]s %s); then remove it from the repository", checkoutPath, statePath)
	}
	return errors.Join(
		os.MkdirAll(filepath.Dir(checkoutPath), 0o755),
		files.RemoveIfExists(checkoutPath),
		os.Symlink(statePath, checkoutPath),
	)
}

// hideDefaultStates moves what lies at Terraform's default paths of states away while init
// runs. Init would migrate it to the backend and then empty it, even if it is a symlink to the
// backend's own state.
func (s *Session) hideDefaultStates() (restore func() error, err error) {
	var hidden []string
	restore = func() (err error) {
		for _, path := range hidden {
			err = errors.Join(err, os.Rename(path+hiddenSuffix, path))
		}
		return err
	}
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.d"} {
		path := s.path(name)
		if _, err := os.Lstat(path); err != nil {
			continue
		}
		// What a killed run left there cannot be renamed over if it is a directory.
		if err := errors.Join(os.RemoveAll(path+hiddenSuffix), os.Rename(path, path+hiddenSuffix)); err != nil {
			return restore, errors.Join(err, restore())
		}
		hidden = append(hidden, path)
	}
	return restore, nil
}

// hiddenSuffix is what hideDefaultStates adds to a path.
const hiddenSuffix = ".hidden"
