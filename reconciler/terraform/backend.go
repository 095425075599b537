package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// checkBackend compares the backend that Terraform uses after init with the expected
// one. Terraform must not plan against another backend: files in the repository can
// change the setting unnoticed.
func (s *Session) checkBackend() error {
	kind, config, err := s.readBackend()
	switch {
	case err != nil:
		return err
	case s.spec.LocalState == "" && s.spec.CheckBackend != nil:
		return s.spec.CheckBackend(kind, config)
	case s.spec.LocalState != "" && (kind != "local" || config["path"] != s.spec.LocalState):
		return fmt.Errorf("the state must be in backend \"local\" at %s, but terraform init used %q at %v: remove the other backend settings", s.spec.LocalState, kind, config)
	}
	return nil
}

// readBackend returns the backend that init recorded. An argument that is not a string
// is returned as JSON. Without a backend block, init writes no file.
func (s *Session) readBackend() (kind string, config map[string]string, err error) {
	file := filepath.Join(s.path(".terraform"), "terraform.tfstate")
	text, err := os.ReadFile(file)
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
