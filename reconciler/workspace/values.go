package workspace

import (
	"fmt"
	"path"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// Value is a part of the value of a root module's variable.
type Value struct {
	JSON        string // "" if it is not in the repository: it comes from the environment
	IsSensitive bool   // or may be
}

// Values returns what variable files and defaults give to the variables of a root module, by
// name. Objects are split, so that names are such as "servers.min"; one that is sensitive is
// not, because its keys may be secret, too.
func (l *Loader) Values(dir settings.Dir, cfg settings.Config) (map[string]Value, error) {
	m, err := l.modules.Load(dir.Path)
	if err != nil {
		return nil, fmt.Errorf("workspace %s: %w", dir.Name, err)
	}
	e := newEvaluation(l.modules, l.files, dir, cfg)
	given := e.readVariableValues(m, cfg)
	if err := hcleval.JoinProblems(e.problems); err != nil {
		return nil, err
	}
	values := map[string]Value{}
	for name, variable := range m.Variables {
		value, found := given[name]
		if !found {
			value, found = variable.Default()
		}
		if found {
			addValue(values, name, value, variable.IsSensitive)
		}
	}
	return values, nil
}

// addValue adds a value under its name, or its parts.
func addValue(values map[string]Value, name string, value cty.Value, isSensitive bool) {
	value, marks := value.Unmark()
	isSensitive = isSensitive || len(marks) > 0
	if t := value.Type(); (t.IsObjectType() || t.IsMapType()) && !isSensitive && value.IsKnown() && !value.IsNull() && value.LengthInt() > 0 {
		for key, part := range value.AsValueMap() {
			addValue(values, name+"."+key, part, isSensitive)
		}
		return
	}
	found := Value{IsSensitive: isSensitive}
	if value.IsWhollyKnown() && !value.ContainsMarked() {
		if text, err := ctyjson.Marshal(value, value.Type()); err == nil {
			found.JSON = string(text)
		}
	}
	values[name] = found
}

// LockedProviders returns the versions of the providers in the lock file of a root module, by
// address; none without a file.
func LockedProviders(tree repotree.Tree, dir string) (map[string]string, error) {
	file := path.Join(dir, ".terraform.lock.hcl")
	if !repotree.IsFile(tree, file) {
		return nil, nil
	}
	text, err := repotree.ReadFile(tree, file, hcleval.MaxConfigSize)
	if err != nil {
		return nil, err
	}
	body, problems := hcleval.Parse(file, text)
	if err := hcleval.JoinProblems(problems); err != nil {
		return nil, err
	}
	versions := map[string]string{}
	for _, block := range body.Blocks {
		if block.Type != "provider" || len(block.Labels) != 1 || block.Body.Attributes["version"] == nil {
			continue
		}
		version, diags := hcleval.Evaluate(block.Body.Attributes["version"].Expr, nil)
		if !diags.HasErrors() && version.Type() == cty.String && version.IsKnown() && !version.IsNull() {
			versions[strings.TrimPrefix(block.Labels[0], "registry.terraform.io/")] = version.AsString()
		}
	}
	return versions, nil
}
