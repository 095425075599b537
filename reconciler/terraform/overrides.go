package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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
func (s *Session) writeOverrides(cache initCacheDir) error {
	s.generatedFiles = []string{s.path(overrideFile), s.path(varsFile)}
	for _, path := range s.generatedFiles {
		if err := files.RemoveIfExists(path); err != nil { // left by a killed run
			return err
		}
	}
	s.learnVariables()
	if err := s.writeBackendOverride(cache); err != nil {
		return err
	}
	return s.writeVarsFile()
}

// writeBackendOverride moves a local state out of the checkout. It writes an override
// file, since -backend-config has no effect without a backend block.
func (s *Session) writeBackendOverride(cache initCacheDir) error {
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
	name, value := s.localBackendArgument(cache)
	backend.Body().SetAttributeValue(name, cty.StringVal(value))
	return os.WriteFile(s.path(overrideFile), file.Bytes(), 0o600)
}

// localBackendArgument returns the argument of the local backend that says where the state is.
func (s *Session) localBackendArgument(cache initCacheDir) (name, value string) {
	if s.isDefaultCLIWorkspace() {
		return "path", s.spec.LocalState
	}
	return "workspace_dir", cache.statesDir()
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

// checkBackend compares the backend that Terraform uses after init with the expected
// one. Terraform must not plan against another backend: files in the repository can
// change the setting unnoticed.
func (s *Session) checkBackend(cache initCacheDir) error {
	kind, config, err := s.readBackend()
	name, value := s.localBackendArgument(cache)
	switch {
	case err != nil:
		return err
	case s.spec.LocalState == "" && s.spec.CheckBackend != nil:
		return s.spec.CheckBackend(kind, config)
	case s.spec.LocalState != "" && (kind != "local" || config[name] != value):
		return fmt.Errorf("the state must be in backend \"local\" at %s, but terraform init used %q at %v: remove the other backend settings", value, kind, config)
	}
	return nil
}

// readBackend returns the backend that init recorded. An argument that is not a string
// is returned as JSON. Without a backend block, init writes no file.
func (s *Session) readBackend() (kind string, config map[string]string, err error) {
	file := filepath.Join(s.path(".terraform"), "terraform.tfstate")
	text, err := files.ReadRegular(file, files.MaxConfig)
	if errors.Is(err, os.ErrNotExist) {
		return "local", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	var content struct {
		Backend struct {
			Type   string
			Config map[string]json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &content); err != nil {
		return "", nil, fmt.Errorf("read %s: %w", file, err)
	}
	config = map[string]string{}
	for name, raw := range content.Backend.Config {
		var value string
		if string(raw) != "null" && json.Unmarshal(raw, &value) != nil {
			value = string(raw)
		}
		config[name] = value
	}
	return content.Backend.Type, config, nil
}
