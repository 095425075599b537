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

// tagVariable marks, in their environments, Terraform and all that it
// starts. Its value begins with workspaceTag and runTag, so that what a killed
// run left behind is found too.
const tagVariable = "TF_RECONCILE_SESSION"

const (
	scanInterval = 10 * time.Millisecond
	killTimeout  = 20 * time.Second // after which a process that SIGKILL does not end is reported
)

// ErrStopped is wrapped by the errors of commands that were stopped because
// a context was done.
var ErrStopped = errors.New("stopped")

// ErrKilled is wrapped where the command was killed, by us (then beside
// ErrStopped) or by others, or has crashed: it may have left Terraform's lock of
// the state behind.
var ErrKilled = errors.New("killed")

// sessionTagPrefix begins the mark of a job's session.
func sessionTagPrefix(spec Spec) string {
	if spec.ReadOnly {
		return readOnlyTag(spec.Dir)
	}
	return workspaceTag(spec.Dir) + runTag(spec.Name, spec.RunID)
}

// workspaceTag is of a directory, which only one session at a time works in.
func workspaceTag(dir string) string { return tagOf(dir) }

// readOnlyTag is of a directory in which a session only looks.
func readOnlyTag(dir string) string { return tagOf("read-only\x00" + dir) }

// runTag is of one pass's work on one workspace, in whatever directory.
func runTag(name, run string) string { return tagOf(name + "\x00" + run) }

func tagOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8]) + ":"
}

// runInterruptible runs a command. When ctx is done it interrupts Terraform once, and
// kills it if it has not ended after the grace; when s.hard is done it kills
// at once.
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
		return nil // it ended well before the signal reached it
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

// stop interrupts, waits, kills, and returns the command's own error.
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

// interrupt sends SIGINT to Terraform itself, which then stops what it
// started; false: it is not (yet) there.
func (s *Session) interrupt() bool {
	all, err := listProcesses()
	if err != nil {
		return false
	}
	pid := findChild(all, os.Getpid(), s.tag)
	if s.isSandboxed() { // bubblewrap, within it the first process, within that Terraform
		pid = findChild(all, findChild(all, pid, s.tag), s.tag)
	}
	return pid != 0 && syscall.Kill(pid, syscall.SIGINT) == nil
}

// killAndWait kills again and again: the command may be only just starting. It
// returns nil if the command had ended well before.
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
			return errors.Join(killErr, errors.New("terraform was killed but has not ended"))
		case <-ticker.C:
		}
	}
}

// kill ends every process of the session and returns when none is left.
func (s *Session) kill() error {
	return killTree(func(tag string) bool { return tag == s.tag })
}

// killOrphans ends what earlier runs of ours that were killed left behind in
// this directory, or of this workspace in another: a local-exec or a provider
// can outlive Terraform, and not everywhere does Terraform end with us. Whoever
// calls has the sole right to work here, so nobody else's is hit; a session
// that only looks has no such right over an apply, be its run dead.
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
			return fmt.Errorf("process %d of terraform does not end although it was killed: the workspace may still be changing; end it by hand", found[0].pid)
		}
		for _, p := range found {
			p.kill()
		}
		<-ticker.C
	}
}
