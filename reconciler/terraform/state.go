package terraform

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// State tells a Terraform state from every other (lineage), and from itself at
// another time (serial). The zero State is none at all.
type State struct {
	Lineage string
	Serial  int64
}

// decodeState reads fields of the state as it is now. Where there is none, nothing is
// read.
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

// pullState returns the state as it is now; empty: there is none.
func (s *Session) pullState(ctx context.Context) ([]byte, error) {
	return s.commandOutput(ctx, command{step: "state pull", role: s.stateRole, args: []string{"state", "pull"}})
}

// readPlanState is the state that a saved plan was made against. One that is
// encrypted (by OpenTofu) does not tell: then it is the state as it is now,
// and Terraform refuses to apply the plan if it was made against another.
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
		return state, s.stepError("plan", nil, fmt.Errorf("read which state the saved plan was made against: %w", err))
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
