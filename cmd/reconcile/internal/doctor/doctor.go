// Package doctor checks the settings by using them, one after the other, and says what to
// do about each failure.
package doctor

import (
	"context"
	"errors"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/failure"
	"reconcile/reconciler/workspace/settings"
)

// Doctor checks the settings by using them, one after the other, so that one
// failure does not hide the next.
type Doctor struct {
	settings *config.Settings
	deps     *wire.Deps         // as far as they could be opened
	atTip    *settings.Settings // the repository's own settings; nil: not read
	names    []string           // of the workspaces at the tip; nil: not read
}

// New returns a doctor for dependencies that are not open yet.
func New(deps *wire.Deps) *Doctor { return &Doctor{settings: deps.Settings, deps: deps} }

// Result is the result of one check.
type Result struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	// Skipped: there was nothing to check, or a step is still missing.
	Skipped bool   `json:"skipped,omitempty"`
	Detail  string `json:"detail"`         // what was found, or the error
	Hint    string `json:"hint,omitempty"` // what to do about it
}

// Results that are neither a success nor a failure.
var (
	errNotChecked  = errors.New("not checked") // there is nothing to check, or no permission to check it
	errPendingStep = errors.New("not yet")     // a step of docs/bootstrap.md is still missing
)

// hintError is the error of a check, with what to do next.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() }
func (e *hintError) Unwrap() error { return e.err }

func withHint(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &hintError{err, hint}
}

// Run runs all checks and calls onResult after each.
func (d *Doctor) Run(ctx context.Context, onResult func(Result)) []Result {
	return runChecks(ctx, []check{
		{"git", d.checkGit},
		{"record", d.checkRecord},
		{"snapshots", d.checkSnapshots},
		{"digest key", d.checkDigestKey},
		{"work", d.checkWorkDir},
		{"terraform", d.checkTerraform},
		{"settings", d.checkSettings},
		{"workspaces", d.checkWorkspaces},
		{"rollout alarms", d.checkRolloutAlarms},
		{"approvers", d.checkApprovers},
		{"apply roles", d.checkApplyRoles},
		{"clock", d.checkClock},
		{"backlog", d.checkBacklog},
		{"notify", d.checkNotify},
		{"executor", d.checkExecutor},
		{"telemetry", d.checkTelemetry},
		{"image", d.checkImage},
		{"webhook", d.checkWebhook},
		{"schedule", d.checkSchedule},
	}, onResult)
}

// check is one check: it returns what it found, or an error.
type check struct {
	name string
	run  func(context.Context) (string, error)
}

func runChecks(ctx context.Context, checks []check, onResult func(Result)) []Result {
	var results []Result
	for _, check := range checks {
		if ctx.Err() != nil {
			break
		}
		result := Result{Check: check.name}
		detail, err := check.run(ctx)
		if err == nil {
			result.OK, result.Detail = true, detail
		} else {
			result.Skipped = errors.Is(err, errNotChecked) || errors.Is(err, errPendingStep)
			var hinted *hintError
			if errors.As(err, &hinted) { // what the error itself says to do stays in its text
				result.Detail, result.Hint = err.Error(), hinted.hint
			} else {
				result.Detail, result.Hint = failure.SplitNextStep(err)
			}
		}
		results = append(results, result)
		onResult(result)
	}
	return results
}
