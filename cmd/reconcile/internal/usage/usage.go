// Package usage is the error of a command that was called in a wrong way. The program
// exits 64 for it.
package usage

import "fmt"

// Error is wrong usage of a flag, an argument or an environment variable.
type Error struct {
	Err  error
	Hint string // names the right command or setting
}

// Error returns what is wrong, without the hint.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error with a hint and a formatted text.
func Errorf(hint, format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...), Hint: hint}
}
