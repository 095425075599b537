package terraform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"time"

	"reconcile/internal/files"
	"reconcile/internal/shell"
)

// erroredFile is the file that Terraform writes in the workspace when it changed
// resources but could not write its state.
const erroredFile = "errored.tfstate"

// IsPreserved reports whether Checkout and Repair must leave a file that is not in the
// tree: a .terraform link to an init cache, or a state that could not be written. A
// .terraform that is not a symlink is not from reconcile and is not preserved.
func IsPreserved(path string, d fs.DirEntry) bool {
	switch path[strings.LastIndexByte(path, '/')+1:] {
	case ".terraform":
		return d.Type() == fs.ModeSymlink
	case erroredFile:
		return d.Type().IsRegular()
	}
	return false
}

// SaveErroredState moves a state that Terraform could not write from a directory to workDir
// (Options.WorkDir). It belongs to the workspace that Terraform last ran for there; if that is
// name, or nothing says which one it is, it is saved under the name as. SaveErroredState returns
// the name that it is saved under, and the new path (mode 0600), or "" if there is no such state.
func SaveErroredState(workDir, name, as, dir string) (owner, file string, err error) {
	source := filepath.Join(dir, erroredFile)
	info, err := os.Lstat(source)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG):
		return "", "", nil // no file system has the last one: such a directory is not checked out
	case err == nil && !info.Mode().IsRegular():
		return "", "", nil // it is not from Terraform, but from a program that Terraform ran
	}
	if owner = erroredStateOwner(name, dir); owner == name {
		owner = as
	}
	targetDir := erroredDir(workDir)
	target := filepath.Join(targetDir, erroredPrefix(owner)+time.Now().UTC().Format("20060102T150405.000000000")+".tfstate")
	if err := errors.Join(os.MkdirAll(targetDir, 0o700), os.Chmod(source, 0o600), os.Rename(source, target)); err != nil {
		return owner, "", fmt.Errorf("workspace %s: save the state that terraform could not write (%s): %w", owner, source, err)
	}
	return owner, target, nil
}

// ownerFile is in an init cache, and names the workspace that last used it. Several workspaces
// may be in one directory, each in a CLI workspace of its own.
const ownerFile = "workspace"

// erroredStateOwner returns the workspace that Terraform last ran for in dir, or name if nothing
// there says so.
func erroredStateOwner(name, dir string) string {
	dataDir, err := os.Readlink(filepath.Join(dir, ".terraform"))
	if err != nil {
		return name
	}
	owner, err := files.ReadRegular(filepath.Join(filepath.Dir(dataDir), ownerFile), files.MaxConfig)
	if err != nil || len(owner) == 0 {
		return name
	}
	return string(owner)
}

func erroredDir(workDir string) string { return filepath.Join(workDir, "errored") }

// maxErroredName is how many bytes of a workspace's name are in the names of its files: those
// have at most 255, and a character of three bytes is nine when escaped.
const maxErroredName = 150

// erroredPrefix returns the prefix of a workspace's files. It matches no other
// workspace.
func erroredPrefix(name string) string {
	escaped := url.QueryEscape(name)
	if len(escaped) > maxErroredName {
		sum := sha256.Sum256([]byte(name))
		escaped = hex.EncodeToString(sum[:])
	}
	return escaped + "@"
}

// saveErroredState saves such a state from this run or an earlier one.
func (s *Session) saveErroredState() error {
	if s.spec.ReadOnly {
		return s.checkErroredState()
	}
	owner, file, err := SaveErroredState(s.tf.opts.WorkDir, s.spec.Name, s.spec.Name, s.spec.Dir)
	if err != nil || file == "" {
		return err
	}
	if owner != s.spec.Name {
		s.addWarning(fmt.Sprintf("a state that terraform could not write for workspace %s is saved in %s: that workspace waits until it is pushed", owner, file))
		return nil
	}
	return s.erroredStateError(file)
}

// checkErroredState refuses to plan while such a state exists. It does not move the
// file.
func (s *Session) checkErroredState() error {
	file := s.path(erroredFile)
	if info, err := os.Lstat(file); errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	failure := &ErroredStateError{File: file}
	return &StepError{
		Workspace: s.spec.Name, Step: "reading the state", Detail: failure.Error(), Err: failure,
		Hint: "run: reconcile now " + shell.Quote(erroredStateOwner(s.spec.Name, s.spec.Dir)) + " (it saves that state and says how to push it)",
	}
}

func (s *Session) erroredStateError(file string) error {
	failure := &ErroredStateError{File: file}
	hint := fmt.Sprintf("in %s, run: %s", s.spec.Dir, PushCommand(s.tf.product, s.spec.CLIWorkspace, file))
	switch {
	case IsTruncated(file):
		hint = "the state file is truncated and cannot be pushed: look for the resources which that apply created"
	case s.spec.LocalState != "":
		hint = fmt.Sprintf("run: cp %s %s", shell.Quote(file), shell.Quote(s.spec.LocalState))
	}
	return &StepError{
		Workspace: s.spec.Name, Step: "writing the state", Detail: failure.Error(), Err: failure,
		Hint: hint + "; then: reconcile resume " + shell.Quote(s.spec.Name),
	}
}

// PushCommand returns the command that people bring a saved state in with, in a directory of
// the commit.
func PushCommand(product, cliWorkspace, file string) string {
	push := fmt.Sprintf("%s state push %s", product, shell.Quote(file))
	if cliWorkspace != "" && cliWorkspace != defaultCLIWorkspace {
		push = fmt.Sprintf("%s=%s %s", cliWorkspaceVariable, cliWorkspace, push)
	}
	return fmt.Sprintf("%s init && %s", product, push)
}

// IsTruncated reports whether a saved state is incomplete, for example because the disk
// was full. Such a state cannot be pushed.
func IsTruncated(file string) bool {
	content, err := files.ReadRegular(file, math.MaxInt64)
	return err == nil && isTruncatedJSON(content)
}

// checkRecovered returns an error while a saved state has not been pushed, since any
// plan would be wrong. A truncated state cannot be pushed, so it is only renamed: the
// operator saw it before releasing the hold.
func (s *Session) checkRecovered(ctx context.Context) error {
	saved := s.erroredStates()
	if len(saved) == 0 {
		return nil
	}
	current, err := s.pullState(ctx)
	if err != nil {
		return err
	}
	for _, path := range saved {
		content, err := files.ReadRegular(path, math.MaxInt64)
		if err != nil {
			return s.stepError("init", nil, err)
		}
		suffix := ".recovered"
		switch {
		case isTruncatedJSON(content) && s.spec.ReadOnly:
			s.addWarning("a truncated state is saved in " + path + ": look for the resources which that apply created")
		case isTruncatedJSON(content):
			suffix = ".truncated"
			s.addWarning("a truncated state was moved to " + path + suffix + ": look for the resources which that apply created")
		case !isSameOrLater(current, content):
			return s.erroredStateError(path)
		}
		if s.spec.ReadOnly {
			continue
		}
		if err := os.Rename(path, path+suffix); err != nil {
			return s.stepError("init", nil, err)
		}
	}
	return nil
}

// erroredStates returns the saved states of this workspace, oldest first.
func (s *Session) erroredStates() []string {
	dir := erroredDir(s.tf.opts.WorkDir)
	entries, _ := os.ReadDir(dir)
	var saved []string
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, erroredPrefix(s.spec.Name)) && strings.HasSuffix(name, ".tfstate") {
			saved = append(saved, filepath.Join(dir, name))
		}
	}
	return saved
}

// isSameOrLater reports whether the current state is the saved one or a later one. A
// push to an empty backend creates a new lineage, so equal contents count as the same.
func isSameOrLater(current, saved []byte) bool {
	type state struct {
		Lineage   string
		Serial    int64
		Outputs   any
		Resources any
	}
	var n, k state
	if json.Unmarshal(current, &n) != nil || json.Unmarshal(saved, &k) != nil {
		return false
	}
	later := n.Lineage == k.Lineage && n.Serial > k.Serial
	return later || reflect.DeepEqual(n.Outputs, k.Outputs) && reflect.DeepEqual(n.Resources, k.Resources)
}
