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

// Keeps tells which files of a checkout are not strays: the links to what init
// made, and states that could not be written. A .terraform that is no link is
// none of ours: it was committed once, or somebody made it.
func Keeps(path string, d fs.DirEntry) bool {
	switch path[strings.LastIndexByte(path, '/')+1:] {
	case ".terraform":
		return d.Type() == fs.ModeSymlink
	case erroredFile:
		return true
	}
	return false
}

// KeepErrored takes a state that Terraform could not write out of a
// workspace's directory and into work (Options.Work), and returns its path
// there (mode 0600); "" when there is none.
func KeepErrored(work, name, dir string) (string, error) {
	left := filepath.Join(dir, erroredFile)
	if _, err := os.Lstat(left); errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return "", nil
	}
	home := erroredDir(work)
	to := filepath.Join(home, erroredPrefix(name)+time.Now().UTC().Format("20060102T150405.000000000")+".tfstate")
	if err := errors.Join(os.MkdirAll(home, 0o700), os.Chmod(left, 0o600), os.Rename(left, to)); err != nil {
		return "", fmt.Errorf("workspace %s: keep the state that terraform could not write (%s): %w", name, left, err)
	}
	return to, nil
}

func erroredDir(work string) string { return filepath.Join(work, "errored") }

// erroredPrefix begins the names of a workspace's files, and of no other's.
func erroredPrefix(name string) string { return url.QueryEscape(name) + "@" }

// keepErrored looks for such a state, left by this run or by an earlier one.
func (s *Session) keepErrored() error {
	if s.job.ReadOnly {
		return s.seeErrored()
	}
	file, err := KeepErrored(s.t.opts.Work, s.job.Name, s.job.Dir)
	if err != nil || file == "" {
		return err
	}
	return s.errored(file)
}

// seeErrored refuses to plan beside such a state, and leaves it where it is.
func (s *Session) seeErrored() error {
	left := s.path(erroredFile)
	if _, err := os.Lstat(left); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	found := &ErroredStateError{File: left}
	return &StepError{
		Workspace: s.job.Name, Step: "reading the state", Detail: found.Error(), Err: found,
		Next: "run: reconcile now " + s.job.Name + " (it keeps that state, and says how to bring it in)",
	}
}

func (s *Session) errored(file string) error {
	found := &ErroredStateError{File: file}
	next := fmt.Sprintf("in %s, run: %s init && %[2]s state push %s", s.job.Dir, s.t.product, file)
	switch {
	case CutOff(file):
		next = "it is cut off, so that nothing of it can be brought in: look for what that apply made"
	case s.job.LocalState != "":
		next = fmt.Sprintf("run: cp %s %s", file, s.job.LocalState)
	}
	return &StepError{
		Workspace: s.job.Name, Step: "writing the state", Detail: found.Error(), Err: found,
		Next: next + "; then: reconcile resume " + s.job.Name,
	}
}

// CutOff tells whether a kept state is not all there, as when the disk was
// full for it too: nobody can bring it in.
func CutOff(file string) bool {
	content, err := os.ReadFile(file)
	return err == nil && torn(content)
}

// unrecovered refuses to go on while a kept state of this workspace has not
// been brought in: any plan would be wrong. One that is cut off can only be
// laid aside: whoever lifted the hold that was placed for it knows.
func (s *Session) unrecovered(ctx context.Context) error {
	files := s.keptErrored()
	if len(files) == 0 {
		return nil
	}
	now, err := s.pullState(ctx)
	if err != nil {
		return err
	}
	for _, path := range files {
		kept, err := os.ReadFile(path)
		if err != nil {
			return s.failed("init", nil, err)
		}
		aside := ".recovered"
		switch {
		case torn(kept) && s.job.ReadOnly:
			s.warn("a state that terraform could not write whole is kept in " + path + ": what its apply made must be looked for")
		case torn(kept):
			aside = ".cut-off"
			s.warn("a state that terraform could not write whole is laid aside: what its apply made must be looked for; it is kept in " + path + aside)
		case !includes(now, kept):
			return s.errored(path)
		}
		if s.job.ReadOnly {
			continue
		}
		if err := os.Rename(path, path+aside); err != nil {
			return s.failed("init", nil, err)
		}
	}
	return nil
}

// keptErrored returns the kept states of this workspace, oldest first.
func (s *Session) keptErrored() []string {
	home := erroredDir(s.t.opts.Work)
	entries, _ := os.ReadDir(home)
	var files []string
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, erroredPrefix(s.job.Name)) && strings.HasSuffix(name, ".tfstate") {
			files = append(files, filepath.Join(home, name))
		}
	}
	return files
}

// includes tells whether the state now is the kept one or came after it. A
// state that is pushed where there was none gets a lineage of its own, so
// equal contents will do as well.
func includes(now, kept []byte) bool {
	type state struct {
		Lineage   string
		Serial    int64
		Outputs   any
		Resources any
	}
	var n, k state
	if json.Unmarshal(now, &n) != nil || json.Unmarshal(kept, &k) != nil {
		return false
	}
	later := n.Lineage == k.Lineage && n.Serial > k.Serial
	return later || reflect.DeepEqual(n.Outputs, k.Outputs) && reflect.DeepEqual(n.Resources, k.Resources)
}
