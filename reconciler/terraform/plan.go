package terraform

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
)

// Plan is a saved plan: what Apply will do, and nothing else.
type Plan struct {
	// Empty: Terraform has nothing to do (its detailed exit code is 0), or only
	// to read again what check blocks ask for. A plan that only moves resources
	// or changes outputs is not empty.
	Empty   bool
	Changes Changes
	// Digest tells what would change: two plans with one digest do the same.
	Digest string
	Text   string // for people, redacted
	// StateExists: the state has resources. Not looked up for an
	// empty plan.
	StateExists bool
	// State is the one that the plan was made against.
	State State
	// LockFile is the id of the dependency lock file that was used; "": none.
	LockFileID string
	Warnings   []string
	// FailedChecks are those of Warnings that tell of checks: an apply runs
	// these again.
	FailedChecks []string

	file     string
	fileHash [sha256.Size]byte // of the file, before anything was read from it
}

// Changes counts resources. A replaced one counts in Replace alone.
type Changes struct{ Add, Change, Destroy, Replace int }

// Plan makes and saves a plan. Init must have been called.
func (s *Session) Plan(ctx context.Context) (*Plan, error) {
	if err := s.checkProviders(); err != nil {
		return nil, err
	}
	plan := &Plan{file: filepath.Join(s.tempDir, "plan")}
	// What it says is not logged before it is known what in it is sensitive.
	stderr := newSecretExcerpt(maxStderr)
	defer func() { _, _ = s.log.Write(stderr.Bytes()) }() // it keeps its error for Close
	start := time.Now()
	changed, text, err := s.runPlan(ctx, plan.file, stderr)
	if err != nil && (s.removeDamagedProviders(ctx, err, start) || s.initSkipped && needsInit(err)) {
		// What init made is gone, damaged, or does not fit after all.
		if err := s.reinit(ctx); err != nil {
			return nil, err
		}
		changed, text, err = s.runPlan(ctx, plan.file, stderr)
	}
	if err != nil {
		return nil, err
	}
	if plan.fileHash, err = hashFile(plan.file); err != nil {
		return nil, s.stepError("plan", nil, err)
	}
	plan.Empty = !changed
	if plan.State, err = s.readPlanState(ctx, plan.file); err != nil {
		return nil, err
	}
	plan.Digest = planDigest(&tfjson.Plan{})
	// A check that fails is a warning, be the plan empty or not.
	if changed || strings.Contains(text, "Warning: ") {
		if err := s.inspectPlan(ctx, plan); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(s.log, "\n# %s plan\n%s", s.tf.product, text)
	plan.Text = s.log.redactString(extractPlanText(text))
	plan.Warnings = s.warnings
	plan.LockFileID, err = s.lockFileID()
	if err != nil {
		return nil, s.stepError("plan", nil, err)
	}
	return plan, nil
}

func (s *Session) runPlan(ctx context.Context, file string, stderr io.Writer) (changed bool, text string, err error) {
	args := []string{"plan", "-no-color", "-input=false", "-detailed-exitcode", "-out=" + file, fmt.Sprintf("-lock=%t", !s.spec.ReadOnly)}
	for _, path := range s.spec.VarFiles {
		args = append(args, "-var-file="+path)
	}
	if s.stateCopy != "" {
		args = append(args, "-state="+s.stateCopy)
	}
	s.stateRole = s.spec.PlanRole
	// Made here, since Terraform would make it for others to read.
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return false, "", s.stepError("plan", nil, err)
	}
	stdout := newSecretExcerpt(maxText)
	err = s.runHoldingLock(ctx, command{step: "plan", args: args, role: s.spec.PlanRole, stdoutIsData: true, stdout: stdout, stderr: stderr, writePaths: []string{file}, isSuccess: func(code int) bool {
		changed = code == 2
		return changed
	}})
	return changed, stdout.String(), err
}

// needsInit: errors that init would mend say so, or that plugins are missing.
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

// inspectPlan reads the saved plan.
func (s *Session) inspectPlan(ctx context.Context, plan *Plan) error {
	text, err := s.commandOutput(ctx, command{step: "show", role: s.spec.PlanRole, readPaths: []string{plan.file}, args: []string{"show", "-json", "-no-color", plan.file}})
	if err != nil {
		return err
	}
	saved := new(tfjson.Plan)
	saved.UseJSONNumber(true)
	if err := errors.Join(json.Unmarshal(text, saved), saved.Validate()); err != nil {
		return s.stepError("show", nil, err)
	}
	s.log.addSecrets(sensitiveValues(saved)...)
	s.redactMatches(valuesRead(saved)...)
	for _, failure := range failedChecks(saved) {
		failure = s.tellable(failure)
		plan.FailedChecks = append(plan.FailedChecks, failure)
		s.addWarning(failure)
	}
	plan.Empty = plan.Empty || hasOnlyCheckReads(saved)
	plan.Changes = countChanges(saved)
	plan.Digest = planDigest(saved)
	plan.StateExists = stateHasResources(saved.PriorState)
	return nil
}

// stateHasResources tells whether there was a state with anything in it before the
// plan. What a plan reads from data sources, and outputs that it can tell, are
// in its prior state in any case.
func stateHasResources(state *tfjson.State) bool {
	return state != nil && state.Values != nil && moduleHasResources(state.Values.RootModule)
}

func moduleHasResources(m *tfjson.StateModule) bool {
	return m != nil && (slices.ContainsFunc(m.Resources, func(r *tfjson.StateResource) bool {
		return r.Mode == tfjson.ManagedResourceMode
	}) || slices.ContainsFunc(m.ChildModules, moduleHasResources))
}

var progressPattern = regexp.MustCompile(`(?m)^.*: (Refreshing state\.\.\.|Reading\.\.\.|Still reading\.\.\.|Read complete after|Preparing import\.\.\.).*\n`)

// extractPlanText is the part of what plan prints that tells the changes.
func extractPlanText(printed string) string {
	text := progressPattern.ReplaceAllString(colourPattern.ReplaceAllString(printed, ""), "")
	if before, _, found := strings.Cut(text, "\nSaved the plan to: "); found {
		text = strings.TrimRight(before, "─\n ")
	}
	return strings.TrimSpace(text) + "\n"
}
