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
)

// command is one run of Terraform within a session.
type command struct {
	step         string // "init", "plan", … for people
	args         []string
	role         string            // ARN; "": our own credentials
	env          map[string]string // beside the session's
	stdoutIsData bool              // what it prints on stdout is data, and not for the log
	stdout       io.Writer         // beside the log; must not fail
	stderr       io.Writer         // takes what it says there; nil: the log does, at once
	// What the sandbox lets it do beside working in the checkout: read and write
	// these paths, and install what the configuration needs.
	readPaths, writePaths []string
	installs              bool
	// isSuccess reports whether an exit code other than 0 is a success too.
	isSuccess func(code int) bool
}

// Bounds of what is kept in memory of what Terraform prints.
const (
	maxText     = 4 << 20   // of a log or a plan, for people
	maxStderr   = 512 << 10 // of what a command says on stderr
	maxError    = 32 << 10  // of that in an error: it is recorded
	maxDocument = 256 << 20 // of a document: a plan or a state as JSON
	maxLine     = 1 << 20   // of a line in the log
)

// extraStdout is where stdout goes beside the log.
func (c command) extraStdout() []io.Writer {
	if c.stdout == nil {
		return nil
	}
	return []io.Writer{c.stdout}
}

// runCommand runs a command to its end, or stops it. Its error, if any, is a
// *StepError.
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
	env[tagVariable] = s.tag
	for name, value := range c.env {
		env[name] = value
	}
	stderr := newSecretExcerpt(maxStderr)
	stdoutLog, stderrLog := &lineRedactor{session: s}, &lineRedactor{session: s}
	stderrWriter := io.MultiWriter(stderrLog, stderr)
	if c.stderr != nil {
		stderrWriter = io.MultiWriter(c.stderr, stderr)
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
		cmd.Stdout, cmd.Stderr = io.MultiWriter(out...), stderrWriter
		return c.classifyExit(cmd.Run(), stderr)
	})
	stdoutLog.flush()
	stderrLog.flush()
	if err != nil {
		s.redactMatches(tokens(stderr.Bytes())...)
		return s.stepError(c.step, stderr.Bytes(), err)
	}
	return nil
}

// commandOutput runs a command whose stdout is one document, and returns that.
func (s *Session) commandOutput(ctx context.Context, c command) ([]byte, error) {
	var document boundedBuffer
	c.stdoutIsData, c.stdout = true, &document
	if err := s.runCommand(ctx, c); err != nil {
		return nil, err
	}
	if document.tooLarge {
		return nil, s.stepError(c.step, nil, fmt.Errorf("terraform's answer is larger than %d MiB: split the workspace, or keep large values out of it", maxDocument>>20))
	}
	return document.text.Bytes(), nil
}

// boundedBuffer takes what is of no use in part.
type boundedBuffer struct {
	text     bytes.Buffer
	tooLarge bool
}

func (d *boundedBuffer) Write(p []byte) (int, error) {
	if d.tooLarge = d.tooLarge || d.text.Len()+len(p) > maxDocument; d.tooLarge {
		d.text = bytes.Buffer{}
		return len(p), nil
	}
	return d.text.Write(p)
}

// newExecCmd is a run of the program, in the sandbox where that is called for.
func (s *Session) newExecCmd(c command, env map[string]string) (*exec.Cmd, error) {
	if s.isSandboxed() {
		return s.newSandboxCmd(c, env)
	}
	return s.tf.newExecCmd(s.spec.Dir, env, c.args), nil
}

// newExecCmd is a run of the program that shares nothing with us: not what we
// print to, nor the signals of our terminal.
func (t *Terraform) newExecCmd(dir string, env map[string]string, args []string) *exec.Cmd {
	cmd := exec.Command(t.binary, args...)
	cmd.Dir, cmd.SysProcAttr = dir, sysProcAttr()
	cmd.Env = []string{"TF_IN_AUTOMATION=1"}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// panicExitCode is the exit code of a Terraform that has caught a panic of its own.
const panicExitCode = 11

// classifyExit turns how a command ended into its error. ErrKilled is in that of one
// that had no chance to give anything back, as where there is no memory left:
// it was killed, or has crashed. (Of a program that a shell runs for us, the
// shell tells the signal by an exit code.)
func (c command) classifyExit(err error, stderr *Excerpt) error {
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

// isGoCrash reports whether a Go program said that it cannot go on.
func isGoCrash(stderr string) bool {
	return strings.Contains(stderr, "\ngoroutine ") && (strings.HasPrefix(stderr, "fatal error: ") || strings.Contains(stderr, "\nfatal error: ") || strings.Contains(stderr, "\npanic: ") || strings.HasPrefix(stderr, "panic: "))
}
