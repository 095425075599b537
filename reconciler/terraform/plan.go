package terraform

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/internal/excerpt"
	"reconcile/internal/lazyregexp"
	"reconcile/internal/plandigest"
	"reconcile/internal/redact"
	"reconcile/internal/secret"
	"reconcile/reconciler/risk"
	"reconcile/reconciler/terraform/internal/planjson"
	"reconcile/reconciler/terraform/internal/rootmodule"
)

// Plan is a saved plan: exactly what Apply will do.
type Plan struct {
	// Empty means that Terraform has nothing to do (detailed exit code 0) or only reads
	// data sources of check blocks. A plan that only moves resources or changes outputs
	// is not empty.
	Empty   bool
	Changes Changes
	// Digest identifies the changes: two plans with equal digests do the same. "" for an
	// empty plan.
	Digest plandigest.Digest
	// Difference is what the digest is of, redacted and shortened.
	Difference plandigest.Difference
	// MadeOutputs are the names of the outputs that the plan makes or changes, and
	// RemovedOutputs of those that it removes; both sorted.
	MadeOutputs, RemovedOutputs []string
	// KeptOutputs holds the values that the outputs of Spec.KeepOutputs have after the plan, as
	// Outputs.Kept does. One that is not known before the apply is missing, too.
	KeptOutputs map[string]string
	// Risk is what the changes do to what runs, redacted.
	Risk risk.Report
	Text string // for users, redacted
	// StateExists means that the state has resources. It is not set for an empty plan.
	StateExists bool
	// State identifies the state that the plan was made against.
	State State
	// LockFileID is the hash of the dependency lock file that was used; "": none.
	LockFileID string
	Warnings   []string
	// FailedChecks is the part of Warnings about checks. An apply runs the checks
	// again.
	FailedChecks []string

	makesSecrets bool // see planjson.MakesSecrets
	variable     Variable

	file     string
	fileHash [sha256.Size]byte // hash of the file, taken before anything was read from it
}

// Changes counts resources. A replaced resource counts only in Replace.
type Changes struct{ Add, Change, Destroy, Replace int }

// Plan creates and saves a plan. Init must have been called.
func (s *Session) Plan(ctx context.Context) (*Plan, error) {
	if err := s.checkProviders(); err != nil {
		return nil, err
	}
	if err := s.checkCLIWorkspace(ctx); err != nil {
		return nil, err
	}
	if _, err := s.lockFileID(); err != nil { // at a pipe in its place Terraform would wait
		return nil, s.stepError("plan", nil, err)
	}
	plan := &Plan{file: filepath.Join(s.tempDir, "plan"), variable: s.spec.Variable}
	s.log.Hold(maxText) // until the sensitive values are known
	defer s.log.Release()
	start := time.Now()
	changed, text, err := s.runPlan(ctx, plan.file)
	if err != nil && (s.removeDamagedProviders(ctx, err, start) || s.initSkipped && needsInit(err)) {
		// The init cache is missing, damaged or does not match.
		if err := s.reinit(ctx); err != nil {
			return nil, err
		}
		changed, text, err = s.runPlan(ctx, plan.file)
	}
	if err != nil {
		return nil, s.concealUnknown(err)
	}
	s.learnOthers(ctx)
	if plan.fileHash, err = hashFile(plan.file); err != nil {
		return nil, s.stepError("plan", nil, err)
	}
	plan.Empty = !changed
	if plan.State, err = s.readPlanState(ctx, plan.file); err != nil {
		return nil, err
	}
	// A failing check is a warning, whether or not the plan is empty. What an empty plan has read may
	// be in the outputs, which Outputs then knows as secret.
	if changed || strings.Contains(text, "Warning: ") || s.spec.Sensitive.isUncertain() {
		if err := s.inspectPlan(ctx, plan); err != nil {
			return nil, err
		}
	} else { // the ids that progress shows may be secret
		text = progressPattern().ReplaceAllString(text, "")
	}
	fmt.Fprintf(s.log, "\n# %s plan\n%s", s.tf.product, text)
	plan.Text = s.log.Text(extractPlanText(text))
	plan.Warnings = s.warnings
	plan.LockFileID, err = s.lockFileID()
	if err != nil {
		return nil, s.stepError("plan", nil, err)
	}
	return plan, nil
}

func (s *Session) runPlan(ctx context.Context, file string) (changed bool, text string, err error) {
	args := []string{"plan", "-no-color", "-input=false", "-detailed-exitcode", "-out=" + file, fmt.Sprintf("-lock=%t", !s.spec.ReadOnly)}
	for _, path := range s.spec.VarFiles {
		args = append(args, "-var-file="+path)
	}
	args = append(args, s.spec.Variable.option()...)
	if s.stateCopy != "" && s.isDefaultCLIWorkspace() {
		args = append(args, "-state="+s.stateCopy)
	}
	s.stateRole, s.mayQuote = s.spec.PlanRole, nil
	// Terraform would create this file with mode 0644.
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return false, "", s.stepError("plan", nil, err)
	}
	stdout := excerpt.NewSecret(maxText)
	err = s.runHoldingLock(ctx, command{step: "plan", args: args, role: s.spec.PlanRole, stdoutIsData: true, stdout: stdout, writePaths: []string{file}, isSuccess: func(code int) bool {
		changed = code == 2
		return changed
	}, learnFailure: func(ctx context.Context) { s.learnFailedPlan(ctx, file, stdout) }})
	return changed, stateFlagPattern().ReplaceAllString(stdout.String(), ""), err
}

// stateFlagPattern matches Terraform's warning about the flag -state. Only we could heed it: the
// flag gives a plan a copy of the state.
var stateFlagPattern = lazyregexp.New(`(?m)^\n?Warning: Deprecated flag: -state\n\n(?:.+\n)+`)

// needsInit reports whether init would fix the error: Terraform says so, or plugins are
// missing.
func needsInit(err error) bool {
	var step *StepError
	if !errors.As(err, &step) {
		return false
	}
	detail := unwrapLines(step.Detail)
	return strings.Contains(detail, "terraform init") || strings.Contains(detail, "tofu init") || strings.Contains(detail, "plugins are not installed")
}

func (s *Session) reinit(ctx context.Context) error {
	cache, err := s.currentInitCache()
	if err != nil {
		return s.stepError("init", nil, err)
	}
	return s.initFresh(ctx, cache)
}

func (s *Session) inspectPlan(ctx context.Context, plan *Plan) error {
	saved, err := s.learnSavedPlan(ctx, plan.file)
	if err != nil {
		return err
	}
	for _, failure := range planjson.FailedChecks(saved) {
		failure = s.redactCheck(failure)
		plan.FailedChecks = append(plan.FailedChecks, failure)
		s.addWarning(failure)
	}
	plan.Empty = plan.Empty || planjson.HasOnlyCheckReads(saved)
	plan.Changes = Changes(planjson.CountChanges(saved))
	plan.MadeOutputs, plan.RemovedOutputs = planjson.ListChangedOutputs(saved)
	plan.KeptOutputs = s.keepPlanned(saved)
	if !plan.Empty {
		if err := s.judge(ctx, plan, saved); err != nil {
			return err
		}
	}
	plan.StateExists = planjson.HasResources(saved)
	plan.makesSecrets = planjson.MakesSecrets(saved) || s.spec.Sensitive.isUncertain()
	return nil
}

// learnSavedPlan reads a saved plan, and learns all that is secret in it.
func (s *Session) learnSavedPlan(ctx context.Context, file string) (*tfjson.Plan, error) {
	text, err := s.commandOutput(ctx, command{step: "show", role: s.spec.PlanRole, readPaths: []string{file}, args: []string{"show", "-json", "-no-color", file}})
	if err != nil {
		return nil, err
	}
	saved := new(tfjson.Plan)
	saved.UseJSONNumber(true)
	if err := errors.Join(json.Unmarshal(text, saved), saved.Validate()); err != nil {
		return nil, s.stepError("show", nil, err)
	}
	s.learnPlan(saved, text)
	return saved, s.learnFormerReads(file, saved)
}

// keepPlanned returns the planned values of the outputs to keep. It comes after learnPlan.
func (s *Session) keepPlanned(saved *tfjson.Plan) map[string]string {
	kept := map[string]string{}
	for _, name := range s.spec.KeepOutputs {
		value, known := planjson.KnownOutput(saved, name)
		if text, err := json.Marshal(value); known && err == nil && len(text) <= maxKeptOutput && s.log.Text(string(text)) == string(text) {
			kept[name] = string(text)
		}
	}
	return kept
}

// judge sets the plan's risk, digest and difference. It comes after learnPlan, so that what
// they tell is redacted.
func (s *Session) judge(ctx context.Context, plan *Plan, saved *tfjson.Plan) (err error) {
	basis := planjson.Basis{Lineage: plan.State.Lineage, ApplyRole: s.spec.ApplyRole}
	if s.spec.DigestKey != nil {
		if basis.KeyID, basis.Key, err = s.spec.DigestKey(ctx); err != nil {
			return fmt.Errorf("nothing was applied: digest key: %w", err)
		}
	}
	plan.Risk = risk.Judge(saved)
	for i, change := range plan.Risk.Changes {
		if redacted := basis.RedactAddress(change.Address, s.log.Text); redacted != change.Address {
			plan.Risk.Changes[i].Exact, plan.Risk.Changes[i].Address = secret.Text(change.Address), redacted
		}
		plan.Risk.Changes[i].Why = risk.Sentence{En: s.log.Text(change.Why.En), Ja: s.log.Text(change.Why.Ja)}
	}
	difference := planjson.FindDifference(saved, rootmodule.ReadTexts(s.spec.Dir, s.tf.product == productTofu))
	plan.Digest, plan.Difference = difference.Digest(basis), difference.Describe(basis, s.log.Text)
	return nil
}

// maxFailure bounds the text of one failed check, in bytes.
const maxFailure = 16 << 10

// redactCheck redacts and shortens the text of a failed check.
func (s *Session) redactCheck(failure string) string {
	return excerpt.Shorten(s.log.Text(failure), maxFailure)
}

var progressPattern = lazyregexp.New(`(?m)^.*: (Refreshing state\.\.\.|Reading\.\.\.|Still reading\.\.\.|Read complete after|Preparing import\.\.\.).*\n`)

// extractPlanText returns the part of the plan's output that describes the changes.
func extractPlanText(printed string) string {
	text := progressPattern().ReplaceAllString(redact.StripColours(printed), "")
	if before, _, found := strings.Cut(text, "\nSaved the plan to: "); found {
		text = strings.TrimRight(before, "─\n ")
	}
	return strings.TrimSpace(text) + "\n"
}
