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

// pull reads fields of the state as it is now. Where there is none, nothing is
// read.
func (s *Session) pull(ctx context.Context, fields any) error {
	text, err := s.pullState(ctx)
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return err
	}
	if err := json.Unmarshal(text, fields); err != nil {
		return s.failed("state pull", nil, err)
	}
	return nil
}

// pullState returns the state as it is now; empty: there is none.
func (s *Session) pullState(ctx context.Context) ([]byte, error) {
	return s.data(ctx, command{step: "state pull", role: s.role, args: []string{"state", "pull"}})
}

// plannedState is the state that a saved plan was made against. One that is
// encrypted (by OpenTofu) does not tell: then it is the state as it is now,
// and Terraform refuses to apply the plan if it was made against another.
func (s *Session) plannedState(ctx context.Context, file string) (state State, err error) {
	plan, err := zip.OpenReader(file)
	if errors.Is(err, zip.ErrFormat) {
		err = s.pull(ctx, &state)
		return state, err
	}
	if err == nil {
		defer plan.Close()
		err = readMember(&plan.Reader, "tfstate", &state)
	}
	if err != nil {
		return state, s.failed("plan", nil, fmt.Errorf("read which state the saved plan was made against: %w", err))
	}
	return state, nil
}

func readMember(archive *zip.Reader, name string, into any) error {
	member, err := archive.Open(name)
	if err != nil {
		return err
	}
	defer member.Close()
	return json.NewDecoder(member).Decode(into)
}
