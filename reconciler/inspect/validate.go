package inspect

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"reconcile/internal/lazyregexp"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
)

// Validation is what is wrong or doubtful with the settings and the workspaces of a tree, as
// `reconcile validate -o json` prints it.
type Validation struct {
	Valid      bool      `json:"valid"` // no finding is an error
	Workspaces []string  `json:"workspaces"`
	Findings   []Finding `json:"findings"` // by file and line
	// Progressive are the workspaces that are applied in steps.
	Progressive []Progressive `json:"progressive,omitempty"`
}

// Severity says whether a finding stops passes.
type Severity string

// Severities.
const (
	SeverityError   Severity = "error"   // passes refuse a workspace, or all of them
	SeverityWarning Severity = "warning" // passes run; people should know
)

// Finding is one mistake or doubt.
type Finding struct {
	Severity Severity `json:"severity"`
	File     string   `json:"file,omitempty"` // in the repository; "": no single file
	Line     int      `json:"line,omitempty"` // from 1; 0: the whole file
	Column   int      `json:"column,omitempty"`
	Text     string   `json:"text"`
	// Workspaces have this finding; empty: it is of the repository.
	Workspaces []string `json:"workspaces,omitempty"`
}

// Validate reads the settings and all workspaces of a tree. It calls neither a remote nor
// Terraform, and reads no record. The error is of the tree itself: it could not be read.
func Validate(ctx context.Context, c run.Config, commit *source.Commit) (*Validation, error) {
	c.SetDefaults()
	v := &Validation{Workspaces: []string{}, Findings: []Finding{}}
	workspaces, err := inventory.NewWithoutRecord(ctx, &c, commit)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		v.add(SeverityError, "", explainTree(commit, err))
		v.finish()
		return v, nil
	}
	if err := workspaces.LoadAll(ctx); err != nil {
		return nil, err
	}
	workspaces.BuildGraph()
	if err := workspaces.CheckNotEmpty(); err != nil {
		v.add(SeverityError, "", explainTree(commit, err))
	}
	for _, text := range workspaces.Warnings() {
		v.add(SeverityWarning, "", text)
	}
	for _, name := range slices.Sorted(maps.Keys(workspaces.Entries)) {
		v.Workspaces = append(v.Workspaces, name)
		ws := workspaces.Entries[name].Loaded
		if p := newProgressive(name, workspaces.Entries[name].Config.Progressive); p != nil {
			v.Progressive = append(v.Progressive, *p)
		}
		for _, text := range slices.Concat(ws.Warnings, ws.Unfollowed) {
			v.add(SeverityWarning, name, text)
		}
		if err := cmp.Or(ws.Err, workspaces.Entries[name].CheckLocking()); err != nil {
			v.add(SeverityError, name, err.Error())
		}
	}
	v.finish()
	return v, nil
}

// explainTree returns the text of an error without what every error of the tree begins with.
func explainTree(commit *source.Commit, err error) string {
	text := err.Error()
	for _, what := range []string{"settings", "workspaces"} {
		text = strings.TrimPrefix(text, fmt.Sprintf("%s at %s: ", what, commit))
	}
	return text
}

// positionPattern is what errors and warnings about a line of a file begin with.
var positionPattern = lazyregexp.New(`^([^\s:][^:]*):(?:(\d+):(?:(\d+):)?)? `)

// add adds the lines of a text as findings. A finding that several workspaces have is one.
func (v *Validation) add(severity Severity, workspace, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		f := Finding{Severity: severity, Text: line}
		if found := positionPattern().FindStringSubmatch(line); found != nil && (found[2] != "" || !strings.Contains(found[1], " ")) {
			f.File, f.Text = found[1], strings.TrimPrefix(line, found[0])
			f.Line, _ = strconv.Atoi(found[2])
			f.Column, _ = strconv.Atoi(found[3])
		}
		i := slices.IndexFunc(v.Findings, func(g Finding) bool {
			return g.Severity == f.Severity && g.File == f.File && g.Line == f.Line && g.Column == f.Column && g.Text == f.Text
		})
		if i < 0 {
			v.Findings, i = append(v.Findings, f), len(v.Findings)
		}
		if workspace != "" && !slices.Contains(v.Findings[i].Workspaces, workspace) {
			v.Findings[i].Workspaces = append(v.Findings[i].Workspaces, workspace)
		}
	}
}

// finish sorts the findings: errors first, then by position.
func (v *Validation) finish() {
	slices.SortStableFunc(v.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	v.Valid = !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Severity == SeverityError })
}
