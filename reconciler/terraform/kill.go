package terraform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// tagVariable marks Terraform and all its child processes in their environments. Its
// value begins with workspaceTag and runTag, so that processes of a killed run are
// found too.
const tagVariable = "TF_RECONCILE_SESSION"

const (
	scanInterval = 10 * time.Millisecond
	killTimeout  = 20 * time.Second // maximum wait after SIGKILL before an error is returned
)

// ErrStopped is wrapped by the error of a command that was stopped because a context
// was done.
var ErrStopped = errors.New("stopped")

// ErrKilled is wrapped by the error of a command that was killed or crashed. If
// reconcile killed it, the error also wraps ErrStopped. The command may have left
// Terraform's state lock.
var ErrKilled = errors.New("killed")

// sessionTagPrefix returns the first part of the tag of a session.
func sessionTagPrefix(spec Spec) string {
	if spec.ReadOnly {
		return readOnlyTag(spec.Dir)
	}
	return workspaceTag(spec.Dir) + runTag(spec.Name, spec.RunID)
}

// workspaceTag marks a directory in which only one session works at a time.
func workspaceTag(dir string) string { return tagOf(dir) }

// readOnlyTag marks a directory in which a session only reads.
func readOnlyTag(dir string) string { return tagOf("read-only\x00" + dir) }

// runTag marks the processes of one pass for one workspace, in any directory.
func runTag(name, run string) string { return tagOf(name + "\x00" + run) }

func tagOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8]) + ":"
}

// runInterruptible runs a command. When ctx is done it interrupts Terraform once, and
// kills it if it has not ended after Options.Grace. When s.killCtx is done it kills at
// once.
func (s *Session) runInterruptible(ctx context.Context, run func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if recovered := recover(); recovered != nil {
				done <- fmt.Errorf("panic: %v", recovered)
			}
		}()
		done <- run()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	case <-s.killCtx.Done():
	}
	err := s.stop(done)
	if err == nil {
		return nil // it succeeded before the signal arrived
	}
	return errors.Join(firstContextErr(ctx, s.killCtx), err)
}

func firstContextErr(contexts ...context.Context) error {
	for _, ctx := range contexts {
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", ErrStopped, context.Cause(ctx))
		}
	}
	return nil
}

// stop interrupts the command, waits, kills it, and returns the command's own error.
func (s *Session) stop(done <-chan error) error {
	grace := time.NewTimer(s.tf.opts.Grace)
	defer grace.Stop()
	ticker := time.NewTicker(scanInterval)
	defer ticker.Stop()
	interrupted := false
	for {
		if !interrupted && s.killCtx.Err() == nil {
			interrupted = s.interrupt()
		}
		select {
		case err := <-done:
			return err
		case <-s.killCtx.Done():
			return s.killAndWait(done)
		case <-grace.C:
			return s.killAndWait(done)
		case <-ticker.C:
		}
	}
}

// interrupt sends SIGINT to Terraform only; Terraform stops its own children. It
// returns false if Terraform has not started yet.
func (s *Session) interrupt() bool {
	all, err := listProcesses()
	if err != nil {
		return false
	}
	pid := findChild(all, os.Getpid(), s.tag)
	if s.isSandboxed() { // bubblewrap starts its init process, which starts Terraform
		pid = findChild(all, findChild(all, pid, s.tag), s.tag)
	}
	return pid != 0 && syscall.Kill(pid, syscall.SIGINT) == nil
}

// killAndWait kills repeatedly, since the command may be just starting. It returns nil
// if the command had already succeeded.
func (s *Session) killAndWait(done <-chan error) error {
	err := s.killRepeatedly(done)
	if err == nil || errors.Is(err, ErrKilled) {
		return err
	}
	return errors.Join(ErrKilled, err)
}

func (s *Session) killRepeatedly(done <-chan error) error {
	limit := time.NewTimer(killTimeout)
	defer limit.Stop()
	ticker := time.NewTicker(scanInterval)
	defer ticker.Stop()
	for {
		killErr := s.kill()
		select {
		case err := <-done:
			return err
		case <-limit.C:
			return errors.Join(killErr, errors.New("terraform was killed but did not exit"))
		case <-ticker.C:
		}
	}
}

// kill kills every process of the session and returns when none is left.
func (s *Session) kill() error {
	return killTree(func(tag string) bool { return tag == s.tag })
}

// killOrphans kills what killed runs left in this directory, or of this workspace in
// another. A local-exec or a provider can outlive Terraform. The caller holds the
// workspace's lease, so no foreign process is hit; a read-only session holds none and
// must not kill an apply, even of a dead run.
func (s *Session) killOrphans() error {
	tags := []string{readOnlyTag(s.spec.Dir)}
	if !s.spec.ReadOnly {
		tags = append(tags, workspaceTag(s.spec.Dir))
	}
	for _, run := range s.spec.PreviousRuns {
		tags = append(tags, runTag(s.spec.Name, run))
	}
	return killTree(func(tag string) bool {
		return tag != s.tag && slices.ContainsFunc(tags, func(part string) bool { return strings.Contains(tag, part) })
	})
}

func killTree(isOurs func(tag string) bool) error {
	deadline := time.Now().Add(killTimeout)
	ticker := time.NewTicker(scanInterval)
	defer ticker.Stop()
	for {
		all, err := listProcesses()
		if err != nil {
			return fmt.Errorf("list processes: %w", err)
		}
		found := findProcessTree(all, isOurs)
		if len(found) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("terraform process %d was killed but did not exit; it may still change the workspace: end it by hand", found[0].pid)
		}
		for _, p := range found {
			p.kill()
		}
		<-ticker.C
	}
}
