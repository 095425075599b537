package terraform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/terraform/internal/process"
)

// command is one run of Terraform in a session.
type command struct {
	step         string // "init", "plan", … (shown to users)
	args         []string
	role         string            // ARN; "": reconcile's own credentials
	env          map[string]string // in addition to the session's
	stdoutIsData bool              // stdout is data and must not be logged
	stdout       io.Writer         // in addition to the log; must not fail
	// The session learns the state's secrets before it tells the output of a command that
	// makes some.
	makesSecrets bool
	// learnFailure learns what the error of the command may quote, before it is told; nil: nothing.
	learnFailure func(ctx context.Context)
	// readPaths, writePaths and installs extend what the sandbox allows. Without them a
	// command can only work in the checkout.
	readPaths, writePaths []string
	installs              bool
	// isSuccess reports whether an exit code other than 0 also means success.
	isSuccess func(code int) bool
}

// Limits for Terraform's output in memory, in bytes.
const (
	maxText     = 4 << 20   // a log or a plan, for users
	maxStderr   = 512 << 10 // stderr of a command
	maxError    = 32 << 10  // stderr in an error, which is recorded
	maxDocument = 256 << 20 // a plan or a state as JSON
)

// extraStdout returns the writers that receive stdout in addition to the log.
func (c command) extraStdout() []io.Writer {
	if c.stdout == nil {
		return nil
	}
	return []io.Writer{c.stdout}
}

// runCommand runs a command until it exits or is stopped. Any error is a *StepError.
func (s *Session) runCommand(ctx context.Context, c command) error {
	if err := firstContextErr(ctx, s.killCtx); err != nil {
		return s.stepError(c.step, nil, err)
	}
	if err := s.start(); err != nil {
		return s.stepError(c.step, nil, err)
	}
	role, err := s.assumeRole(ctx, c.role)
	if err != nil {
		return s.stepError(c.step, nil, err)
	}
	env := s.tf.environ(role)
	env[process.TagVariable] = s.tag
	if c.step != initStep {
		env[cliWorkspaceVariable] = s.cliWorkspace()
	}
	for name, value := range c.env {
		env[name] = value
	}
	stderr := excerpt.NewSecret(maxStderr)
	stdoutLog, stderrLog := s.log.Lines(), s.log.Lines()
	if c.makesSecrets {
		s.log.Hold(maxText)
		defer s.log.Release()
	}
	var out []io.Writer
	if !c.stdoutIsData {
		out = append(out, stdoutLog)
		fmt.Fprintf(s.log, "\n# %s %s\n", s.tf.product, c.step)
	}
	out = append(out, c.extraStdout()...)
	err = s.runInterruptible(ctx, func() error {
		cmd, err := s.newExecCmd(c, env)
		if err != nil {
			return err
		}
		cmd.Stdout, cmd.Stderr = io.MultiWriter(out...), io.MultiWriter(stderrLog, stderr)
		return c.classifyExit(cmd.Run(), stderr)
	})
	stdoutLog.Flush()
	stderrLog.Flush()
	if c.makesSecrets {
		s.learnOthers(ctx)
		if err := s.learnState(ctx); err != nil {
			s.tf.opts.Log.Warn("could not read what the state marks as sensitive", "workspace", s.spec.Name, "error", err)
		}
	}
	if err != nil {
		if c.learnFailure != nil {
			c.learnFailure(ctx)
		}
		s.log.AddMatchesIn(stderr.Bytes())
		return s.stepError(c.step, stderr.Bytes(), err)
	}
	return nil
}

// commandOutput runs a command whose stdout is one document, and returns the document.
func (s *Session) commandOutput(ctx context.Context, c command) ([]byte, error) {
	var document boundedBuffer
	c.stdoutIsData, c.stdout = true, &document
	if err := s.runCommand(ctx, c); err != nil {
		return nil, err
	}
	if document.tooLarge {
		return nil, s.stepError(c.step, nil, fmt.Errorf("terraform's output is larger than %d MiB: split the workspace, or remove large values from it", maxDocument>>20))
	}
	return document.text.Bytes(), nil
}

// boundedBuffer collects a document. A document that is too large is useless in part,
// so it is dropped.
type boundedBuffer struct {
	text     bytes.Buffer
	tooLarge bool
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.tooLarge = b.tooLarge || b.text.Len()+len(p) > maxDocument; b.tooLarge {
		b.text = bytes.Buffer{}
		return len(p), nil
	}
	return b.text.Write(p)
}

// newExecCmd prepares a run of the program, in the sandbox if the session needs it.
func (s *Session) newExecCmd(c command, env map[string]string) (*exec.Cmd, error) {
	if s.isSandboxed() {
		return s.newSandboxCmd(c, env)
	}
	return s.tf.newExecCmd(s.spec.Dir, env, c.args), nil
}

// newExecCmd prepares a run of the program that inherits no terminal: neither output
// nor signals.
func (t *Terraform) newExecCmd(dir string, env map[string]string, args []string) *exec.Cmd {
	cmd := exec.Command(t.binary, args...)
	cmd.Dir, cmd.SysProcAttr = dir, process.SysProcAttr()
	cmd.Env = []string{"TF_IN_AUTOMATION=1"}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// panicExitCode is Terraform's exit code after it caught its own panic.
const panicExitCode = 11

// classifyExit returns the error for the way a command ended. The error wraps ErrKilled if the
// command had no chance to release the lock: it was killed or crashed, for example out of memory. A
// shell reports a signal of its child as an exit code above 128.
func (c command) classifyExit(err error, stderr *excerpt.Buffer) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	code := exit.ExitCode()
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() || code > 128 || code == panicExitCode || code == 2 && isGoCrash(stderr.String()) {
		return fmt.Errorf("terraform was %w (%w)", ErrKilled, err)
	}
	if c.isSuccess != nil && c.isSuccess(code) {
		return nil
	}
	return err
}

// isGoCrash reports whether stderr shows a fatal error or a panic of the Go runtime.
func isGoCrash(stderr string) bool {
	return strings.Contains(stderr, "\ngoroutine ") && (strings.HasPrefix(stderr, "fatal error: ") || strings.Contains(stderr, "\nfatal error: ") || strings.Contains(stderr, "\npanic: ") || strings.HasPrefix(stderr, "panic: "))
}
