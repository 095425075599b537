package terraform

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"reconcile/internal/lazyregexp"
	"reconcile/internal/redact"
	"reconcile/reconciler/terraform/internal/planjson"
)

// State identifies a Terraform state (Lineage) and its version (Serial). The zero State
// means no state.
type State struct {
	Lineage string
	Serial  int64
}

// decodeState decodes fields from the current state. If there is no state it leaves
// fields unchanged.
func (s *Session) decodeState(ctx context.Context, fields any) error {
	text, err := s.pullState(ctx)
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return err
	}
	if err := json.Unmarshal(text, fields); err != nil {
		return s.stepError("state pull", nil, err)
	}
	return nil
}

// pullState returns the current state; empty if there is none.
func (s *Session) pullState(ctx context.Context) ([]byte, error) {
	if text, ok := s.readLocalState(); ok {
		return text, nil
	}
	return s.commandOutput(ctx, command{step: "state pull", role: s.stateRole, args: []string{"state", "pull"}})
}

// readPlanState returns the state that a saved plan was made against. A plan that
// OpenTofu encrypted does not show it. Then it returns the current state, and Terraform
// refuses to apply the plan to a different one.
func (s *Session) readPlanState(ctx context.Context, file string) (state State, err error) {
	err = readPlanMember(file, "tfstate", &state)
	if errors.Is(err, zip.ErrFormat) {
		err = s.decodeState(ctx, &state)
		return state, err
	}
	if err != nil {
		return state, s.stepError("plan", nil, fmt.Errorf("read the state version from the saved plan: %w", err))
	}
	return state, nil
}

// readPlanMember decodes a part of a saved plan. The error wraps zip.ErrFormat if the plan is
// encrypted.
func readPlanMember(file, name string, into any) error {
	plan, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer plan.Close()
	member, err := plan.Open(name)
	if err != nil {
		return err
	}
	defer member.Close()
	return json.NewDecoder(member).Decode(into)
}

// Outputs describes a state's outputs without revealing them. Without the key no value
// can be recovered from it.
type Outputs struct {
	// Digest is a keyed hash of all outputs, with their types and sensitive flags. Two
	// states with equal outputs have equal digests.
	Digest string
	// Sensitive holds fingerprints, sorted: of the strings in sensitive outputs, and in
	// outputs that pass on values of Spec.Sensitive. They go into Spec.Sensitive of the
	// workspaces that read these outputs.
	Sensitive []string
	// Kept holds the values of Spec.KeepOutputs, as JSON. What is sensitive, or passes on
	// what is, or is too large, is missing.
	Kept map[string]string
	// State is the state that has these outputs.
	State State
	// FailedChecks describes the checks that failed in the apply that wrote the state,
	// redacted.
	FailedChecks []string
}

// maxKeptOutput is the longest value in Outputs.Kept, in bytes.
const maxKeptOutput = 4 << 10

// Outputs reads the state and returns a description of its outputs.
func (s *Session) Outputs(ctx context.Context, key []byte) (Outputs, error) {
	var state struct {
		Lineage string
		Serial  int64
		Outputs map[string]output
		Checks  []planjson.CheckResult `json:"check_results"`
	}
	if err := s.decodeState(ctx, &state); err != nil {
		return Outputs{}, err
	}
	o := Outputs{State: State{state.Lineage, state.Serial}}
	outputs := state.Outputs
	for name, output := range outputs {
		value, err := decodeExactJSON(output.Value)
		if err != nil {
			continue // reported below
		}
		secrets := s.learnOutput(value, output.Sensitive)
		for _, secret := range secrets {
			o.Sensitive = append(o.Sensitive, redact.Fingerprint(key, secret))
		}
		var compact bytes.Buffer // Terraform indents lists, and OpenTofu in files
		if slices.Contains(s.spec.KeepOutputs, name) && !output.Sensitive && len(secrets) == 0 && json.Compact(&compact, output.Value) == nil && compact.Len() <= maxKeptOutput {
			if o.Kept == nil {
				o.Kept = map[string]string{}
			}
			o.Kept[name] = compact.String()
		}
	}
	for _, failure := range planjson.FailedResults(state.Checks) { // after sensitive values are known
		o.FailedChecks = append(o.FailedChecks, s.redactCheck(failure))
	}
	slices.Sort(o.Sensitive)
	o.Sensitive = slices.Compact(o.Sensitive)
	var err error
	if o.Digest, err = outputsDigest(outputs, key); err != nil {
		return Outputs{}, s.stepError("state pull", nil, err)
	}
	return o, nil
}

type output struct {
	Sensitive bool
	Type      json.RawMessage
	Value     json.RawMessage
}

func outputsDigest(outputs map[string]output, key []byte) (string, error) {
	canonical := map[string][3]any{}
	for name, output := range outputs {
		kind, err := decodeExactJSON(output.Type)
		if err != nil {
			return "", fmt.Errorf("type of output %s: %w", name, err)
		}
		value, err := decodeExactJSON(output.Value)
		if err != nil {
			return "", fmt.Errorf("value of output %s: %w", name, err)
		}
		canonical[name] = [3]any{kind, output.Sensitive, value}
	}
	text, err := json.Marshal(canonical) // Marshal sorts map keys
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// decodeExactJSON decodes JSON without rounding numbers.
func decodeExactJSON(text json.RawMessage) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

var (
	lockFieldPattern = lazyregexp.New(`(?m)^\s*(ID|Path|Operation|Who|Version|Created):[ \t]*(.*?)\s*$`)
)

// lockTimeLayout is how Terraform prints Created: Go's time format, in UTC.
const lockTimeLayout = "2006-01-02 15:04:05.999999999 -0700 MST"

// unlockErrorPrefix begins Terraform's error about a lock that it could not release
// after its work.
const unlockErrorPrefix = "Error: Error releasing the state lock"

// parseUnlockError returns an *UnlockError if every error is about releasing the lock,
// else nil.
func parseUnlockError(blocks []string) *UnlockError {
	unlockErr := &UnlockError{}
	for _, block := range blocks {
		if !strings.HasPrefix(block, unlockErrorPrefix) {
			return nil
		}
		if id := lockFieldPattern().FindStringSubmatch(block); id != nil && id[1] == "ID" {
			unlockErr.ID = id[2]
		}
	}
	return unlockErr
}

// httpLockPattern matches the http backend's error, which has the holder's lock id. Its
// Lock Info describes the refused command instead of the holder.
var httpLockPattern = lazyregexp.New(`HTTP remote state already locked: ID=(\S+)`)

// parseLockedError reads the holder of a state lock from Terraform's error. It returns
// nil for any other error. Terraform and OpenTofu offer this only as text.
func parseLockedError(message string) *LockedError {
	_, info, found := strings.Cut(message, "Lock Info:")
	if !found || strings.Contains(message, unlockErrorPrefix) {
		return nil
	}
	if m := httpLockPattern().FindStringSubmatch(unwrapLines(message)); m != nil {
		return &LockedError{ID: m[1]}
	}
	fields := map[string]string{}
	for _, m := range lockFieldPattern().FindAllStringSubmatch(info, -1) {
		if _, isSet := fields[m[1]]; !isSet {
			fields[m[1]] = m[2]
		}
	}
	if fields["ID"] == "" {
		return nil
	}
	created, _ := time.Parse(lockTimeLayout, fields["Created"])
	return &LockedError{
		ID: fields["ID"], Path: fields["Path"], Operation: fields["Operation"],
		Owner: fields["Who"], Version: fields["Version"], Created: created,
	}
}

const stepForceUnlock = "force-unlock"

// runHoldingLock runs a command that holds Terraform's state lock. If something else
// killed the command while it was working, it cannot have released the lock, and no
// other process can have taken it. So the lock found directly afterwards is its own.
func (s *Session) runHoldingLock(ctx context.Context, c command) error {
	var progress progressDetector
	c.stdout = io.MultiWriter(append([]io.Writer{&progress}, c.extraStdout()...)...)
	err := s.runCommand(ctx, c)
	var step *StepError
	if !errors.Is(err, ErrKilled) || !errors.As(err, &step) || s.spec.LocalState != "" || s.spec.ReadOnly || !bool(progress) {
		return err
	}
	// untaint changes nothing here, but needs the lock.
	var locked *LockedError
	probeErr := s.runCommand(ctx, command{step: "untaint", role: c.role, args: []string{"untaint", "-no-color", "-allow-missing", "terraform_data.none"}, stdoutIsData: true})
	if errors.As(probeErr, &locked) {
		step.LockID = locked.ID
	}
	return err
}

// progressDetector becomes true when Terraform prints more than that it waits for the
// lock.
type progressDetector bool

func (d *progressDetector) Write(p []byte) (int, error) {
	rest := bytes.ReplaceAll(p, []byte("Acquiring state lock. This may take a few moments..."), nil)
	*d = *d || len(bytes.TrimSpace(rest)) > 0
	return len(p), nil
}

// ForceUnlock releases Terraform's own state lock. The caller must know that its holder
// is dead: backends write states without checking the lock, so two writers would lose
// one's changes. Init must have been called.
func (s *Session) ForceUnlock(ctx context.Context, id string) error {
	return s.runCommand(ctx, command{step: stepForceUnlock, role: s.spec.ApplyRole, args: []string{"force-unlock", "-no-color", "-force", id}})
}
