package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"time"
)

// erroredFile is what Terraform leaves in a workspace when it has changed
// things and cannot write its state.
const erroredFile = "errored.tfstate"

// IsPreserved tells which files of a checkout are not strays: the links to what init
// made, and states that could not be written. A .terraform that is no link is
// none of ours: it was committed once, or somebody made it.
func IsPreserved(path string, d fs.DirEntry) bool {
	switch path[strings.LastIndexByte(path, '/')+1:] {
	case ".terraform":
		return d.Type() == fs.ModeSymlink
	case erroredFile:
		return true
	}
	return false
}

// SaveErroredState takes a state that Terraform could not write out of a
// workspace's directory and into work (Options.Work), and returns its path
// there (mode 0600); "" when there is none.
func SaveErroredState(workDir, name, dir string) (string, error) {
	source := filepath.Join(dir, erroredFile)
	if _, err := os.Lstat(source); errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return "", nil
	}
	targetDir := erroredDir(workDir)
	target := filepath.Join(targetDir, erroredPrefix(name)+time.Now().UTC().Format("20060102T150405.000000000")+".tfstate")
	if err := errors.Join(os.MkdirAll(targetDir, 0o700), os.Chmod(source, 0o600), os.Rename(source, target)); err != nil {
		return "", fmt.Errorf("workspace %s: keep the state that terraform could not write (%s): %w", name, source, err)
	}
	return target, nil
}

func erroredDir(workDir string) string { return filepath.Join(workDir, "errored") }

// erroredPrefix begins the names of a workspace's files, and of no other's.
func erroredPrefix(name string) string { return url.QueryEscape(name) + "@" }

// saveErroredState looks for such a state, left by this run or by an earlier one.
func (s *Session) saveErroredState() error {
	if s.spec.ReadOnly {
		return s.checkErroredState()
	}
	file, err := SaveErroredState(s.tf.opts.WorkDir, s.spec.Name, s.spec.Dir)
	if err != nil || file == "" {
		return err
	}
	return s.erroredStateError(file)
}

// checkErroredState refuses to plan beside such a state, and leaves it where it is.
func (s *Session) checkErroredState() error {
	file := s.path(erroredFile)
	if _, err := os.Lstat(file); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	failure := &ErroredStateError{File: file}
	return &StepError{
		Workspace: s.spec.Name, Step: "reading the state", Detail: failure.Error(), Err: failure,
		Hint: "run: reconcile now " + s.spec.Name + " (it keeps that state, and says how to bring it in)",
	}
}

func (s *Session) erroredStateError(file string) error {
	failure := &ErroredStateError{File: file}
	hint := fmt.Sprintf("in %s, run: %s init && %[2]s state push %s", s.spec.Dir, s.tf.product, file)
	switch {
	case IsTruncated(file):
		hint = "it is cut off, so that nothing of it can be brought in: look for what that apply made"
	case s.spec.LocalState != "":
		hint = fmt.Sprintf("run: cp %s %s", file, s.spec.LocalState)
	}
	return &StepError{
		Workspace: s.spec.Name, Step: "writing the state", Detail: failure.Error(), Err: failure,
		Hint: hint + "; then: reconcile resume " + s.spec.Name,
	}
}

// IsTruncated tells whether a kept state is not all there, as when the disk was
// full for it too: nobody can bring it in.
func IsTruncated(file string) bool {
	content, err := os.ReadFile(file)
	return err == nil && isTruncatedJSON(content)
}

// checkRecovered refuses to go on while a kept state of this workspace has not
// been brought in: any plan would be wrong. One that is cut off can only be
// laid aside: whoever lifted the hold that was placed for it knows.
func (s *Session) checkRecovered(ctx context.Context) error {
	files := s.erroredStates()
	if len(files) == 0 {
		return nil
	}
	current, err := s.pullState(ctx)
	if err != nil {
		return err
	}
	for _, path := range files {
		saved, err := os.ReadFile(path)
		if err != nil {
			return s.stepError("init", nil, err)
		}
		suffix := ".recovered"
		switch {
		case isTruncatedJSON(saved) && s.spec.ReadOnly:
			s.addWarning("a state that terraform could not write whole is kept in " + path + ": what its apply made must be looked for")
		case isTruncatedJSON(saved):
			suffix = ".cut-off"
			s.addWarning("a state that terraform could not write whole is laid aside: what its apply made must be looked for; it is kept in " + path + suffix)
		case !isSameOrLater(current, saved):
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

// erroredStates returns the kept states of this workspace, oldest first.
func (s *Session) erroredStates() []string {
	dir := erroredDir(s.tf.opts.WorkDir)
	entries, _ := os.ReadDir(dir)
	var files []string
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, erroredPrefix(s.spec.Name)) && strings.HasSuffix(name, ".tfstate") {
			files = append(files, filepath.Join(dir, name))
		}
	}
	return files
}

// isSameOrLater tells whether the state now is the kept one or came after it. A
// state that is pushed where there was none gets a lineage of its own, so
// equal contents will do as well.
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
