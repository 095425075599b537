package terraform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"reconcile/internal/files"
)

// defaultCLIWorkspace is the CLI workspace that every directory has.
const defaultCLIWorkspace = "default"

// cliWorkspaceVariable names the CLI workspace of one command. It wins over what lies in the
// data directory, where somebody may have switched it, and a saved plan does not carry it.
const cliWorkspaceVariable = "TF_WORKSPACE"

// initStep is the command that gets no CLI workspace: it would ask for another one where this
// one does not exist yet, or fail. Commands after it make what does not exist.
const initStep = "init"

// ErrNoCLIWorkspace means that the CLI workspace does not exist yet, and that a plan would write
// its empty state.
var ErrNoCLIWorkspace = errors.New("does not exist yet")

func (s *Session) cliWorkspace() string { return cmp.Or(s.spec.CLIWorkspace, defaultCLIWorkspace) }

// isDefaultCLIWorkspace reports whether the session works in the default CLI workspace.
func (s *Session) isDefaultCLIWorkspace() bool { return s.cliWorkspace() == defaultCLIWorkspace }

// selectCLIWorkspace prepares the data directory that init made: people who run Terraform there
// are in the workspace of the last session, and a local state is where Terraform looks for it.
func (s *Session) selectCLIWorkspace(cache initCacheDir) error {
	if err := os.WriteFile(cache.owner(), []byte(s.spec.Name), 0o600); err != nil {
		return err
	}
	selected := filepath.Join(cache.dataDir(), "environment")
	if s.isDefaultCLIWorkspace() {
		return files.RemoveIfExists(selected)
	}
	return errors.Join(os.WriteFile(selected, []byte(s.cliWorkspace()), 0o600), s.linkCLIState(cache))
}

// linkCLIState links the local state of a CLI workspace to where Terraform looks for it:
// workspace_dir is a constant, so that a plan of a copy can use what init made for an apply.
func (s *Session) linkCLIState(cache initCacheDir) error {
	if s.spec.LocalState == "" {
		return nil
	}
	target := cmp.Or(s.stateCopy, s.spec.LocalState)
	dir := filepath.Join(cache.statesDir(), s.cliWorkspace())
	err := os.MkdirAll(dir, 0o700)
	for _, suffix := range []string{"", ".backup"} {
		link := filepath.Join(dir, "terraform.tfstate"+suffix)
		err = errors.Join(err, files.RemoveIfExists(link), os.Symlink(target+suffix, link))
	}
	return err
}

// checkCLIWorkspace refuses a plan that would write: some backends, such as s3, write an empty
// state when a CLI workspace is first used.
func (s *Session) checkCLIWorkspace(ctx context.Context) error {
	if !s.spec.ReadOnly || s.isDefaultCLIWorkspace() || s.spec.LocalState != "" {
		return nil
	}
	list, err := s.commandOutput(ctx, command{step: "workspace list", role: s.spec.PlanRole, args: []string{"workspace", "list"}})
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(list)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "* "+s.cliWorkspace() || line == "  "+s.cliWorkspace() {
			return nil
		}
	}
	return fmt.Errorf("workspace %s: the Terraform CLI workspace %q %w in its backend, and a plan would write its empty state: the first apply makes it", s.spec.Name, s.cliWorkspace(), ErrNoCLIWorkspace)
}
