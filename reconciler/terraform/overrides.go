package terraform

import (
	"encoding/json"
	"os"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// Names of generated files: they sort last, so that they have the last word.
const (
	overrideFile = "zzz_reconcile_override.tf"
	varsFile     = "zzz_reconcile.auto.tfvars.json"
)

// IsGenerated reports whether a file of this name in a workspace's directory is
// one that a session writes for Terraform.
func IsGenerated(name string) bool { return name == overrideFile || name == varsFile }

// writeOverrides writes the files that tell Terraform where the state is and what
// the declared variables are. Close removes them.
func (s *Session) writeOverrides() error {
	s.generatedFiles = []string{s.path(overrideFile), s.path(varsFile)}
	for _, path := range s.generatedFiles {
		if err := removeIfExists(path); err != nil { // of a killed run
			return err
		}
	}
	if err := s.writeBackendOverride(); err != nil {
		return err
	}
	return s.writeVarsFile()
}

// writeBackendOverride moves a local state out of the checkout. It must be an
// override: -backend-config does not reach a workspace without a backend.
func (s *Session) writeBackendOverride() error {
	if s.spec.LocalState == "" {
		return nil
	}
	prepare := s.prepareState
	if s.spec.ReadOnly {
		prepare = s.copyState
	}
	if err := prepare(); err != nil {
		return err
	}
	file := hclwrite.NewEmptyFile()
	backend := file.Body().AppendNewBlock("terraform", nil).Body().AppendNewBlock("backend", []string{"local"})
	backend.Body().SetAttributeValue("path", cty.StringVal(s.spec.LocalState))
	return os.WriteFile(s.path(overrideFile), file.Bytes(), 0o600)
}

func (s *Session) writeVarsFile() error {
	if len(s.spec.Vars) == 0 {
		return nil
	}
	values, err := s.variableValues()
	if err != nil {
		return err
	}
	text, err := json.Marshal(values)
	if err != nil {
		return err
	}
	return os.WriteFile(s.path(varsFile), text, 0o600)
}
