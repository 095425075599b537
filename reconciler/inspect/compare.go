package inspect

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"reconcile/internal/commitid"
	"reconcile/internal/gitpath"
	"reconcile/internal/redact"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/workspace"
	"reconcile/state"
)

// Comparison is two workspaces side by side, as `reconcile compare -o json` prints it.
type Comparison struct {
	A       ComparedSide  `json:"a"`
	B       ComparedSide  `json:"b"`
	Rows    []ComparedRow `json:"rows"`
	Differs bool          `json:"differs"` // one of the rows does
}

// ComparedSide is one of the two workspaces.
type ComparedSide struct {
	Workspace   string      `json:"workspace"`
	Environment string      `json:"environment,omitempty"`
	Commit      commitid.ID `json:"commit"` // last applied; it is not compared
}

// Kinds of compared rows.
const (
	ComparedInput    = "input"    // a tree or file, as it was last applied
	ComparedVersion  = "version"  // of Terraform, its lock file or a provider
	ComparedValue    = "value"    // of a variable, at the tip
	ComparedOutcome  = "outcome"  // of the last run
	ComparedPresence = "presence" // what there is of one: a hold, a plan that waits and the like
)

// ComparedRow is one thing of both workspaces; "" where one has none.
type ComparedRow struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	A       string `json:"a"`
	B       string `json:"b"`
	Differs bool   `json:"differs"`
}

// hiddenValue stands for a value that is sensitive.
const hiddenValue = "(sensitive)"

// Compare compares workspace a of one configuration with b of another: of the same environment
// or of another one. Values whose names match one of the patterns are left out: each has its
// own of these.
func Compare(ctx context.Context, ofA, ofB run.Config, a, b string, theirs []string) (*Comparison, error) {
	ofA.SetDefaults()
	ofB.SetDefaults()
	left, err := readCompared(ctx, &ofA, a)
	if err != nil {
		return nil, err
	}
	right, err := readCompared(ctx, &ofB, b)
	if err != nil {
		return nil, err
	}
	c := &Comparison{A: left.side, B: right.side, Rows: []ComparedRow{}}
	secrets := append(left.secrets(), right.secrets()...)
	hide := func(text string) string { return redact.Text(text, secrets...) }
	for _, kind := range []string{ComparedInput, ComparedVersion, ComparedValue, ComparedOutcome, ComparedPresence} {
		in, with := left.facts[kind], right.facts[kind]
		names := maps.Clone(in)
		maps.Copy(names, with)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if kind == ComparedValue && matchesAny(name, theirs) {
				continue
			}
			row := ComparedRow{Kind: kind, Name: name, A: in[name], B: with[name], Differs: in[name] != with[name]}
			if kind == ComparedValue && (left.hidden[name] || right.hidden[name]) {
				row.A, row.B = hideValue(row.A), hideValue(row.B)
			}
			row.Name, row.A, row.B = hide(row.Name), hide(row.A), hide(row.B)
			c.Rows, c.Differs = append(c.Rows, row), c.Differs || row.Differs
		}
	}
	return c, nil
}

func hideValue(value string) string {
	if value == "" {
		return ""
	}
	return hiddenValue
}

// matchesAny reports whether a name, or an object that it is in, matches one of the patterns.
func matchesAny(name string, patterns []string) bool {
	for part := name; ; part = part[:strings.LastIndexByte(part, '.')] {
		if slices.ContainsFunc(patterns, func(p string) bool { ok, err := path.Match(p, part); return ok && err == nil }) {
			return true
		}
		if !strings.Contains(part, ".") {
			return false
		}
	}
}

// comparedWorkspace is what is known of one workspace: by kind and name.
type comparedWorkspace struct {
	side   ComparedSide
	facts  map[string]map[string]string
	hidden map[string]bool // values that must not be shown
}

// secrets returns the texts and numbers in hidden values: another value may repeat one.
func (c *comparedWorkspace) secrets() (found []string) {
	for name := range c.hidden {
		var value any
		decoder := json.NewDecoder(strings.NewReader(c.facts[ComparedValue][name]))
		decoder.UseNumber()
		if c.hidden[name] && decoder.Decode(&value) == nil {
			found = appendLeaves(found, value)
		}
	}
	return found
}

func appendLeaves(found []string, value any) []string {
	switch v := value.(type) {
	case string:
		return append(found, v)
	case json.Number:
		return append(found, v.String())
	case []any:
		for _, part := range v {
			found = appendLeaves(found, part)
		}
	case map[string]any:
		for _, part := range v {
			found = appendLeaves(found, part)
		}
	}
	return found
}

func readCompared(ctx context.Context, c *run.Config, name string) (*comparedWorkspace, error) {
	workspaces, err := inventory.NewAtTip(ctx, c)
	if err != nil {
		return nil, err
	}
	defer c.CloseCommit(workspaces.Commit)
	if err := workspaces.CheckNames([]string{name}); err != nil {
		return nil, err
	}
	entry := workspaces.Entries[name]
	rec := entry.Record
	found := &comparedWorkspace{
		side:   ComparedSide{Workspace: name, Environment: c.Environment, Commit: rec.Commit},
		facts:  map[string]map[string]string{ComparedInput: inputsOutside(entry), ComparedVersion: {}, ComparedValue: {}, ComparedOutcome: {"outcome": describeState(rec)}, ComparedPresence: describePresence(workspaces, entry)},
		hidden: map[string]bool{},
	}
	providers, err := workspace.LockedProviders(workspaces.Commit.Tree, entry.Dir.Path)
	if err != nil {
		return nil, fmt.Errorf("the lock file of %s: %w", name, err)
	}
	versions := found.facts[ComparedVersion]
	maps.Copy(versions, providers)
	versions["Terraform"], versions["lock file"] = rec.TerraformVersion, rec.LockFileID
	values, err := workspaces.Loader.Values(entry.Dir, entry.Config)
	if err != nil {
		return nil, err
	}
	for name, value := range values {
		found.facts[ComparedValue][name] = cmp.Or(value.JSON, "(environment)")
		found.hidden[name] = value.IsSensitive
	}
	return found, nil
}

// inputsOutside returns the inputs that a workspace was last applied from, without its own
// directory and its values.
func inputsOutside(entry *inventory.Entry) map[string]string {
	inputs, own := map[string]string{}, gitpath.Quote(entry.Dir.Path)
	for name, id := range entry.Record.Trace {
		isOwn := name == own || strings.HasPrefix(name, own+"/") || slices.ContainsFunc(entry.Config.VarFiles, func(file string) bool { return name == gitpath.Quote(file) })
		isValues := strings.HasSuffix(name, ".tfvars") || strings.HasSuffix(name, ".tfvars.json")
		if !isOwn && !isValues && !strings.HasPrefix(name, "//") && name != gitpath.Quote(entry.Config.BackendConfig) {
			inputs[name] = id
		}
	}
	return inputs
}

// describeState returns how the last run on a workspace ended, as far as that matters.
func describeState(rec state.Workspace) string {
	switch outcome, _ := rec.RecordedOutcome(); outcome {
	case state.Applied, state.NoChanges, state.Unchanged:
		return "applied"
	case "":
		return "never applied"
	default:
		return string(outcome)
	}
}

// describePresence returns what a person should know of a workspace, by name.
func describePresence(workspaces *inventory.Inventory, entry *inventory.Entry) map[string]string {
	rec, has := entry.Record, map[string]string{}
	if stale := slices.Clone(workspaces.StaleReasons(entry)); len(stale) > 0 {
		for i, reason := range stale {
			if reason == gitpath.Quote(entry.Dir.Path) {
				stale[i] = "its own directory"
			}
		}
		has["stale"] = strings.Join(stale, ", ")
	}
	if rec.Drift != nil && rec.Drift.Found {
		has["drift"] = DriftFound
	}
	if rec.Attempt != nil {
		has["attempt"] = rec.Attempt.Describe()
	}
	if entry.Hold != nil {
		has["hold"] = fmt.Sprintf("%s: %s", entry.Hold.Kind, entry.Hold.Reason)
	}
	if rec.Outcome == state.Blocked {
		has["waiting plan"] = strings.TrimSpace(rec.PlanDigest.Abbrev() + " " + cmp.Or(rec.Why, rec.Error))
	}
	return has
}
