package notify

import (
	"cmp"
	"slices"

	"reconcile/internal/commitid"
	"reconcile/internal/plandigest"
)

// Preview is the expected result of merging a pull request, for a comment on it.
type Preview struct {
	Number            int
	Branch, Base      string      // names of branches
	Head, Tip         commitid.ID // their commits
	Environment       string      // "" for none
	Problem           string      // why nothing could be planned
	Failed            bool        // a temporary failure
	Inputs            string      // equal for previews with the same content
	Conflicts         []Conflict
	Workspaces        []Workspace // sorted by name
	Readers           []Reader
	Removed           []string // names
	Renamed           []Renamed
	Waiting           []string // workspaces with unapplied changes at the tip
	PermissionChanges []string // workspaces planned with the roles and variables at the tip, not those of the pull request
	CrissCross        bool     // a criss-cross merge
	TakesComments     bool     // plans can be approved by comments
}

// Conflict is a path with a merge conflict. Kind is part of a key of the catalogue.
type Conflict struct{ Path, Kind string }

// Renamed is a workspace that keeps its state under a new name.
type Renamed struct{ From, To string }

// Reader is a workspace that is planned again after others.
type Reader struct {
	Name  string
	After []string
}

// Workspace is a workspace with its plan.
type Workspace struct {
	Name                          string
	Outcome                       string // part of a key of the catalogue
	Add, Change, Replace, Destroy int
	Reasons                       []string
	Digest                        plandigest.Digest // of the plan
	Plan                          string
	Error                         string
	Refused, Warnings             []string
	Offer                         *Offer // nil: the plan does not wait, or nobody may approve it
}

// Diff holds the differences from an earlier preview.
type Diff struct {
	Head                  commitid.ID // of the earlier preview
	New, Changed, Removed []string
}

// diffSince returns the differences from the last preview. It returns nil without a last
// preview, or if its marker has no plans.
func (p *Preview) diffSince(last Marker) *Diff {
	if last.Head == "" || last.Plans == nil {
		return nil
	}
	s := &Diff{Head: last.Head}
	now := p.newMarker().Plans
	for _, w := range p.Workspaces {
		switch then, ok := last.Plans[w.Name]; {
		case !ok:
			s.New = append(s.New, w.Name)
		case then != now[w.Name]:
			s.Changed = append(s.Changed, w.Name)
		}
	}
	for name := range last.Plans {
		if _, ok := now[name]; !ok {
			s.Removed = append(s.Removed, name)
		}
	}
	slices.Sort(s.Removed)
	return s
}

// isEmpty reports whether there is no difference.
func (d Diff) isEmpty() bool { return len(d.New)+len(d.Changed)+len(d.Removed) == 0 }

// maxRows is the maximum number of workspaces in the table.
const maxRows = 60

// tableWorkspaces returns the workspaces of the table. If there are too many, it selects
// the most severe ones.
func (p *Preview) tableWorkspaces() []Workspace {
	if len(p.Workspaces) <= maxRows {
		return p.Workspaces
	}
	list := slices.Clone(p.Workspaces)
	slices.SortStableFunc(list, func(a, b Workspace) int { return cmp.Compare(b.severity(), a.severity()) })
	list = list[:maxRows]
	slices.SortFunc(list, func(a, b Workspace) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// severity orders workspaces by the risk of their plans.
func (w Workspace) severity() int {
	switch {
	case w.Destroy+w.Replace > 0:
		return 3
	case w.Error != "" || len(w.Refused) > 0:
		return 2
	case w.Add+w.Change > 0:
		return 1
	}
	return 0
}

// details returns the text to show in full: the plan, or why there is none.
func (w Workspace) details() string {
	if w.Plan == "" && len(w.Refused) == 0 {
		return w.Error
	}
	return w.Plan
}
