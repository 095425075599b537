package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// Names of generated files: they sort last, so that they have the last word.
const (
	overrideFile = "zzz_reconcile_override.tf"
	varsFile     = "zzz_reconcile.auto.tfvars.json"
)

// generate writes the files that tell Terraform where the state is and what
// the declared variables are. Close removes them.
func (s *Session) generate() error {
	s.made = []string{s.path(overrideFile), s.path(varsFile)}
	for _, path := range s.made {
		if err := removeIfThere(path); err != nil { // of a killed run
			return err
		}
	}
	if err := s.generateBackend(); err != nil {
		return err
	}
	return s.generateVars()
}

// generateBackend moves a local state out of the checkout. It must be an
// override: -backend-config does not reach a workspace without a backend.
func (s *Session) generateBackend() error {
	if s.job.LocalState == "" {
		return nil
	}
	if err := makeState(s.job.LocalState); err != nil {
		return err
	}
	file := hclwrite.NewEmptyFile()
	backend := file.Body().AppendNewBlock("terraform", nil).Body().AppendNewBlock("backend", []string{"local"})
	backend.Body().SetAttributeValue("path", cty.StringVal(s.job.LocalState))
	return os.WriteFile(s.path(overrideFile), file.Bytes(), 0o600)
}

// makeState makes an empty state file (which Terraform takes for no state)
// if there is none: Terraform itself would make one that others can read.
func makeState(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

func (s *Session) generateVars() error {
	if len(s.job.Vars) == 0 {
		return nil
	}
	values, err := s.variables()
	if err != nil {
		return err
	}
	text, err := json.Marshal(values)
	if err != nil {
		return err
	}
	return os.WriteFile(s.path(varsFile), text, 0o600)
}

// LinkState makes checkoutPath a link to statePath, so that a workspace that
// reads a local state by its path in the repository finds it. A link that is
// there is replaced; a file is not.
func LinkState(checkoutPath, statePath string) error {
	if now, err := os.Readlink(checkoutPath); err == nil && now == statePath {
		return nil
	}
	info, err := os.Lstat(checkoutPath)
	if err == nil && info.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("%s is a Terraform state of its own: bring it in, if it is the one to go on with (cp %[1]s %s), and remove it from the repository", checkoutPath, statePath)
	}
	return errors.Join(
		os.MkdirAll(filepath.Dir(checkoutPath), 0o755),
		removeIfThere(checkoutPath),
		os.Symlink(statePath, checkoutPath),
	)
}

// hideDefaultState takes away what is at the path of Terraform's default
// state while init runs. Init would take it for an old state to bring to the
// backend, and then empty it, even where it is a link to the very state that
// the backend names.
func (s *Session) hideDefaultState() (restore func() error, err error) {
	path := s.path("terraform.tfstate")
	if _, err := os.Lstat(path); err != nil {
		return func() error { return nil }, nil
	}
	hidden := path + ".hidden"
	return func() error { return os.Rename(hidden, path) }, os.Rename(path, hidden)
}
