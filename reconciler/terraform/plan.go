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
	LockFile string
	Warnings []string
	// FailedChecks are those of Warnings that tell of checks: an apply runs
	// these again.
	FailedChecks []string

	file string
	sum  [sha256.Size]byte // of the file, before anything was read from it
}

// Changes counts resources. A replaced one counts in Replace alone.
type Changes struct{ Add, Change, Destroy, Replace int }

// Plan makes and saves a plan. Init must have been called.
func (s *Session) Plan(ctx context.Context) (*Plan, error) {
	if err := s.onlyAllowed(); err != nil {
		return nil, err
	}
	plan := &Plan{file: filepath.Join(s.temp, "plan")}
	// What it says is not logged before it is known what in it is sensitive.
	said := newSecretExcerpt(maxSaid)
	defer func() { _, _ = s.log.Write(said.Bytes()) }() // it keeps its error for Close
	began := time.Now()
	changed, text, err := s.runPlan(ctx, plan.file, said)
	if err != nil && (s.dropDamaged(ctx, err, began) || s.skipped && wantsInit(err)) {
		// What init made is gone, damaged, or does not fit after all.
		if err := s.initAgain(ctx); err != nil {
			return nil, err
		}
		changed, text, err = s.runPlan(ctx, plan.file, said)
	}
	if err != nil {
		return nil, err
	}
	if plan.sum, err = sumFile(plan.file); err != nil {
		return nil, s.failed("plan", nil, err)
	}
	plan.Empty = !changed
	if plan.State, err = s.plannedState(ctx, plan.file); err != nil {
		return nil, err
	}
	plan.Digest = planDigest(&tfjson.Plan{})
	// A check that fails is a warning, be the plan empty or not.
	if changed || strings.Contains(text, "Warning: ") {
		if err := s.inspect(ctx, plan); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(s.log, "\n# %s plan\n%s", s.t.product, text)
	plan.Text = s.log.text(planText(text))
	plan.Warnings = s.warnings
	plan.LockFile, err = s.lockFileID()
	if err != nil {
		return nil, s.failed("plan", nil, err)
	}
	return plan, nil
}

func (s *Session) runPlan(ctx context.Context, file string, said io.Writer) (changed bool, text string, err error) {
	args := []string{"plan", "-no-color", "-input=false", "-detailed-exitcode", "-out=" + file, fmt.Sprintf("-lock=%t", !s.job.ReadOnly)}
	for _, path := range s.job.VarFiles {
		args = append(args, "-var-file="+path)
	}
	if s.copied != "" {
		args = append(args, "-state="+s.copied)
	}
	s.role = s.job.PlanRole
	// Made here, since Terraform would make it for others to read.
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return false, "", s.failed("plan", nil, err)
	}
	stdout := newSecretExcerpt(maxText)
	err = s.locking(ctx, command{step: "plan", args: args, role: s.job.PlanRole, quiet: true, stdout: stdout, stderr: said, writes: []string{file}, succeeds: func(code int) bool {
		changed = code == 2
		return changed
	}})
	return changed, stdout.String(), err
}

// wantsInit: errors that init would mend say so, or that plugins are missing.
func wantsInit(err error) bool {
	var step *StepError
	if !errors.As(err, &step) {
		return false
	}
	said := oneLine(step.Detail)
	return strings.Contains(said, "terraform init") || strings.Contains(said, "tofu init") || strings.Contains(said, "plugins are not installed")
}

func (s *Session) initAgain(ctx context.Context) error {
	kept, err := s.kept()
	if err != nil {
		return s.failed("init", nil, err)
	}
	return s.initAfresh(ctx, kept)
}

// inspect reads the saved plan.
func (s *Session) inspect(ctx context.Context, plan *Plan) error {
	text, err := s.data(ctx, command{step: "show", role: s.job.PlanRole, reads: []string{plan.file}, args: []string{"show", "-json", "-no-color", plan.file}})
	if err != nil {
		return err
	}
	saved := new(tfjson.Plan)
	saved.UseJSONNumber(true)
	if err := errors.Join(json.Unmarshal(text, saved), saved.Validate()); err != nil {
		return s.failed("show", nil, err)
	}
	s.log.hide(sensitiveIn(saved)...)
	s.recognise(readIn(saved)...)
	for _, failure := range failedChecks(saved) {
		failure = s.tellable(failure)
		plan.FailedChecks = append(plan.FailedChecks, failure)
		s.warn(failure)
	}
	plan.Empty = plan.Empty || onlyChecks(saved)
	plan.Changes = countChanges(saved)
	plan.Digest = planDigest(saved)
	plan.StateExists = stateExists(saved.PriorState)
	return nil
}

// stateExists tells whether there was a state with anything in it before the
// plan. What a plan reads from data sources, and outputs that it can tell, are
// in its prior state in any case.
func stateExists(state *tfjson.State) bool {
	return state != nil && state.Values != nil && managesAny(state.Values.RootModule)
}

func managesAny(m *tfjson.StateModule) bool {
	return m != nil && (slices.ContainsFunc(m.Resources, func(r *tfjson.StateResource) bool {
		return r.Mode == tfjson.ManagedResourceMode
	}) || slices.ContainsFunc(m.ChildModules, managesAny))
}

var progress = regexp.MustCompile(`(?m)^.*: (Refreshing state\.\.\.|Reading\.\.\.|Still reading\.\.\.|Read complete after|Preparing import\.\.\.).*\n`)

// planText is the part of what plan prints that tells the changes.
func planText(printed string) string {
	text := progress.ReplaceAllString(colours.ReplaceAllString(printed, ""), "")
	if before, _, found := strings.Cut(text, "\nSaved the plan to: "); found {
		text = strings.TrimRight(before, "─\n ")
	}
	return strings.TrimSpace(text) + "\n"
}
