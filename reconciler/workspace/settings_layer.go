package workspace

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// settingsLayer is what the settings say outside of environments, or in one of them.
type settingsLayer struct {
	defaults   defaultOptions
	workspaces map[string]workspaceOptions // by label
}

// defaultOptions are the options that hold for every workspace.
type defaultOptions struct {
	constant     workspaceOptions
	perWorkspace hcl.Attributes // those that name the workspace, to be evaluated for each
}

// decodeLayer reads the blocks of content. Its attributes, which only an environment
// has, hold for every workspace.
func (d *settingsDecoder) decodeLayer(content *hcl.BodyContent, attrs hcl.Attributes, blockSchema *hcl.BodySchema) settingsLayer {
	l := settingsLayer{workspaces: map[string]workspaceOptions{}}
	attributes := maps.Clone(attrs)
	if attributes == nil {
		attributes = hcl.Attributes{}
	}
	for i, block := range content.Blocks.OfType("defaults") {
		if i > 0 {
			d.addProblem(block.DefRange, "defaults: there may be one such block only")
		}
		maps.Copy(attributes, d.decodeContent(block.Body, defaultsSchema).Attributes)
	}
	for _, block := range content.Blocks.OfType("workspace") {
		label := block.Labels[0]
		own := &settingsDecoder{tree: d.tree} // its mistakes are that workspace's
		if before, isDuplicate := l.workspaces[label]; isDuplicate {
			own.problems = before.problems
			own.addProblem(block.LabelRanges[0], "workspace %q has a block already", label)
		}
		o := workspaceOptions{labelRange: block.LabelRanges[0]}
		own.decodeOptions(&o, own.decodeContent(block.Body, blockSchema).Attributes, workspaceContext(label))
		o.problems = own.problems
		l.workspaces[label] = o
	}
	l.defaults = d.decodeDefaults(attributes)
	return l
}

// decodeDefaults evaluates what is the same for all workspaces.
func (d *settingsDecoder) decodeDefaults(attrs hcl.Attributes) defaultOptions {
	var out defaultOptions
	constant := hcl.Attributes{}
	out.perWorkspace = hcl.Attributes{}
	for name, attr := range attrs {
		if name != "env" && slices.ContainsFunc(attr.Expr.Variables(), func(t hcl.Traversal) bool { return t.RootName() == nameVariable }) {
			out.perWorkspace[name] = attr
		} else {
			constant[name] = attr
		}
	}
	d.decodeOptions(&out.constant, constant, workspaceContext(""))
	return out
}

// optionsFor returns the options as they hold for the workspace called name.
func (l settingsLayer) optionsFor(d *settingsDecoder, name string) workspaceOptions {
	o := l.defaults.constant
	if len(l.defaults.perWorkspace) > 0 {
		d.decodeOptions(&o, l.defaults.perWorkspace, workspaceContext(name))
	}
	return o
}

// nameVariable is the workspace's name, in settings.
const nameVariable = "workspace"

// workspaceContext is what the settings of the workspace called name may refer to.
func workspaceContext(name string) *hcl.EvalContext {
	return &hcl.EvalContext{Variables: map[string]cty.Value{nameVariable: cty.StringVal(name)}}
}

// configFor puts together what holds for the workspace called name: what is said
// of it wins over what is said of all, and an environment over what stands
// outside. Lists are joined in that order, and an environment's var_file comes
// before the environment's other files.
func (s *Settings) configFor(d *settingsDecoder, name string) Config {
	env := s.environments[s.environment]
	common, commonEnv := s.common.optionsFor(d, name), env.optionsFor(d, name)
	own, ownEnv := s.common.workspaces[name], env.workspaces[name]
	o := common.merge(commonEnv).merge(own).merge(ownEnv)
	d.problems = append(d.problems, o.problems...)
	o.dependsOn = s.knownDependencies(d, o.dependsOn)
	c := o.toConfig()
	files := slices.Concat(common.varFiles, own.varFiles, commonEnv.varFile, commonEnv.varFiles, ownEnv.varFiles)
	c.VarFiles = d.resolveVarFiles(Dir{name, s.paths[name]}, files)
	return c
}

// toConfig is the Config that the options stand for, without variable files.
func (o workspaceOptions) toConfig() Config {
	c := Config{
		DependsOn:     textsOf(o.dependsOn),
		Apply:         o.apply,
		BackendConfig: o.backendConfig,
		Env:           slices.Compact(slices.Sorted(slices.Values(o.env))),
		Protect:       o.protect,
		Prune:         valueOrZero(o.prune),
		PlanRole:      o.planRole,
		ApplyRole:     o.applyRole,
		AllowUnlocked: valueOrZero(o.allowUnlocked),
	}
	if c.Apply == "" {
		c.Apply = ApplyAlways
	}
	return c
}

// PermissionConfig returns the settings for the workspace called name that say with
// which rights it is planned: roles, declared variables, and whether it may do
// without a lock. Unlike Config it answers for one that is not there yet, too.
func (s *Settings) PermissionConfig(name string) (Config, error) {
	d := &settingsDecoder{}
	var o workspaceOptions
	layers := []settingsLayer{s.common, s.environments[s.environment]}
	for _, l := range layers {
		o = o.merge(l.defaults.constant)
		perWorkspace := maps.Clone(l.defaults.perWorkspace)
		maps.DeleteFunc(perWorkspace, func(option string, _ *hcl.Attribute) bool { return !slices.Contains(permissionOptions, option) })
		var own workspaceOptions
		d.decodeOptions(&own, perWorkspace, workspaceContext(name))
		o = o.merge(own)
	}
	for _, l := range layers {
		o = o.merge(l.workspaces[name])
	}
	d.problems = append(d.problems, o.problems...)
	c := o.toConfig()
	return Config{Env: c.Env, PlanRole: c.PlanRole, ApplyRole: c.ApplyRole, AllowUnlocked: c.AllowUnlocked}, joinProblems(d.problems)
}

var permissionOptions = []string{"plan_role", "apply_role", "allow_unlocked"}
