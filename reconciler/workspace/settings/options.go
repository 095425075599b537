package settings

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"reconcile/internal/lazyregexp"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// workspaceOptions holds the options of a workspace block, of the defaults, or of an
// environment for all its workspaces.
type workspaceOptions struct {
	labelRange    hcl.Range // of the label
	problems      []*hcleval.Problem
	place         place
	dependsOn     []posString
	serving       posString // WORKSPACE.OUTPUT
	apply         ApplyMode
	varFile       []posString // of an environment: at most one
	varFiles      []posString // in addition to the workspace's own files
	backendConfig string      // of an environment: a repository path
	env           []posString
	protect       []string
	maxDestroy    *int
	inputs        []string // nil: not set
	ignore        []string
	prune         *bool
	pruneRange    hcl.Range // of its value
	allowUnlocked *bool
	planRole      string
	applyRole     string

	progressive      *Progressive
	progressiveRange hcl.Range // of its block
}

// merge returns o with the values of own: lists are joined, other values replaced. It omits
// variable files, which have another order.
func (o workspaceOptions) merge(own workspaceOptions) workspaceOptions {
	own.varFile, own.varFiles = nil, nil
	own.place = o.place.merge(own.place)
	own.problems = slices.Concat(o.problems, own.problems)
	own.dependsOn = slices.Concat(o.dependsOn, own.dependsOn)
	if own.serving.text == "" {
		own.serving = o.serving
	}
	own.env = slices.Concat(o.env, own.env)
	own.protect = slices.Concat(o.protect, own.protect)
	own.ignore = slices.Concat(o.ignore, own.ignore)
	if o.inputs != nil {
		own.inputs = append(slices.Clone(o.inputs), own.inputs...) // not nil
	}
	if own.apply == "" {
		own.apply = o.apply
	}
	if own.backendConfig == "" {
		own.backendConfig = o.backendConfig
	}
	if own.maxDestroy == nil {
		own.maxDestroy = o.maxDestroy
	}
	if own.prune == nil {
		own.prune, own.pruneRange = o.prune, o.pruneRange
	}
	if own.allowUnlocked == nil {
		own.allowUnlocked = o.allowUnlocked
	}
	if own.planRole == "" {
		own.planRole = o.planRole
	}
	if own.applyRole == "" {
		own.applyRole = o.applyRole
	}
	if own.progressive == nil {
		own.progressive, own.progressiveRange = o.progressive, o.progressiveRange
	}
	return own
}

var (
	varNamePattern = lazyregexp.New(`^TF_VAR_[\pL_][\pL\pN_-]*$`)
	roleARNPattern = lazyregexp.New(`^arn:[a-z-]+:iam::\d{12}:role/.+$`)
)

// decodeOptions evaluates attributes into o. It omits wrong values.
func (d *decoder) decodeOptions(o *workspaceOptions, attrs hcl.Attributes, ctx *hcl.EvalContext) {
	for name, attr := range attrs {
		switch name {
		case "directory":
			o.place.directory = d.decodeDirectory(attr, placeContext(ctx))
		case "terraform_workspace":
			o.place.cliWorkspace = d.decodeCLIWorkspace(attr, placeContext(ctx))
		case "depends_on":
			o.dependsOn = d.decodeStrings(attr, ctx)
		case "serving":
			o.serving = posString{d.decodeString(attr, ctx), attr.Expr.Range()}
		case "apply":
			o.apply = d.decodeApply(attr, ctx)
		case "var_file":
			o.varFile = []posString{{d.decodeString(attr, ctx), attr.Expr.Range()}}
		case "var_files":
			o.varFiles = d.decodeStrings(attr, ctx)
		case "backend_config":
			o.backendConfig = d.decodeBackendConfig(attr, ctx)
		case "env":
			// A tip is adopted with the values of these variables before its workspaces are
			// known, so they cannot depend on workspace names.
			o.env = d.decodeValid(attr, nil, "a variable's name, such as TF_VAR_image", varNamePattern().MatchString)
		case "protect":
			o.protect = d.decodeValidStrings(attr, ctx, "an address or a pattern of addresses, such as aws_db_instance.*", isAddressPattern)
		case "max_destroy":
			o.maxDestroy = d.decodeCount(attr, ctx)
		case "inputs":
			o.inputs = d.decodePathPatterns(attr, ctx)
		case "ignore":
			o.ignore = d.decodePathPatterns(attr, ctx)
		case "prune":
			o.prune, o.pruneRange = d.decodeBool(attr, ctx), attr.Expr.Range()
		case "allow_unlocked":
			o.allowUnlocked = d.decodeBool(attr, ctx)
		case "plan_role":
			o.planRole = d.decodeRole(attr, ctx)
		case "apply_role":
			o.applyRole = d.decodeRole(attr, ctx)
		}
	}
}

func (d *decoder) decodeApply(attr *hcl.Attribute, ctx *hcl.EvalContext) ApplyMode {
	a := ApplyMode(d.decodeString(attr, ctx))
	switch a {
	case "", ApplyAlways, ApplyPlanOnly, ApplySafe, ApplyApproved: // "" is already reported
		return a
	}
	d.addProblem(attr.Expr.Range(), "apply: %q is not one of %s, %s, %s, %s", a, ApplySafe, ApplyAlways, ApplyApproved, ApplyPlanOnly)
	return ""
}

func (d *decoder) decodeBackendConfig(attr *hcl.Attribute, ctx *hcl.EvalContext) string {
	text := d.decodeString(attr, ctx)
	if text == "" {
		return ""
	}
	file := path.Clean(text)
	if repotree.IsOutside(file) || !repotree.IsFile(d.tree, file) {
		d.addProblem(attr.Expr.Range(), "backend_config: file %s does not exist in the repository", file)
		return ""
	}
	return file
}

func (d *decoder) decodeRole(attr *hcl.Attribute, ctx *hcl.EvalContext) string {
	arn := d.decodeString(attr, ctx)
	if arn != "" && !roleARNPattern().MatchString(arn) {
		d.addProblem(attr.Expr.Range(), "%s: %q is not a role's ARN, such as arn:aws:iam::123456789012:role/plan", attr.Name, arn)
		return ""
	}
	return arn
}

// decodeValid returns the valid strings of a list with their positions, and reports the others.
func (d *decoder) decodeValid(attr *hcl.Attribute, ctx *hcl.EvalContext, what string, isValid func(string) bool) []posString {
	return slices.DeleteFunc(d.decodeStrings(attr, ctx), func(l posString) bool {
		if !isValid(l.text) {
			d.addProblem(l.rng, "%s: %q is not %s", attr.Name, l.text, what)
		}
		return !isValid(l.text)
	})
}

// decodeValidStrings returns the valid strings of a list, and reports the others.
func (d *decoder) decodeValidStrings(attr *hcl.Attribute, ctx *hcl.EvalContext, what string, isValid func(string) bool) []string {
	return textsOf(d.decodeValid(attr, ctx, what, isValid))
}

// isAddressPattern reports whether p can match a resource's address.
func isAddressPattern(p string) bool {
	_, err := path.Match(p, "")
	return err == nil && p != "" && !strings.ContainsAny(p, " \t\n")
}

// resolveVarFiles returns the repository paths of the variable files of dir. It reports
// files that do not exist.
func (d *decoder) resolveVarFiles(dir Dir, files []posString) []string {
	var paths []string
	for _, f := range files {
		file := path.Join(dir.Path, f.text)
		switch {
		case repotree.IsOutside(file):
			d.addProblem(f.rng, "variable file %s of workspace %s is outside the repository", file, dir.Name)
		case !repotree.IsFile(d.tree, file):
			d.addProblem(f.rng, "workspace %s: variable file %s does not exist", dir.Name, file)
		default:
			paths = append(paths, file)
		}
	}
	return paths
}
