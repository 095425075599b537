package workspace

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// options is what a workspace block says, or the defaults, or an environment
// of all its workspaces.
type options struct {
	at            hcl.Range // of the label
	problems      []*Problem
	dependsOn     []located
	apply         Apply
	varFile       []located // of an environment: at most one
	varFiles      []located // beside the workspace's own files
	backendConfig string    // of an environment: a repository path
	env, protect  []string
	prune         *bool
	allowUnlocked *bool
	planRole      string
	applyRole     string
}

// with returns o with what own says on top: lists joined, values replaced.
// Variable files, of which the order is another, are left out.
func (o options) with(own options) options {
	own.varFile, own.varFiles = nil, nil
	own.problems = slices.Concat(o.problems, own.problems)
	own.dependsOn = slices.Concat(o.dependsOn, own.dependsOn)
	own.env = slices.Concat(o.env, own.env)
	own.protect = slices.Concat(o.protect, own.protect)
	if own.apply == "" {
		own.apply = o.apply
	}
	if own.backendConfig == "" {
		own.backendConfig = o.backendConfig
	}
	if own.prune == nil {
		own.prune = o.prune
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
	return own
}

var (
	varName = regexp.MustCompile(`^TF_VAR_[\pL_][\pL\pN_-]*$`)
	roleARN = regexp.MustCompile(`^arn:[a-z-]+:iam::\d{12}:role/.+$`)
)

// options evaluates attributes into o. What is wrong is not in it.
func (d *settingsDecoder) options(o *options, attrs hcl.Attributes, ctx *hcl.EvalContext) {
	for name, attr := range attrs {
		switch name {
		case "depends_on":
			o.dependsOn = d.strings(attr, ctx)
		case "apply":
			o.apply = d.apply(attr, ctx)
		case "var_file":
			o.varFile = []located{{d.string(attr, ctx), attr.Expr.Range()}}
		case "var_files":
			o.varFiles = d.strings(attr, ctx)
		case "backend_config":
			o.backendConfig = d.backendConfig(attr, ctx)
		case "env":
			// A tip is adopted with the values of these, before it is known
			// which workspaces there are: no name of theirs in them.
			o.env = d.each(attr, nil, "a variable's name, such as TF_VAR_image", varName.MatchString)
		case "protect":
			o.protect = d.each(attr, ctx, "an address or a pattern of addresses, such as aws_db_instance.*", isAddressPattern)
		case "prune":
			o.prune = d.bool(attr, ctx)
		case "allow_unlocked":
			o.allowUnlocked = d.bool(attr, ctx)
		case "plan_role":
			o.planRole = d.role(attr, ctx)
		case "apply_role":
			o.applyRole = d.role(attr, ctx)
		}
	}
}

func (d *settingsDecoder) apply(attr *hcl.Attribute, ctx *hcl.EvalContext) Apply {
	a := Apply(d.string(attr, ctx))
	switch a {
	case "", Always, PlanOnly, Safe, Approve: // "" has been complained about
		return a
	}
	d.complain(attr.Expr.Range(), "apply: %q is none of %s, %s, %s, %s", a, Safe, Always, Approve, PlanOnly)
	return ""
}

func (d *settingsDecoder) backendConfig(attr *hcl.Attribute, ctx *hcl.EvalContext) string {
	text := d.string(attr, ctx)
	if text == "" {
		return ""
	}
	file := path.Clean(text)
	if outside(file) || !isFile(d.tree, file) {
		d.complain(attr.Expr.Range(), "backend_config: the repository has no file %s", file)
		return ""
	}
	return file
}

func (d *settingsDecoder) role(attr *hcl.Attribute, ctx *hcl.EvalContext) string {
	arn := d.string(attr, ctx)
	if arn != "" && !roleARN.MatchString(arn) {
		d.complain(attr.Expr.Range(), "%s: %q is not a role's ARN, such as arn:aws:iam::123456789012:role/plan", attr.Name, arn)
		return ""
	}
	return arn
}

// each returns the strings of a list that are right, which all must be.
func (d *settingsDecoder) each(attr *hcl.Attribute, ctx *hcl.EvalContext, what string, right func(string) bool) []string {
	list := d.strings(attr, ctx)
	return texts(slices.DeleteFunc(list, func(l located) bool {
		if !right(l.text) {
			d.complain(l.at, "%s: %q is not %s", attr.Name, l.text, what)
		}
		return !right(l.text)
	}))
}

// isAddressPattern tells whether p can match a resource's address.
func isAddressPattern(p string) bool {
	_, err := path.Match(p, "")
	return err == nil && p != "" && !strings.ContainsAny(p, " \t\n")
}

// varFiles returns the repository paths of variable files of dir, which must
// be there.
func (d *settingsDecoder) varFiles(dir Dir, files []located) []string {
	var paths []string
	for _, f := range files {
		file := path.Join(dir.Path, f.text)
		switch {
		case outside(file):
			d.complain(f.at, "variable file %s of workspace %s lies outside the repository", file, dir.Name)
		case !isFile(d.tree, file):
			d.complain(f.at, "workspace %s has no variable file %s", dir.Name, file)
		default:
			paths = append(paths, file)
		}
	}
	return paths
}
