package gitwire

import (
	"fmt"
	"strings"

	"reconcile/internal/commitid"
)

// branchPrefix is the prefix of the full names of branches.
const branchPrefix = "refs/heads/"

// refFilter selects refs by name.
type refFilter struct {
	wanted map[string]bool
	ids    map[string]commitid.ID
}

func newRefFilter(names []string) *refFilter {
	f := &refFilter{wanted: map[string]bool{}, ids: map[string]commitid.ID{}}
	for _, name := range names {
		f.wanted[name] = true
	}
	return f
}

func (f *refFilter) add(r ref) {
	if f.wanted[r.name] && !r.id.IsZero() {
		f.ids[r.name] = commitid.ID(r.id.String())
	}
}

func appendRef(branches []string, r ref) []string {
	if r.id.IsZero() {
		return branches
	}
	return AppendBranch(branches, r.name)
}

// AppendBranch collects branch names from the full names of refs, for NoBranchError. "" stands
// for refs that are not branches.
func AppendBranch(branches []string, ref string) []string {
	const enough = 100
	name, ok := strings.CutPrefix(ref, branchPrefix)
	if !ok && len(branches) > 0 || len(branches) >= enough {
		return branches
	}
	if !ok {
		name = ""
	}
	return append(branches, name)
}

// NoBranchError returns the error of a repository without the branch. names are some of its
// branches, from AppendBranch; if there are none, the repository is empty.
func NoBranchError(url, branch string, names []string) error {
	if len(names) == 0 {
		return &Error{Kind: ErrEmpty, URL: url, Help: fmt.Sprintf("push a commit to %q first", branch)}
	}
	const few = 5
	var examples []string
	for _, name := range names {
		if name != "" && len(examples) < few {
			examples = append(examples, sanitizeLine([]byte(name)))
		}
	}
	help := "it has no branches"
	if len(examples) > 0 {
		help = "it has " + strings.Join(examples, ", ")
		if len(names) > few {
			help += ", …"
		}
		help += ": set --branch"
	}
	return &Error{Kind: ErrNoBranch, URL: url, Text: fmt.Sprintf("%q", branch), Help: help}
}
