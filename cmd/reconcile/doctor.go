package main

import (
	"context"
	"errors"
)

// doctor checks the settings by using them, one after the other, so that one
// failure does not hide the next.
type doctor struct {
	app  *app
	deps *deps // as far as they could be created
}

func newDoctor(a *app) *doctor {
	return &doctor{app: a, deps: &deps{app: a}}
}

func (d *doctor) close() { d.app.closeDeps(d.deps) }

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

// runChecks runs all checks and calls onResult after each.
func (d *doctor) runChecks(ctx context.Context, onResult func(checkResult)) []checkResult {
	d.deps.aws = d.app.awsConfig(ctx)
	var results []checkResult
	for _, check := range []struct {
		name string
		run  func(context.Context) (string, error)
	}{
		{"git", d.checkGit},
		{"record", d.checkRecord},
		{"snapshots", d.checkSnapshots},
		{"digest key", d.checkDigestKey},
		{"work", d.checkWorkDir},
		{"terraform", d.checkTerraform},
		{"workspaces", d.workspaces},
		{"clock", d.checkClock},
		{"backlog", d.checkBacklog},
		{"image", d.checkImage},
		{"webhook", d.checkWebhook},
		{"schedule", d.checkSchedule},
	} {
		if ctx.Err() != nil {
			break
		}
		f := checkResult{Check: check.name}
		detail, err := check.run(ctx)
		if err == nil {
			f.OK, f.Detail = true, detail
		} else {
			f.Skipped, f.Detail = errors.Is(err, errNotChecked) || errors.Is(err, errPendingStep), err.Error()
			var hinted *hintError
			if errors.As(err, &hinted) {
				f.Hint = hinted.hint
			}
		}
		results = append(results, f)
		onResult(f)
	}
	return results
}
