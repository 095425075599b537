package terraform

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
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

// onlyAllowed refuses providers that may not run. Init has chosen and fetched
// them, for the configuration and for what is in the state, and has run none.
func (s *Session) onlyAllowed() error {
	if s.job.Only == nil {
		return nil
	}
	text, err := os.ReadFile(s.path(lockFileName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return s.failed("plan", nil, err)
	}
	locked, err := readLockFile(text)
	if err != nil {
		return s.failed("plan", nil, err)
	}
	var names []string
	for _, p := range locked {
		names = append(names, p.source)
	}
	installed, err := s.installed()
	if err != nil {
		return s.failed("plan", nil, err)
	}
	for _, name := range append(names, installed...) {
		if host, rest, _ := strings.Cut(name, "/"); host == defaultRegistry[s.t.product] {
			name = rest
		}
		if !slices.Contains(s.job.Only, name) {
			return s.failed("plan", nil, fmt.Errorf("provider %s is not among those that may run: %s", name, strings.Join(s.job.Only, ", ")))
		}
	}
	return nil
}

// installed lists what lies where Terraform looks for the providers that it
// runs, as HOST/NAMESPACE/TYPE. Each part may be a link.
func (s *Session) installed() (names []string, err error) {
	root := s.path(filepath.Join(".terraform", "providers"))
	level := []string{""}
	for range 3 {
		var next []string
		for _, dir := range level {
			entries, err := os.ReadDir(filepath.Join(root, dir))
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, err
			}
			for _, e := range entries {
				next = append(next, path.Join(dir, e.Name()))
			}
		}
		level = next
	}
	return level, nil
}

// lockedProvider is a provider in a lock file.
type lockedProvider struct {
	source, version string
	hashes          []string
}

// readLockFile reads a lock file as Terraform does.
func readLockFile(text []byte) ([]lockedProvider, error) {
	file, diags := hclsyntax.ParseConfig(text, lockFileName, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	var all []lockedProvider
	for _, b := range file.Body.(*hclsyntax.Body).Blocks {
		if b.Type != "provider" || len(b.Labels) != 1 {
			continue
		}
		p := lockedProvider{source: b.Labels[0]}
		for name, a := range b.Body.Attributes {
			v, diags := a.Expr.Value(nil)
			if diags.HasErrors() {
				return nil, diags
			}
			switch {
			case name == "version" && v.Type() == cty.String && !v.IsNull():
				p.version = v.AsString()
			case name == "hashes" && !v.IsNull() && v.CanIterateElements():
				for _, hash := range v.AsValueSlice() {
					if hash.Type() == cty.String && !hash.IsNull() {
						p.hashes = append(p.hashes, hash.AsString())
					}
				}
			}
		}
		all = append(all, p)
	}
	return all, nil
}

// defaultRegistry is the host that each program leaves out of a provider's
// name.
var defaultRegistry = map[string]string{"terraform": "registry.terraform.io", "tofu": "registry.opentofu.org"}
