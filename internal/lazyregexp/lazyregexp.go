// Package lazyregexp compiles regular expressions at their first use. A command uses few of
// the program's, and compiling all of them is a good part of its start.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns a function that returns the compiled expression. Like regexp.MustCompile it
// panics on one that does not parse, but only there.
func New(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
