package terraform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"reconcile/internal/runid"
	"reconcile/reconciler/terraform/internal/process"
)

// ErrStopped is wrapped by the error of a command that was stopped because a context
// was done.
var ErrStopped = errors.New("stopped")

// ErrKilled is wrapped by the error of a command that was killed or crashed. If
// reconcile killed it, the error also wraps ErrStopped. The command may have left
// Terraform's state lock.
var ErrKilled = errors.New("killed")

// sessionTagPrefix returns the first part of the tag of a session's processes. It holds
// the workspace and the run, so that processes of a killed run are found too.
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
func runTag(name string, run runid.ID) string { return tagOf(name + "\x00" + string(run)) }

func tagOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8]) + ":"
}

// runInterruptible runs a command. When ctx is done it interrupts Terraform once, and
// kills it if it has not ended after Options.GracePeriod. When s.killCtx is done it kills at
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
	grace := time.NewTimer(s.tf.opts.GracePeriod)
	defer grace.Stop()
	ticker := time.NewTicker(process.ScanInterval)
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
	generation := 1
	if s.isSandboxed() { // bubblewrap starts its init process, which starts Terraform
		generation = 3
	}
	return process.InterruptDescendant(s.tag, generation)
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
	limit := time.NewTimer(process.KillTimeout)
	defer limit.Stop()
	ticker := time.NewTicker(process.ScanInterval)
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
	return process.KillTree(func(tag string) bool { return tag == s.tag })
}

// killOrphans kills what killed runs left in this directory, or of this workspace in another:
// a provider can outlive Terraform. The caller holds the lease, so no foreign process is hit;
// a read-only session holds none, and must not kill an apply, even of a dead run.
func (s *Session) killOrphans() error {
	tags := []string{readOnlyTag(s.spec.Dir)}
	if !s.spec.ReadOnly {
		tags = append(tags, workspaceTag(s.spec.Dir))
	}
	for _, run := range s.spec.PreviousRuns {
		tags = append(tags, runTag(s.spec.Name, run))
	}
	return process.KillTree(func(tag string) bool {
		return tag != s.tag && slices.ContainsFunc(tags, func(part string) bool { return strings.Contains(tag, part) })
	})
}
