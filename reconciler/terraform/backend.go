package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// checkBackend compares the backend that Terraform has after init with the
// one that is meant. Nothing is planned against another: what a repository
// holds may have a say that nobody looked for.
func (s *Session) checkBackend() error {
	kind, config, err := s.backend()
	switch {
	case err != nil:
		return err
	case s.job.LocalState == "" && s.job.CheckBackend != nil:
		return s.job.CheckBackend(kind, config)
	case s.job.LocalState != "" && (kind != "local" || config["path"] != s.job.LocalState):
		return fmt.Errorf("the state is meant to be in the backend \"local\" at %s, but after init Terraform has it in %q at %v: remove what else says where it is", s.job.LocalState, kind, config)
	}
	return nil
}

// backend is what init wrote down of the backend; of arguments that are no
// text, their JSON. Of no backend block it writes nothing.
func (s *Session) backend() (kind string, config map[string]string, err error) {
	file := filepath.Join(s.path(".terraform"), "terraform.tfstate")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return "local", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	var said struct {
		Backend struct {
			Type   string
			Config map[string]json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return "", nil, fmt.Errorf("read %s: %w", file, err)
	}
	config = map[string]string{}
	for name, raw := range said.Backend.Config {
		var value string
		if string(raw) != "null" && json.Unmarshal(raw, &value) != nil {
			value = string(raw)
		}
		config[name] = value
	}
	return said.Backend.Type, config, nil
}
