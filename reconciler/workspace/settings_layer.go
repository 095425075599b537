package workspace

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// layer is what the settings say outside of environments, or in one of them.
type layer struct {
	defaults   defaults
	workspaces map[string]options // by label
}

// defaults are the options that hold for every workspace.
type defaults struct {
	fixed options
	named hcl.Attributes // those that name the workspace, to be evaluated for each
}

// layer reads the blocks of content. Its attributes, which only an environment
// has, hold for every workspace.
func (d *settingsDecoder) layer(content *hcl.BodyContent, attrs hcl.Attributes, ofWorkspace *hcl.BodySchema) layer {
	l := layer{workspaces: map[string]options{}}
	all := maps.Clone(attrs)
	if all == nil {
		all = hcl.Attributes{}
	}
	for i, block := range content.Blocks.OfType("defaults") {
		if i > 0 {
			d.complain(block.DefRange, "defaults: there may be one such block only")
		}
		maps.Copy(all, d.content(block.Body, defaultsSchema).Attributes)
	}
	for _, block := range content.Blocks.OfType("workspace") {
		label := block.Labels[0]
		own := &settingsDecoder{tree: d.tree} // its mistakes are that workspace's
		if before, twice := l.workspaces[label]; twice {
			own.problems = before.problems
			own.complain(block.LabelRanges[0], "workspace %q has a block already", label)
		}
		o := options{at: block.LabelRanges[0]}
		own.options(&o, own.content(block.Body, ofWorkspace).Attributes, naming(label))
		o.problems = own.problems
		l.workspaces[label] = o
	}
	l.defaults = d.defaults(all)
	return l
}

// defaults evaluates what is the same for all workspaces.
func (d *settingsDecoder) defaults(attrs hcl.Attributes) defaults {
	var out defaults
	fixed := hcl.Attributes{}
	out.named = hcl.Attributes{}
	for name, attr := range attrs {
		if name != "env" && slices.ContainsFunc(attr.Expr.Variables(), func(t hcl.Traversal) bool { return t.RootName() == nameVariable }) {
			out.named[name] = attr
		} else {
			fixed[name] = attr
		}
	}
	d.options(&out.fixed, fixed, naming(""))
	return out
}

// of returns the options as they hold for the workspace called name.
func (l layer) of(d *settingsDecoder, name string) options {
	o := l.defaults.fixed
	if len(l.defaults.named) > 0 {
		d.options(&o, l.defaults.named, naming(name))
	}
	return o
}

// nameVariable is the workspace's name, in settings.
const nameVariable = "workspace"

// naming is what the settings of the workspace called name may refer to.
func naming(name string) *hcl.EvalContext {
	return &hcl.EvalContext{Variables: map[string]cty.Value{nameVariable: cty.StringVal(name)}}
}

// config puts together what holds for the workspace called name: what is said
// of it wins over what is said of all, and an environment over what stands
// outside. Lists are joined in that order, and an environment's var_file comes
// before the environment's other files.
func (s *Settings) config(d *settingsDecoder, name string) Config {
	env := s.environments[s.chosen]
	all, allEnv := s.outside.of(d, name), env.of(d, name)
	own, ownEnv := s.outside.workspaces[name], env.workspaces[name]
	o := all.with(allEnv).with(own).with(ownEnv)
	d.problems = append(d.problems, o.problems...)
	o.dependsOn = s.dependencies(d, o.dependsOn)
	c := o.config()
	files := slices.Concat(all.varFiles, own.varFiles, allEnv.varFile, allEnv.varFiles, ownEnv.varFiles)
	c.VarFiles = d.varFiles(Dir{name, s.paths[name]}, files)
	return c
}

// config is the Config that the options stand for, without variable files.
func (o options) config() Config {
	c := Config{
		DependsOn:     texts(o.dependsOn),
		Apply:         o.apply,
		BackendConfig: o.backendConfig,
		Env:           slices.Compact(slices.Sorted(slices.Values(o.env))),
		Protect:       o.protect,
		Prune:         value(o.prune),
		PlanRole:      o.planRole,
		ApplyRole:     o.applyRole,
		AllowUnlocked: value(o.allowUnlocked),
	}
	if c.Apply == "" {
		c.Apply = Always
	}
	return c
}

// Rights returns the settings for the workspace called name that say with
// which rights it is planned: roles, declared variables, and whether it may do
// without a lock. Unlike Config it answers for one that is not there yet, too.
func (s *Settings) Rights(name string) (Config, error) {
	d := &settingsDecoder{}
	var o options
	layers := []layer{s.outside, s.environments[s.chosen]}
	for _, l := range layers {
		o = o.with(l.defaults.fixed)
		named := maps.Clone(l.defaults.named)
		maps.DeleteFunc(named, func(option string, _ *hcl.Attribute) bool { return !slices.Contains(rightsOptions, option) })
		var own options
		d.options(&own, named, naming(name))
		o = o.with(own)
	}
	for _, l := range layers {
		o = o.with(l.workspaces[name])
	}
	d.problems = append(d.problems, o.problems...)
	c := o.config()
	return Config{Env: c.Env, PlanRole: c.PlanRole, ApplyRole: c.ApplyRole, AllowUnlocked: c.AllowUnlocked}, join(d.problems)
}

var rightsOptions = []string{"plan_role", "apply_role", "allow_unlocked"}
