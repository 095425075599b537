package settings

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
)

// layer holds the settings outside of environments, or those of one environment.
type layer struct {
	defaults   defaultOptions
	workspaces map[string]workspaceOptions // by label
}

// defaultOptions are the options for every workspace.
type defaultOptions struct {
	constant     workspaceOptions
	perWorkspace hcl.Attributes // refer to the workspace's name; evaluated for each
}

// decodeLayer decodes the blocks of content. Its attributes, which only an environment has,
// apply to every workspace. places has all blocks that count together.
func (d *decoder) decodeLayer(content *hcl.BodyContent, attrs hcl.Attributes, blockSchema *hcl.BodySchema, places map[string]place) layer {
	l := layer{workspaces: map[string]workspaceOptions{}}
	attributes := maps.Clone(attrs)
	if attributes == nil {
		attributes = hcl.Attributes{}
	}
	for i, block := range content.Blocks.OfType("defaults") {
		if i > 0 {
			d.addProblem(block.DefRange, "defaults: only one such block is allowed")
		}
		maps.Copy(attributes, d.decodeContent(block.Body, defaultsSchema).Attributes)
	}
	for _, block := range content.Blocks.OfType("workspace") {
		label := block.Labels[0]
		own := &decoder{tree: d.tree, file: d.file} // its mistakes belong to that workspace
		if before, isDuplicate := l.workspaces[label]; isDuplicate {
			own.problems = before.problems
			own.addProblem(block.LabelRanges[0], "duplicate workspace %q", label)
		}
		o := workspaceOptions{labelRange: block.LabelRanges[0]}
		names := workspaceContext(label, places[label].cliWorkspaceName())
		inner := own.decodeContent(block.Body, blockSchema)
		own.decodeOptions(&o, inner.Attributes, names)
		if o.place.directory.text != "" {
			own.checkLabel(block)
		}
		if steps := inner.Blocks.OfType("progressive"); len(steps) > 0 {
			o.progressive, o.progressiveRange = own.decodeProgressive(steps, names), steps[0].DefRange
		}
		o.problems = own.problems
		l.workspaces[label] = o
	}
	l.defaults = d.decodeDefaults(attributes)
	return l
}

// decodeDefaults evaluates the options that are the same for all workspaces.
func (d *decoder) decodeDefaults(attrs hcl.Attributes) defaultOptions {
	var out defaultOptions
	constant := hcl.Attributes{}
	out.perWorkspace = hcl.Attributes{}
	for name, attr := range attrs {
		if name != "env" && slices.ContainsFunc(attr.Expr.Variables(), func(t hcl.Traversal) bool { return t.RootName() == nameVariable || t.RootName() == terraformVariable }) {
			out.perWorkspace[name] = attr
		} else {
			constant[name] = attr
		}
	}
	d.decodeOptions(&out.constant, constant, workspaceContext("", ""))
	return out
}

// optionsFor returns the layer's default options for one workspace at p.
func (l layer) optionsFor(d *decoder, name string, p place) workspaceOptions {
	o := l.defaults.constant
	if len(l.defaults.perWorkspace) > 0 {
		d.decodeOptions(&o, l.defaults.perWorkspace, workspaceContext(name, p.cliWorkspaceName()))
	}
	return o
}

// Variables of the settings of one workspace: its name, and terraform.workspace, the name of its
// Terraform CLI workspace.
const (
	nameVariable      = "workspace"
	terraformVariable = "terraform"
)

// workspaceContext returns the variables for the settings of one workspace.
func workspaceContext(name, cliWorkspace string) *hcl.EvalContext {
	return &hcl.EvalContext{Variables: map[string]cty.Value{
		nameVariable:      cty.StringVal(name),
		terraformVariable: cty.ObjectVal(map[string]cty.Value{"workspace": cty.StringVal(cliWorkspace)}),
	}}
}

// placeContext returns the variables of ctx for the place of a workspace, which decides what
// terraform.workspace is.
func placeContext(ctx *hcl.EvalContext) *hcl.EvalContext {
	return &hcl.EvalContext{Variables: map[string]cty.Value{nameVariable: ctx.Variables[nameVariable]}}
}

// toConfig returns the Config without variable files.
func (o workspaceOptions) toConfig() Config {
	return Config{
		CLIWorkspace:  o.place.nameIfSet(),
		DependsOn:     textsOf(o.dependsOn),
		Apply:         o.apply,
		BackendConfig: o.backendConfig,
		Env:           slices.Compact(slices.Sorted(slices.Values(textsOf(o.env)))),
		Protect:       o.protect,
		MaxDestroy:    o.maxDestroy,
		PlanRole:      o.planRole,
		ApplyRole:     o.applyRole,
		AllowUnlocked: valueOrZero(o.allowUnlocked),
		Inputs:        o.inputs,
		Ignore:        o.ignore,
		Progressive:   o.progressive,
	}
}

// PermissionConfig returns the settings of a workspace that determine the permissions of
// its plan: roles, declared variables, and whether it may run without a lock. Unlike
// Config, it also works for a workspace that does not exist yet.
func (s *Settings) PermissionConfig(name string) (Config, error) {
	d := s.newDecoder(nil)
	var o workspaceOptions
	layers := []layer{s.common, s.environments[s.environment]}
	for _, l := range layers {
		o = o.merge(l.defaults.constant)
		perWorkspace := maps.Clone(l.defaults.perWorkspace)
		maps.DeleteFunc(perWorkspace, func(option string, _ *hcl.Attribute) bool { return !slices.Contains(permissionOptions, option) })
		var own workspaceOptions
		d.decodeOptions(&own, perWorkspace, workspaceContext(name, s.placeIn(s.environment, name).cliWorkspaceName()))
		o = o.merge(own)
	}
	for _, l := range layers {
		o = o.merge(l.workspaces[name])
	}
	d.problems = append(d.problems, o.problems...)
	c := o.toConfig()
	return Config{Env: c.Env, PlanRole: c.PlanRole, ApplyRole: c.ApplyRole, AllowUnlocked: c.AllowUnlocked, Positions: d.positionsOf(o.env)}, hcleval.JoinProblems(d.problems)
}

var permissionOptions = []string{"plan_role", "apply_role", "allow_unlocked"}
