package terraform

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// Apply applies the very plan that Plan saved. Without an error, Terraform
// has ended with success. An *ErroredStateError within the error means that
// the state could not be written.
func (s *Session) Apply(ctx context.Context, plan *Plan) error {
	s.role = s.job.ApplyRole
	err := s.do(ctx, command{step: "apply", role: s.job.ApplyRole, run: func(ctx context.Context) error {
		return s.slot.exec.Apply(ctx, tfexec.DirOrPlan(plan.file))
	}})
	return errors.Join(err, s.guardState(), s.findErrored())
}

// guardState keeps a local state readable by us alone.
func (s *Session) guardState() error {
	if s.job.LocalState == "" {
		return nil
	}
	for _, path := range []string{s.job.LocalState, s.job.LocalState + ".backup"} {
		if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
			return s.failed("apply", nil, err)
		}
	}
	return nil
}

// findErrored looks for a state that Terraform could not write, left by this
// run or by one before it, and takes it out of the checkout.
func (s *Session) findErrored() error {
	left := s.path("errored.tfstate")
	if _, err := os.Lstat(left); err == nil {
		if err := s.keepErrored(left); err != nil {
			return s.failed("keeping errored.tfstate", nil, err)
		}
	}
	kept := s.t.errored(s.job.Name)
	if len(kept) == 0 {
		return nil
	}
	found := &ErroredStateError{File: kept[len(kept)-1]}
	return &StepError{
		Workspace: s.job.Name, Step: "writing the state", Detail: found.Error(), Err: found,
		Next: fmt.Sprintf("write that state to its backend (cd to the workspace, %s init, %[1]s state push %s), then: reconcile resume %s", s.t.product, found.File, s.job.Name),
	}
}

func (s *Session) keepErrored(left string) error {
	to := filepath.Join(s.t.erroredDir(), erroredPrefix(s.job.Name)+time.Now().UTC().Format("20060102T150405.000000000")+".tfstate")
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.Chmod(left, 0o600); err != nil {
		return err
	}
	return os.Rename(left, to)
}

func (t *Terraform) erroredDir() string { return filepath.Join(t.opts.Work, "errored") }

// erroredPrefix begins the names of a workspace's files, and of no other's.
func erroredPrefix(name string) string { return url.QueryEscape(name) + "@" }

// errored returns the kept states of a workspace, oldest first.
func (t *Terraform) errored(name string) []string {
	entries, _ := os.ReadDir(t.erroredDir())
	var kept []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), erroredPrefix(name)) && strings.HasSuffix(entry.Name(), ".tfstate") {
			kept = append(kept, filepath.Join(t.erroredDir(), entry.Name()))
		}
	}
	return kept
}

// Recovered puts aside the states of a workspace that Terraform could not
// write, once a person has brought them in: until then Init refuses to go on.
func (t *Terraform) Recovered(name string) error {
	var err error
	for _, path := range t.errored(name) {
		err = errors.Join(err, os.Rename(path, path+".recovered"))
	}
	return err
}
