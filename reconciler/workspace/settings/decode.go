package settings

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

func attributesSchema(names ...string) *hcl.BodySchema {
	s := &hcl.BodySchema{}
	for _, name := range names {
		s.Attributes = append(s.Attributes, hcl.AttributeSchema{Name: name})
	}
	return s
}

var (
	optionNames     = []string{"apply", "var_files", "env", "protect", "max_destroy", "prune", "allow_unlocked", "plan_role", "apply_role", "inputs", "ignore"}
	defaultsSchema  = attributesSchema(optionNames...)
	workspaceNames  = append([]string{"directory", "terraform_workspace", "depends_on", "serving"}, optionNames...)
	workspaceSchema = workspaceBlockSchema(workspaceNames)
	layerBlocks     = []hcl.BlockHeaderSchema{{Type: "defaults"}, {Type: "workspace", LabelNames: []string{"name"}}}
	fileSchema      = &hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "workspaces"}},
		Blocks:     append([]hcl.BlockHeaderSchema{{Type: "environment", LabelNames: []string{"name"}}, {Type: "preview"}}, layerBlocks...),
	}

	// environmentOnly says of attributes of an environment what to write elsewhere.
	environmentOnly = map[string]string{
		"backend_config": "backend_config is only allowed in an environment, and in a workspace block of one: move it there, or write the values in the backend block of the configuration",
		"var_file":       "var_file is only allowed in an environment: use var_files in defaults or in a workspace block",
	}
	environmentSchema = &hcl.BodySchema{
		Attributes: attributesSchema("var_file", "backend_config").Attributes,
		Blocks:     layerBlocks,
	}
	workspaceInEnvironmentSchema = workspaceBlockSchema(append([]string{"backend_config"}, workspaceNames...))
)

// workspaceBlockSchema returns the schema of a workspace block with these attributes.
func workspaceBlockSchema(names []string) *hcl.BodySchema {
	s := attributesSchema(names...)
	s.Blocks = progressiveBlock
	return s
}

// decoder reads a settings file and collects all problems.
type decoder struct {
	tree     repotree.Tree
	file     string // path for problems
	problems []*hcleval.Problem
}

func (d *decoder) addProblem(rng hcl.Range, format string, args ...any) {
	d.problems = append(d.problems, hcleval.ProblemAt(d.file, rng, format, args...))
}

// positionsOf returns where each text stands; of two, the last.
func (d *decoder) positionsOf(list []posString) map[string]string {
	var positions map[string]string
	for _, l := range list {
		if positions == nil {
			positions = map[string]string{}
		}
		positions[l.text] = fmt.Sprintf("%s:%d:%d", d.file, l.rng.Start.Line, l.rng.Start.Column)
	}
	return positions
}

func (d *decoder) decodeContent(body hcl.Body, schema *hcl.BodySchema) *hcl.BodyContent {
	wide := &hcl.BodySchema{Attributes: slices.Clone(schema.Attributes), Blocks: schema.Blocks}
	misplaced := map[string]string{} // why an attribute does not belong here
	for name, why := range environmentOnly {
		if !slices.Contains(schema.Attributes, hcl.AttributeSchema{Name: name}) {
			misplaced[name] = why
			wide.Attributes = append(wide.Attributes, hcl.AttributeSchema{Name: name})
		}
	}
	content, diags := body.Content(wide)
	d.problems = append(d.problems, hcleval.ProblemsOf(d.file, diags)...)
	for name, why := range misplaced {
		if attr, found := content.Attributes[name]; found {
			d.addProblem(attr.NameRange, "%s", why)
			delete(content.Attributes, name)
		}
	}
	return content
}

func (d *decoder) decode(text []byte, environment string) *Settings {
	s := &Settings{file: d.file, environments: map[string]layer{}, environment: environment}
	body, problems := hcleval.Parse(d.file, text)
	if len(problems) > 0 {
		d.problems = problems
		return s
	}
	content := d.decodeContent(body, fileSchema)
	s.patterns = d.decodePatterns(content)
	common, places := d.readPlaces(content), d.readPlaces(content)
	for _, block := range content.Blocks.OfType("environment") {
		if inner, _, _ := block.Body.PartialContent(environmentSchema); block.Labels[0] == environment {
			places = mergePlaces(common, d.readPlaces(inner))
		}
	}
	s.common = d.decodeLayer(content, nil, workspaceSchema, places)
	for i, block := range content.Blocks.OfType("preview") {
		if i > 0 {
			d.addProblem(block.DefRange, "preview: only one such block is allowed")
		}
		s.policy = d.decodePolicy(d.decodeContent(block.Body, previewSchema))
	}
	for _, block := range content.Blocks.OfType("environment") {
		label := block.Labels[0]
		if label == "" {
			d.addProblem(block.LabelRanges[0], "environment: the name is missing")
		}
		if _, isDuplicate := s.environments[label]; isDuplicate {
			d.addProblem(block.LabelRanges[0], "duplicate environment %q", label)
		}
		// Environments that are not selected are also checked: their mistakes are warnings,
		// before somebody selects them.
		own := d
		if label != environment {
			own = &decoder{tree: d.tree, file: d.file}
		}
		inner := own.decodeContent(block.Body, environmentSchema)
		s.environments[label] = own.decodeLayer(inner, inner.Attributes, workspaceInEnvironmentSchema, mergePlaces(common, own.readPlaces(inner)))
		if own != d {
			s.warnings = append(s.warnings, own.problems...)
		}
	}
	if _, ok := s.environments[environment]; environment != "" && !ok {
		names := "the settings define no environments"
		if len(s.environments) > 0 {
			names = "the settings define " + strings.Join(slices.Sorted(maps.Keys(s.environments)), ", ")
		}
		d.problems = append(d.problems, &hcleval.Problem{File: d.file, Text: "unknown environment \"" + environment + "\": " + names})
	}
	return s
}

// Environments lists the environments that the settings define, by name.
func (s *Settings) Environments() []string { return slices.Sorted(maps.Keys(s.environments)) }

// decodePatterns returns the patterns of directories, without duplicates.
func (d *decoder) decodePatterns(content *hcl.BodyContent) []posString {
	attr, ok := content.Attributes["workspaces"]
	if !ok {
		return []posString{{text: defaultPattern}}
	}
	list := d.decodeStrings(attr, nil)
	if len(list) == 0 && len(d.problems) == 0 {
		d.addProblem(attr.Expr.Range(), "workspaces: give at least one pattern, such as %q", defaultPattern)
	}
	for i, p := range list {
		list[i].text = path.Clean(p.text)
		if !isPathPattern(p.text) {
			d.addProblem(p.rng, "workspaces: %q is not a pattern of directories in the repository, such as %q", p.text, defaultPattern)
		}
	}
	return list
}

// decodePathPatterns returns the patterns of paths in the repository. A missing slash or dot
// at an end makes no difference.
func (d *decoder) decodePathPatterns(attr *hcl.Attribute, ctx *hcl.EvalContext) []string {
	list := d.decodeValidStrings(attr, ctx, "a pattern of paths from the root of the repository, such as lambda/** or **/*.md", isPathPattern)
	patterns := []string{} // an empty list is set, too
	for _, p := range list {
		if p = path.Clean(p); p == "." {
			p = "**"
		}
		patterns = append(patterns, p)
	}
	return patterns
}

// isPathPattern reports whether p, with the wildcards of doublestar, can match a path in the
// repository.
func isPathPattern(p string) bool {
	leadsUp := slices.Contains(strings.FieldsFunc(p, func(r rune) bool { return strings.ContainsRune("/{},", r) }), "..")
	return p != "" && !leadsUp && !repotree.IsOutside(path.Clean(p)) && !strings.ContainsAny(p, "\\\x00\n") && doublestar.ValidatePattern(p)
}
