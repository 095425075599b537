// Package usage is the error of a command that was called in a wrong way. The program
// exits 64 for it.
package usage

import (
	"fmt"

	"reconcile/internal/lazyregexp"
)

// Error is wrong usage of a flag, an argument or an environment variable.
type Error struct {
	Err  error
	Hint string // names the right command or setting
}

// Error returns what is wrong, without the hint.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error with a hint and a formatted text. What may be a secret in the
// addresses among args is left out: a setting is often wrong because a secret is in it.
func Errorf(hint, format string, args ...any) error {
	shown := make([]any, len(args))
	for i, arg := range args {
		shown[i] = arg
		if text, ok := arg.(string); ok {
			shown[i] = secretParts().ReplaceAllString(text, "$1$2")
		}
	}
	return &Error{Err: fmt.Errorf(format, shown...), Hint: hint}
}

// secretParts matches an address over HTTP. A password may have a slash, so all up to the last
// @ may belong to it.
var secretParts = lazyregexp.New(`(https?://)(?:\S*@)?([^?#\s]*)(?:[?#]\S*)?`)
