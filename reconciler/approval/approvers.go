// Package approval knows who may approve a plan, and reads approvals in comments. It judges
// plain values: neither the record nor Backlog.
package approval

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Approvers are those who may approve plans. They come from an operator's setting outside of
// the repository.
type Approvers struct {
	People []Approver `hcl:"approver,block"`
	// OpenerMayApprove: who opened a pull request may approve its plans.
	OpenerMayApprove bool `hcl:"opener_may_approve,optional"`
}

// Approver is one person.
type Approver struct {
	Name string `hcl:"name,label"` // for people
	// BacklogID is the numeric id of the person's Backlog user; 0: no approval by a comment.
	BacklogID int `hcl:"backlog,optional"`
	// Identity is a pattern of the identities that may approve on the command line: the ARN
	// of the caller, or the user name where the record is on this machine. "*" matches any
	// text. "": no approval on the command line.
	Identity string `hcl:"identity,optional"`
}

// MaxApproversSize is the maximum size of the text of Parse, in bytes.
const MaxApproversSize = 64 << 10

// Parse reads the approvers from HCL. The name of the source is for errors.
func Parse(text []byte, source string) (*Approvers, error) {
	if len(text) > MaxApproversSize {
		return nil, fmt.Errorf("%s has more than %d bytes", source, MaxApproversSize)
	}
	parsed, diags := hclsyntax.ParseConfig(text, source, hcl.InitialPos)
	var a Approvers
	if !diags.HasErrors() {
		diags = gohcl.DecodeBody(parsed.Body, nil, &a)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	return &a, nil
}

func (a *Approvers) check() error {
	if len(a.People) == 0 {
		return errors.New(`nobody is named: write a block such as approver "Ann" { backlog = 12345 }`)
	}
	names, ids := map[string]bool{}, map[int]bool{}
	for _, p := range a.People {
		switch {
		case strings.TrimSpace(p.Name) == "" || names[p.Name]:
			return fmt.Errorf("approver %q: each needs a name of its own", p.Name)
		case p.BacklogID < 0 || p.BacklogID != 0 && ids[p.BacklogID]:
			return fmt.Errorf("approver %q: backlog is the numeric id of one Backlog user, which no other approver has", p.Name)
		case p.BacklogID == 0 && p.Identity == "":
			return fmt.Errorf("approver %q needs backlog (the numeric id of the Backlog user), identity, or both", p.Name)
		case p.Identity != "" && strings.Trim(p.Identity, "*? ") == "":
			return fmt.Errorf("approver %q: the identity %q would match everybody", p.Name, p.Identity)
		}
		names[p.Name], ids[p.BacklogID] = true, true
	}
	return nil
}

// FindByBacklogID returns the approver with the id of a Backlog user.
func (a *Approvers) FindByBacklogID(id int) (Approver, bool) {
	i := slices.IndexFunc(a.People, func(p Approver) bool { return id > 0 && p.BacklogID == id })
	if i < 0 {
		return Approver{}, false
	}
	return a.People[i], true
}

// FindByIdentity returns the approver whose identity matches: the ARN of a caller, or USER@HOST,
// which also matches as USER.
func (a *Approvers) FindByIdentity(identity string) (Approver, bool) {
	forms := []string{identity}
	if user, _, ok := strings.Cut(identity, "@"); ok && !strings.HasPrefix(identity, "arn:") {
		forms = append(forms, user)
	}
	i := slices.IndexFunc(a.People, func(p Approver) bool {
		return p.Identity != "" && slices.ContainsFunc(forms, globPattern(p.Identity).MatchString)
	})
	if i < 0 {
		return Approver{}, false
	}
	return a.People[i], true
}

func globPattern(glob string) *regexp.Regexp {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(glob), `\*`, ".*")
	return regexp.MustCompile(`^(?s:` + strings.ReplaceAll(quoted, `\?`, ".") + `)$`)
}
