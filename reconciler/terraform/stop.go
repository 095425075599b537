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

// markVariable marks, in their environments, Terraform and all that it
// starts. Its value begins with workspaceMark and runMark, so that what a killed
// run left behind is found too.
const markVariable = "TF_RECONCILE_SESSION"

const (
	scanEvery = 10 * time.Millisecond
	killLimit = 20 * time.Second // after which a process that SIGKILL does not end is reported
)

// ErrStopped is wrapped by the errors of commands that were stopped because
// a context was done.
var ErrStopped = errors.New("stopped")

// ErrKilled is wrapped where the command was killed, by us (then beside
// ErrStopped) or by others, or has crashed: it may have left Terraform's lock of
// the state behind.
var ErrKilled = errors.New("killed")

// sessionMark begins the mark of a job's session.
func sessionMark(job Job) string {
	if job.ReadOnly {
		return readOnlyMark(job.Dir)
	}
	return workspaceMark(job.Dir) + runMark(job.Name, job.Run)
}

// workspaceMark is of a directory, which only one session at a time works in.
func workspaceMark(dir string) string { return markOf(dir) }

// readOnlyMark is of a directory in which a session only looks.
func readOnlyMark(dir string) string { return markOf("read-only\x00" + dir) }

// runMark is of one pass's work on one workspace, in whatever directory.
func runMark(name, run string) string { return markOf(name + "\x00" + run) }

func markOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8]) + ":"
}

// attend runs a command. When ctx is done it interrupts Terraform once, and
// kills it if it has not ended after the grace; when s.hard is done it kills
// at once.
func (s *Session) attend(ctx context.Context, run func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if fault := recover(); fault != nil {
				done <- fmt.Errorf("panic: %v", fault)
			}
		}()
		done <- run()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	case <-s.hard.Done():
	}
	err := s.stop(done)
	if err == nil {
		return nil // it ended well before the signal reached it
	}
	return errors.Join(firstDone(ctx, s.hard), err)
}

func firstDone(contexts ...context.Context) error {
	for _, ctx := range contexts {
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", ErrStopped, context.Cause(ctx))
		}
	}
	return nil
}

// stop interrupts, waits, kills, and returns the command's own error.
func (s *Session) stop(done <-chan error) error {
	grace := time.NewTimer(s.t.opts.Grace)
	defer grace.Stop()
	again := time.NewTicker(scanEvery)
	defer again.Stop()
	interrupted := false
	for {
		if !interrupted && s.hard.Err() == nil {
			interrupted = s.interrupt()
		}
		select {
		case err := <-done:
			return err
		case <-s.hard.Done():
			return s.killUntil(done)
		case <-grace.C:
			return s.killUntil(done)
		case <-again.C:
		}
	}
}

// interrupt sends SIGINT to Terraform itself, which then stops what it
// started; false: it is not (yet) there.
func (s *Session) interrupt() bool {
	all, err := processes()
	if err != nil {
		return false
	}
	pid := childOf(all, os.Getpid(), s.mark)
	if s.confined() { // bubblewrap, within it the first process, within that Terraform
		pid = childOf(all, childOf(all, pid, s.mark), s.mark)
	}
	return pid != 0 && syscall.Kill(pid, syscall.SIGINT) == nil
}

// killUntil kills again and again: the command may be only just starting. It
// returns nil if the command had ended well before.
func (s *Session) killUntil(done <-chan error) error {
	err := s.killed(done)
	if err == nil || errors.Is(err, ErrKilled) {
		return err
	}
	return errors.Join(ErrKilled, err)
}

func (s *Session) killed(done <-chan error) error {
	limit := time.NewTimer(killLimit)
	defer limit.Stop()
	again := time.NewTicker(scanEvery)
	defer again.Stop()
	for {
		killErr := s.kill()
		select {
		case err := <-done:
			return err
		case <-limit.C:
			return errors.Join(killErr, errors.New("terraform was killed but has not ended"))
		case <-again.C:
		}
	}
}

// kill ends every process of the session and returns when none is left.
func (s *Session) kill() error {
	return killFamily(func(mark string) bool { return mark == s.mark })
}

// endOrphans ends what earlier runs of ours that were killed left behind in
// this directory, or of this workspace in another: a local-exec or a provider
// can outlive Terraform, and not everywhere does Terraform end with us. Whoever
// calls has the sole right to work here, so nobody else's is hit; a session
// that only looks has no such right over an apply, be its run dead.
func (s *Session) endOrphans() error {
	marks := []string{readOnlyMark(s.job.Dir)}
	if !s.job.ReadOnly {
		marks = append(marks, workspaceMark(s.job.Dir))
	}
	for _, run := range s.job.Dead {
		marks = append(marks, runMark(s.job.Name, run))
	}
	return killFamily(func(mark string) bool {
		return mark != s.mark && slices.ContainsFunc(marks, func(of string) bool { return strings.Contains(mark, of) })
	})
}

func killFamily(ours func(mark string) bool) error {
	limit := time.Now().Add(killLimit)
	again := time.NewTicker(scanEvery)
	defer again.Stop()
	for {
		all, err := processes()
		if err != nil {
			return fmt.Errorf("list processes: %w", err)
		}
		found := family(all, ours)
		if len(found) == 0 {
			return nil
		}
		if time.Now().After(limit) {
			return fmt.Errorf("process %d of terraform does not end although it was killed: the workspace may still be changing; end it by hand", found[0].pid)
		}
		for _, p := range found {
			p.kill()
		}
		<-again.C
	}
}
