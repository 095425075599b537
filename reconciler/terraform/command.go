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
	step   string // "init", "plan", … for people
	args   []string
	role   string            // ARN; "": our own credentials
	env    map[string]string // beside the session's
	quiet  bool              // what it prints on stdout is data, and not for the log
	stdout io.Writer         // beside the log; must not fail
	stderr io.Writer         // takes what it says there; nil: the log does, at once
	// What the sandbox lets it do beside working in the checkout: read and write
	// these paths, and install what the configuration needs.
	reads, writes []string
	installs      bool
	// succeeds reports whether an exit code other than 0 is a success too.
	succeeds func(code int) bool
}

// Bounds of what is kept in memory of what Terraform prints.
const (
	maxText  = 4 << 20   // of a log or a plan, for people
	maxSaid  = 512 << 10 // of what a command says on stderr
	maxError = 32 << 10  // of that in an error: it is recorded
	maxData  = 256 << 20 // of a document: a plan or a state as JSON
	maxLine  = 1 << 20   // of a line in the log
)

// beside is where stdout goes beside the log.
func (c command) beside() []io.Writer {
	if c.stdout == nil {
		return nil
	}
	return []io.Writer{c.stdout}
}

// do runs a command to its end, or stops it. Its error, if any, is a
// *StepError.
func (s *Session) do(ctx context.Context, c command) error {
	if err := firstDone(ctx, s.hard); err != nil {
		return s.failed(c.step, nil, err)
	}
	if err := s.start(); err != nil {
		return s.failed(c.step, nil, err)
	}
	role, err := s.assume(ctx, c.role)
	if err != nil {
		return s.failed(c.step, nil, err)
	}
	env := s.t.environ(role)
	env[markVariable] = s.mark
	for name, value := range c.env {
		env[name] = value
	}
	stderr := newSecretExcerpt(maxSaid)
	printed, failures := &lines{s: s}, &lines{s: s}
	said := io.MultiWriter(failures, stderr)
	if c.stderr != nil {
		said = io.MultiWriter(c.stderr, stderr)
	}
	var out []io.Writer
	if !c.quiet {
		out = append(out, printed)
		fmt.Fprintf(s.log, "\n# %s %s\n", s.t.product, c.step)
	}
	out = append(out, c.beside()...)
	err = s.attend(ctx, func() error {
		cmd, err := s.command(c, env)
		if err != nil {
			return err
		}
		cmd.Stdout, cmd.Stderr = io.MultiWriter(out...), said
		return c.judge(cmd.Run(), stderr)
	})
	printed.end()
	failures.end()
	if err != nil {
		s.recognise(wordsOf(stderr.Bytes())...)
		return s.failed(c.step, stderr.Bytes(), err)
	}
	return nil
}

// data runs a command whose stdout is one document, and returns that.
func (s *Session) data(ctx context.Context, c command) ([]byte, error) {
	var document document
	c.quiet, c.stdout = true, &document
	if err := s.do(ctx, c); err != nil {
		return nil, err
	}
	if document.tooLarge {
		return nil, s.failed(c.step, nil, fmt.Errorf("terraform's answer is larger than %d MiB: split the workspace, or keep large values out of it", maxData>>20))
	}
	return document.text.Bytes(), nil
}

// document takes what is of no use in part.
type document struct {
	text     bytes.Buffer
	tooLarge bool
}

func (d *document) Write(p []byte) (int, error) {
	if d.tooLarge = d.tooLarge || d.text.Len()+len(p) > maxData; d.tooLarge {
		d.text = bytes.Buffer{}
		return len(p), nil
	}
	return d.text.Write(p)
}

// command is a run of the program, in the sandbox where that is called for.
func (s *Session) command(c command, env map[string]string) (*exec.Cmd, error) {
	if s.confined() {
		return s.confine(c, env)
	}
	return s.t.command(s.job.Dir, env, c.args), nil
}

// command is a run of the program that shares nothing with us: not what we
// print to, nor the signals of our terminal.
func (t *Terraform) command(dir string, env map[string]string, args []string) *exec.Cmd {
	cmd := exec.Command(t.binary, args...)
	cmd.Dir, cmd.SysProcAttr = dir, apart()
	cmd.Env = []string{"TF_IN_AUTOMATION=1"}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// crashed is the exit code of a Terraform that has caught a panic of its own.
const crashed = 11

// judge turns how a command ended into its error. ErrKilled is in that of one
// that had no chance to give anything back, as where there is no memory left:
// it was killed, or has crashed. (Of a program that a shell runs for us, the
// shell tells the signal by an exit code.)
func (c command) judge(err error, stderr *Excerpt) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	code := exit.ExitCode()
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() || code > 128 || code == crashed || code == 2 && fatal(stderr.String()) {
		return fmt.Errorf("terraform was %w (%w)", ErrKilled, err)
	}
	if c.succeeds != nil && c.succeeds(code) {
		return nil
	}
	return err
}

// fatal reports whether a Go program said that it cannot go on.
func fatal(said string) bool {
	return strings.Contains(said, "\ngoroutine ") && (strings.HasPrefix(said, "fatal error: ") || strings.Contains(said, "\nfatal error: ") || strings.Contains(said, "\npanic: ") || strings.HasPrefix(said, "panic: "))
}
