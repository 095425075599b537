package notify

import (
	"cmp"
	"slices"
)

// Preview is what would come of merging a pull request, as it is told in a
// comment on it.
type Preview struct {
	Number            int
	Branch, Base      string // names of branches
	Head, Tip         string // their commits
	Environment       string // of the settings; "": none
	Problem           string // why nothing could be planned
	Failed            bool   // something that may be different another time
	Inputs            string // equal for previews that say the same
	Conflicts         []Conflict
	Workspaces        []Workspace // by name
	Readers           []Reader
	Removed           []string // workspaces
	Renamed           []Renamed
	Waiting           []string // workspaces with changes at the tip already
	PermissionChanges []string // workspaces planned with the roles and variables at the tip, not with its own
	CrissCross        bool     // the branches were merged into each other
}

// Conflict is a path that cannot be merged. Kind is part of a key of the
// catalogue.
type Conflict struct{ Path, Kind string }

// Renamed is a workspace whose state goes on under another name.
type Renamed struct{ From, To string }

// Reader is a workspace that is looked at again after others.
type Reader struct {
	Name  string
	After []string
}

// Workspace is a workspace and its plan.
type Workspace struct {
	Name                          string
	Outcome                       string // part of a key of the catalogue
	Add, Change, Replace, Destroy int
	Reasons                       []string
	Digest                        string // of the plan
	Plan                          string
	Error                         string
	Refused, Warnings             []string
}

// Diff is what is different from an earlier preview.
type Diff struct {
	Head                  string // of the earlier
	New, Changed, Removed []string
}

// diffSince compares with the last preview; nil where there is none, or it did not
// say enough.
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

// IsEmpty tells whether nothing is different.
func (s Diff) IsEmpty() bool { return len(s.New)+len(s.Changed)+len(s.Removed) == 0 }

// maxRows is how many workspaces the table shows at most.
const maxRows = 60

// tableWorkspaces are the workspaces of the table: where there are too many, those in
// which more is at stake.
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

// severity is how much is at stake.
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

// details is what is shown in full: the plan, or why there is none.
func (w Workspace) details() string {
	if w.Plan == "" && len(w.Refused) == 0 {
		return w.Error
	}
	return w.Plan
}
