package main

import (
	"context"
	"errors"
)

// doctor checks the settings by using them, one after the other, so that one
// failure does not hide the others.
type doctor struct {
	app   *app
	parts *parts // as far as they could be made
}

func newDoctor(a *app) *doctor {
	return &doctor{app: a, parts: &parts{app: a}}
}

func (d *doctor) close() { d.app.closing(d.parts) }

// What is neither well nor ill.
var (
	errSkip = errors.New("not checked") // there is nothing to look at, or no right to look
	errYet  = errors.New("not yet")     // a step of docs/bootstrap.md is still to come
)

// advice is a failed check that knows what to do.
type advice struct {
	err  error
	mend string
}

func (e *advice) Error() string { return e.err.Error() }
func (e *advice) Unwrap() error { return e.err }

func advise(err error, mend string) error {
	if err == nil {
		return nil
	}
	return &advice{err, mend}
}

// examine runs all checks and tells each as it comes.
func (d *doctor) examine(ctx context.Context, tell func(finding)) []finding {
	d.parts.aws = d.app.awsConfig(ctx)
	var findings []finding
	for _, check := range []struct {
		name string
		run  func(context.Context) (string, error)
	}{
		{"git", d.git},
		{"record", d.record},
		{"snapshots", d.snapshots},
		{"digest key", d.digestKey},
		{"work", d.work},
		{"terraform", d.terraform},
		{"workspaces", d.workspaces},
		{"clock", d.clock},
		{"backlog", d.backlog},
		{"image", d.image},
		{"webhook", d.webhook},
		{"schedule", d.schedule},
	} {
		if ctx.Err() != nil {
			break
		}
		f := finding{Check: check.name}
		detail, err := check.run(ctx)
		if err == nil {
			f.OK, f.Detail = true, detail
		} else {
			f.Skipped, f.Detail = errors.Is(err, errSkip) || errors.Is(err, errYet), err.Error()
			var known *advice
			if errors.As(err, &known) {
				f.Mend = known.mend
			}
		}
		findings = append(findings, f)
		tell(f)
	}
	return findings
}
