package hcleval

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// Problem is a mistake at a position in a file of the repository.
type Problem struct {
	File         string // repository path
	Line, Column int    // from 1; 0 for the whole file
	Text         string
}

// Error returns "file:line:column: text".
func (p *Problem) Error() string {
	switch {
	case p.Line == 0:
		return fmt.Sprintf("%s: %s", p.File, p.Text)
	case p.Column == 0:
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
	default:
		return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
	}
}

// ProblemAt returns a problem at the start of rng in file.
func ProblemAt(file string, rng hcl.Range, format string, args ...any) *Problem {
	return &Problem{File: file, Line: rng.Start.Line, Column: rng.Start.Column, Text: fmt.Sprintf(format, args...)}
}

// ProblemsOf returns the errors among diags as problems of file.
func ProblemsOf(file string, diags hcl.Diagnostics) []*Problem {
	var list []*Problem
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		p := &Problem{File: file, Text: d.Summary}
		if d.Detail != "" {
			p.Text += ": " + d.Detail
		}
		if d.Subject != nil {
			p.Line, p.Column = d.Subject.Start.Line, d.Subject.Start.Column
		}
		list = append(list, p)
	}
	return list
}

// JoinProblems returns list as one error, sorted by position; nil for an empty list.
func JoinProblems(list []*Problem) error {
	var errs []error
	for _, p := range SortProblems(list) {
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}

// SortProblems returns list sorted by position, without duplicates.
func SortProblems(list []*Problem) []*Problem {
	slices.SortStableFunc(list, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	return slices.CompactFunc(list, func(a, b *Problem) bool { return *a == *b })
}
