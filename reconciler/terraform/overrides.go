package terraform

import (
	"encoding/json"
	"os"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"reconcile/internal/files"
)

// Names of the generated files. They sort last, so that they take precedence.
const (
	overrideFile = "zzz_reconcile_override.tf"
	varsFile     = "zzz_reconcile.auto.tfvars.json"
)

// IsGenerated reports whether a session writes a file of this name into a workspace's
// directory.
func IsGenerated(name string) bool { return name == overrideFile || name == varsFile }

// writeOverrides writes the files with the backend and the variables. Close removes
// them.
func (s *Session) writeOverrides() error {
	s.generatedFiles = []string{s.path(overrideFile), s.path(varsFile)}
	for _, path := range s.generatedFiles {
		if err := files.RemoveIfExists(path); err != nil { // left by a killed run
			return err
		}
	}
	if err := s.writeBackendOverride(); err != nil {
		return err
	}
	return s.writeVarsFile()
}

// writeBackendOverride moves a local state out of the checkout. It writes an override
// file, since -backend-config has no effect without a backend block.
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
