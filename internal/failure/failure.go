// Package failure writes the text of errors that say what happened, to what, and what to do
// next. Each package keeps its own type of such an error, so that errors.As tells them apart.
package failure

import (
	"errors"
	"fmt"
	"strings"
)

// Text joins the parts that are neither nil nor "" with colons, and adds help behind a
// semicolon unless it is "".
func Text(help string, parts ...any) string {
	var b strings.Builder
	for _, part := range parts {
		if part == nil || part == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		fmt.Fprint(&b, part)
	}
	if help != "" {
		b.WriteString("; " + help)
	}
	return b.String()
}

// Causes returns the kind of an error and its cause, which may be nil, for the method Unwrap.
func Causes(kind, cause error) []error {
	if cause == nil {
		return []error{kind}
	}
	return []error{kind, cause}
}

// nextStepError is an error with what to do next.
type nextStepError struct {
	err  error
	help string
}

// WithNextStep adds what to do next to an error.
func WithNextStep(help string, err error) error { return &nextStepError{err, help} }

func (e *nextStepError) Error() string { return Text(e.help, e.err) }

// NextStep returns what to do next, which the text of the error ends with.
func (e *nextStepError) NextStep() string { return e.help }

func (e *nextStepError) Unwrap() error { return e.err }

// SplitNextStep splits the text of an error that ends with what to do next, which is "" for
// another error.
func SplitNextStep(err error) (message, nextStep string) {
	message = err.Error()
	var helpful interface{ NextStep() string }
	if errors.As(err, &helpful) {
		if before, isLast := strings.CutSuffix(message, "; "+helpful.NextStep()); isLast {
			return before, helpful.NextStep()
		}
	}
	return message, ""
}
