package terraform

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"reconcile/internal/excerpt"
	"reconcile/internal/redact"
	"reconcile/internal/shell"
	"reconcile/reconciler/terraform/internal/providers"
)

// StepError is a failed step, described for users: the workspace, Terraform's message,
// and what to do next.
type StepError struct {
	Workspace string
	Step      string // "init", "plan", "apply", "state pull", "force-unlock"
	Detail    string // Terraform's message, redacted; may be empty
	Hint      string // what to do next; may be empty
	LockID    string // state lock that the killed command certainly left; "": unknown
	Err       error
}

func (e *StepError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "workspace %s: %s failed", e.Workspace, e.Step)
	switch {
	case e.Detail != "":
		b.WriteString(": " + e.Detail)
	case e.Err != nil:
		b.WriteString(": " + e.Err.Error())
	}
	if e.Hint != "" {
		b.WriteString("\nnext: " + e.Hint)
	}
	return b.String()
}

func (e *StepError) Unwrap() error { return e.Err }

// LockedError means that Terraform's state lock is held, by a running process or by one
// that was killed.
type LockedError struct {
	ID        string
	Path      string
	Operation string
	Owner     string // user@host; "": the backend does not report it
	Version   string
	Created   time.Time // zero if it could not be read
}

func (e *LockedError) Error() string {
	if e.Owner == "" {
		return fmt.Sprintf("the Terraform state is locked (lock %s; the backend does not report by whom)", e.ID)
	}
	return fmt.Sprintf("the Terraform state is locked by %s since %s (%s, lock %s)", e.Owner, e.Created.Format(time.RFC3339), e.Operation, e.ID)
}

// UnlockError means that Terraform finished its work but could not release its state
// lock.
type UnlockError struct {
	ID string // of the lock; "": not known
}

func (e *UnlockError) Error() string {
	return "terraform could not release its state lock (" + e.ID + ")"
}

// ErroredStateError means that Terraform changed resources but could not write its
// state. File is where the state is saved. Until it is pushed, any plan is wrong.
type ErroredStateError struct {
	File string // absolute, mode 0600
}

func (e *ErroredStateError) Error() string {
	return "terraform could not write its state; the state is saved in " + e.File
}

// stepError builds a step's error from Terraform's stderr and the error of running it.
func (s *Session) stepError(step string, stderr []byte, err error) error {
	blocks := parseDiagnostics(string(stderr))
	text := strings.Join(blocks, "\n")
	failure := &StepError{Workspace: s.spec.Name, Step: step, Detail: excerpt.Shorten(s.log.Text(text), maxError), Err: err}
	if unlock := parseUnlockError(blocks); unlock != nil && !errors.Is(err, ErrStopped) {
		failure.Err = unlock
		failure.Hint = "allow the role to delete the lock (in S3: s3:DeleteObject on the lock object); the next pass then releases it, or run: reconcile unlock " + shell.Quote(s.spec.Name) + " --state-lock " + shell.Quote(unlock.ID)
		return failure
	}
	// A failing force-unlock prints its own error in the same form.
	if lock := parseLockedError(text); lock != nil && step != stepForceUnlock {
		failure.Err = lock
		failure.Detail = lock.Error()
		failure.Hint = "if nothing else uses this state, release the lock: reconcile unlock " + shell.Quote(s.spec.Name) + " --state-lock " + shell.Quote(lock.ID)
		return failure
	}
	if errors.Is(err, ErrStopped) || errors.Is(err, ErrKilled) {
		failure.Detail = strings.TrimSpace(err.Error() + "\n" + failure.Detail)
	}
	failure.Hint = s.hint(text, err)
	return failure
}

// parseDiagnostics returns the errors that Terraform printed, without frames, colours
// and warnings. If there is none it returns the whole text.
func parseDiagnostics(printed string) []string {
	var blocks []string
	var block []string
	flush := func() {
		if len(block) > 0 && strings.HasPrefix(block[0], "Error: ") {
			blocks = append(blocks, strings.TrimSpace(strings.Join(block, "\n")))
		}
		block = nil
	}
	for line := range strings.Lines(printed) {
		line = strings.TrimRight(stripDecoration(line), " \t\r\n")
		if strings.HasPrefix(line, "Error: ") || strings.HasPrefix(line, "Warning: ") {
			flush()
		}
		block = append(block, line)
	}
	flush()
	if len(blocks) == 0 {
		return []string{strings.TrimSpace(crashMessage(printed))}
	}
	return blocks
}

// crashMessage returns the message of a Go program that crashed, without its
// stacks, or what was printed if it did not.
func crashMessage(printed string) string {
	for line := range strings.Lines(printed) {
		if strings.HasPrefix(line, "fatal error: ") {
			return line
		}
	}
	return printed
}

// stripDecoration removes colours and the frame at the left.
func stripDecoration(line string) string {
	line = redact.StripColours(line)
	for _, prefix := range []string{"│ ", "│", "╷", "╵"} {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return rest
		}
	}
	return line
}

// hints maps errors outside the configuration to advice; the first match wins. Nothing
// is decided by a hint.
var hints = []struct{ pattern, hint string }{
	{"out of memory", "give Terraform more memory: a larger machine, or --memory of reconcile preview"},
	{"no space left on device", "free disk space where that file is, or in the --work directory (reconcile doctor shows the directories)"},
	{"Provider dependency changes detected", "regenerate the lock file and commit it: PRODUCT providers lock -platform=PLATFORM"},
	{"recorded in the dependency lock file", "add the checksums of this platform to the lock file and commit it: PRODUCT providers lock -platform=PLATFORM"},
	{"Inconsistent dependency lock file", "regenerate the lock file and commit it: PRODUCT providers lock -platform=PLATFORM"},
	{"AccessDenied", "grant the action named above to the role or user that Terraform runs as"},
	{"is not authorized to perform", "grant the action named above to the role or user that Terraform runs as"},
	{"ExpiredToken", "renew reconcile's AWS credentials"},
	{"InvalidClientTokenId", "check reconcile's AWS credentials"},
	{"No valid credential sources found", "give reconcile AWS credentials, or set plan_role and apply_role in reconcile.hcl"},
	{"Failed to query available provider packages", "check the provider's name and version, and the connection to the registry or mirror"},
	{"plugin schemas", "check that the provider supports this platform; its package in PROVIDERS is intact"},
	{"Failed to install provider", "check the connection to the registry or mirror"},
	{"No value for required variable", `give the variable a value: a default, a *.tfvars file, or env = ["TF_VAR_…"] in reconcile.hcl`},
	{"Saved plan is stale", "the state changed after the plan was made: run the pass again"},
}

func (s *Session) hint(message string, err error) string {
	if errors.Is(err, ErrStopped) {
		return "the next pass plans this workspace again"
	}
	if errors.Is(err, ErrKilled) && !strings.Contains(message, hints[0].pattern) {
		return "check whether memory ran out (give Terraform more, or lower --parallelism); the next pass plans this workspace again and releases a state lock that was left"
	}
	if err != nil {
		message += " " + err.Error()
	}
	message = unwrapLines(message)
	for _, hint := range hints {
		if strings.Contains(message, hint.pattern) {
			return strings.NewReplacer("PRODUCT", s.tf.product, "PLATFORM", providers.Platform, "PROVIDERS", string(s.tf.providers())).Replace(hint.hint)
		}
	}
	return ""
}

// unwrapLines removes Terraform's line breaks.
func unwrapLines(text string) string { return strings.Join(strings.Fields(text), " ") }
