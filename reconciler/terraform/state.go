package terraform

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// State identifies a Terraform state (Lineage) and its version (Serial). The zero State
// means no state.
type State struct {
	Lineage string
	Serial  int64
}

// decodeState decodes fields from the current state. If there is no state it leaves
// fields unchanged.
func (s *Session) decodeState(ctx context.Context, fields any) error {
	text, err := s.pullState(ctx)
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return err
	}
	if err := json.Unmarshal(text, fields); err != nil {
		return s.stepError("state pull", nil, err)
	}
	return nil
}

// pullState returns the current state; empty if there is none.
func (s *Session) pullState(ctx context.Context) ([]byte, error) {
	return s.commandOutput(ctx, command{step: "state pull", role: s.stateRole, args: []string{"state", "pull"}})
}

// readPlanState returns the state that a saved plan was made against. A plan that
// OpenTofu encrypted does not show it. Then it returns the current state, and Terraform
// refuses to apply the plan to a different one.
func (s *Session) readPlanState(ctx context.Context, file string) (state State, err error) {
	plan, err := zip.OpenReader(file)
	if errors.Is(err, zip.ErrFormat) {
		err = s.decodeState(ctx, &state)
		return state, err
	}
	if err == nil {
		defer plan.Close()
		err = readZipMember(&plan.Reader, "tfstate", &state)
	}
	if err != nil {
		return state, s.stepError("plan", nil, fmt.Errorf("read the state version from the saved plan: %w", err))
	}
	return state, nil
}

func readZipMember(archive *zip.Reader, name string, into any) error {
	member, err := archive.Open(name)
	if err != nil {
		return err
	}
	defer member.Close()
	return json.NewDecoder(member).Decode(into)
}
