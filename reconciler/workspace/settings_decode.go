package workspace

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// options is what a workspace block says, or the defaults.
type options struct {
	at            hcl.Range // of the label
	dependsOn     []located
	apply         Apply
	varFiles      []located // beside the workspace's own files
	env, protect  []string
	prune         *bool
	allowUnlocked *bool
	planRole      string
	applyRole     string
}

// with returns o with what own says on top: lists joined, values replaced.
func (o options) with(own options) options {
	own.varFiles = slices.Concat(o.varFiles, own.varFiles)
	own.env = slices.Concat(o.env, own.env)
	own.protect = slices.Concat(o.protect, own.protect)
	if own.apply == "" {
		own.apply = o.apply
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

// environment is what an environment block says.
type environment struct {
	varFile       *located // beside each workspace's own files
	backendConfig *located // a repository path
}

func attributes(names ...string) *hcl.BodySchema {
	s := &hcl.BodySchema{}
	for _, name := range names {
		s.Attributes = append(s.Attributes, hcl.AttributeSchema{Name: name})
	}
	return s
}

var (
	optionNames       = []string{"apply", "var_files", "env", "protect", "prune", "allow_unlocked", "plan_role", "apply_role"}
	defaultsSchema    = attributes(optionNames...)
	workspaceSchema   = attributes(append([]string{"depends_on"}, optionNames...)...)
	environmentSchema = attributes("var_file", "backend_config")
	settingsSchema    = &hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "workspaces"}},
		Blocks: []hcl.BlockHeaderSchema{
			{Type: "defaults"},
			{Type: "workspace", LabelNames: []string{"name"}},
			{Type: "environment", LabelNames: []string{"name"}},
		},
	}
)

// settingsDecoder reads a settings file and collects all that is wrong with
// it.
type settingsDecoder struct {
	tree     Tree
	problems []*Problem
}

func (d *settingsDecoder) complain(at hcl.Range, format string, args ...any) {
	d.problems = append(d.problems, problemAt(SettingsFile, at, format, args...))
}

func (d *settingsDecoder) content(body hcl.Body, schema *hcl.BodySchema) *hcl.BodyContent {
	content, diags := body.Content(schema)
	d.problems = append(d.problems, problems(SettingsFile, diags)...)
	return content
}

func (d *settingsDecoder) decode(text []byte, chosen string) *Settings {
	s := &Settings{workspaces: map[string]options{}}
	body, wrong := parse(SettingsFile, text)
	if len(wrong) > 0 {
		d.problems = wrong
		return s
	}
	content := d.content(body, settingsSchema)
	s.patterns = d.patterns(content)
	var hasDefaults bool
	known := map[string]bool{}
	for _, block := range content.Blocks {
		switch block.Type {
		case "defaults":
			if hasDefaults {
				d.complain(block.DefRange, "defaults: there may be one such block only")
			}
			hasDefaults = true
			s.defaults = d.options(d.content(block.Body, defaultsSchema))
		case "workspace":
			label := block.Labels[0]
			if _, twice := s.workspaces[label]; twice {
				d.complain(block.LabelRanges[0], "workspace %q has a block already", label)
			}
			o := d.options(d.content(block.Body, workspaceSchema))
			o.at = block.LabelRanges[0]
			s.workspaces[label] = o
		case "environment":
			label := block.Labels[0]
			if known[label] {
				d.complain(block.LabelRanges[0], "environment %q has a block already", label)
			}
			known[label] = true
			// The others are checked all the same: a mistake should not wait
			// for the day on which its environment is chosen.
			if e := d.environment(d.content(block.Body, environmentSchema)); label == chosen {
				s.environment = e
			}
		}
	}
	if chosen != "" && s.environment == nil {
		names := "it knows none"
		if len(known) > 0 {
			names = "it knows " + strings.Join(sortedKeys(known), ", ")
		}
		d.problems = append(d.problems, &Problem{File: SettingsFile, Text: "environment \"" + chosen + "\" is not known: " + names})
	}
	return s
}

// patterns returns the directories to look in, without repeats.
func (d *settingsDecoder) patterns(content *hcl.BodyContent) []located {
	attr, ok := content.Attributes["workspaces"]
	if !ok {
		return []located{{text: defaultPattern}}
	}
	list := d.strings(attr)
	if len(list) == 0 && len(d.problems) == 0 {
		d.complain(attr.Expr.Range(), "workspaces: at least one pattern is needed, such as %q", defaultPattern)
	}
	for i, p := range list {
		list[i].text = path.Clean(p.text)
		if outside(list[i].text) || strings.Contains(p.text, `\`) || !doublestar.ValidatePattern(p.text) {
			d.complain(p.at, "workspaces: %q is no pattern of directories in the repository, such as %q", p.text, defaultPattern)
		}
	}
	return list
}

var (
	varName = regexp.MustCompile(`^TF_VAR_[\pL_][\pL\pN_-]*$`)
	roleARN = regexp.MustCompile(`^arn:[a-z-]+:iam::\d{12}:role/.+$`)
)

func (d *settingsDecoder) options(content *hcl.BodyContent) (o options) {
	for name, attr := range content.Attributes {
		switch name {
		case "depends_on":
			o.dependsOn = d.strings(attr)
		case "apply":
			o.apply = d.apply(attr)
		case "var_files":
			o.varFiles = d.strings(attr)
		case "env":
			o.env = d.each(attr, "a variable's name, such as TF_VAR_image", varName.MatchString)
		case "protect":
			o.protect = d.each(attr, "an address or a pattern of addresses, such as aws_db_instance.*", isAddressPattern)
		case "prune":
			o.prune = d.bool(attr)
		case "allow_unlocked":
			o.allowUnlocked = d.bool(attr)
		case "plan_role":
			o.planRole = d.role(attr)
		case "apply_role":
			o.applyRole = d.role(attr)
		}
	}
	return o
}

func (d *settingsDecoder) environment(content *hcl.BodyContent) *environment {
	e := &environment{}
	if attr, ok := content.Attributes["var_file"]; ok {
		e.varFile = &located{d.string(attr), attr.Expr.Range()}
	}
	if attr, ok := content.Attributes["backend_config"]; ok {
		file := path.Clean(d.string(attr))
		if outside(file) || !isFile(d.tree, file) {
			d.complain(attr.Expr.Range(), "backend_config: the repository has no file %s", file)
		}
		e.backendConfig = &located{file, attr.Expr.Range()}
	}
	return e
}

func (d *settingsDecoder) apply(attr *hcl.Attribute) Apply {
	a := Apply(d.string(attr))
	switch a {
	case "", Always, PlanOnly, Safe, Approve: // "" has been complained about
	default:
		d.complain(attr.Expr.Range(), "apply: %q is none of %s, %s, %s, %s", a, Safe, Always, Approve, PlanOnly)
	}
	return a
}

func (d *settingsDecoder) role(attr *hcl.Attribute) string {
	arn := d.string(attr)
	if arn != "" && !roleARN.MatchString(arn) {
		d.complain(attr.Expr.Range(), "%s: %q is not a role's ARN, such as arn:aws:iam::123456789012:role/plan", attr.Name, arn)
	}
	return arn
}

// each returns the strings of a list, all of which must be right.
func (d *settingsDecoder) each(attr *hcl.Attribute, what string, right func(string) bool) []string {
	list := d.strings(attr)
	for _, l := range list {
		if !right(l.text) {
			d.complain(l.at, "%s: %q is not %s", attr.Name, l.text, what)
		}
	}
	return texts(list)
}

// isAddressPattern tells whether p can match a resource's address.
func isAddressPattern(p string) bool {
	_, err := path.Match(p, "")
	return err == nil && p != "" && !strings.ContainsAny(p, " \t\n")
}

// strings returns the elements of a list, each with its place.
func (d *settingsDecoder) strings(attr *hcl.Attribute) []located {
	exprs, diags := hcl.ExprList(attr.Expr)
	if diags.HasErrors() {
		d.complain(attr.Expr.Range(), "%s: a list of strings is needed", attr.Name)
		return nil
	}
	var list []located
	for _, e := range exprs {
		if v := d.value(attr.Name, e, cty.String); v != cty.NilVal && v.AsString() != "" {
			list = append(list, located{v.AsString(), e.Range()})
		}
	}
	return list
}

func (d *settingsDecoder) string(attr *hcl.Attribute) string {
	v := d.value(attr.Name, attr.Expr, cty.String)
	if v == cty.NilVal {
		return ""
	}
	return v.AsString()
}

func (d *settingsDecoder) bool(attr *hcl.Attribute) *bool {
	v := d.value(attr.Name, attr.Expr, cty.Bool)
	if v == cty.NilVal {
		return nil
	}
	b := v.True()
	return &b
}

// value returns the constant that e is, or NilVal after a complaint. Strings
// must not be empty.
func (d *settingsDecoder) value(name string, e hcl.Expression, want cty.Type) cty.Value {
	v, diags := e.Value(nil)
	if diags.HasErrors() {
		d.problems = append(d.problems, problems(SettingsFile, diags)...)
		return cty.NilVal
	}
	got, err := convert.Convert(v, want)
	if err != nil || got.IsNull() || !v.Type().Equals(want) {
		d.complain(e.Range(), "%s: a %s is needed here", name, want.FriendlyName())
		return cty.NilVal
	}
	if want == cty.String && got.AsString() == "" {
		d.complain(e.Range(), "%s: an empty string names nothing", name)
		return cty.NilVal
	}
	return got
}
