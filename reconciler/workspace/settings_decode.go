package workspace

import (
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
)

func attributes(names ...string) *hcl.BodySchema {
	s := &hcl.BodySchema{}
	for _, name := range names {
		s.Attributes = append(s.Attributes, hcl.AttributeSchema{Name: name})
	}
	return s
}

var (
	optionNames     = []string{"apply", "var_files", "env", "protect", "prune", "allow_unlocked", "plan_role", "apply_role"}
	defaultsSchema  = attributes(optionNames...)
	workspaceSchema = attributes(append([]string{"depends_on"}, optionNames...)...)
	layerBlocks     = []hcl.BlockHeaderSchema{{Type: "defaults"}, {Type: "workspace", LabelNames: []string{"name"}}}
	settingsSchema  = &hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "workspaces"}},
		Blocks:     append([]hcl.BlockHeaderSchema{{Type: "environment", LabelNames: []string{"name"}}, {Type: "preview"}}, layerBlocks...),
	}

	// In an environment:
	environmentSchema = &hcl.BodySchema{
		Attributes: attributes("var_file", "backend_config").Attributes,
		Blocks:     layerBlocks,
	}
	workspaceInEnvironmentSchema = attributes(append([]string{"depends_on", "backend_config"}, optionNames...)...)
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
	s := &Settings{environments: map[string]layer{}, chosen: chosen}
	body, wrong := parse(SettingsFile, text)
	if len(wrong) > 0 {
		d.problems = wrong
		return s
	}
	content := d.content(body, settingsSchema)
	s.patterns = d.patterns(content)
	s.outside = d.layer(content, nil, workspaceSchema)
	for i, block := range content.Blocks.OfType("preview") {
		if i > 0 {
			d.complain(block.DefRange, "preview: there may be one such block only")
		}
		s.trust = d.trust(d.content(block.Body, previewSchema))
	}
	for _, block := range content.Blocks.OfType("environment") {
		label := block.Labels[0]
		if label == "" {
			d.complain(block.LabelRanges[0], "environment: a name is needed")
		}
		if _, twice := s.environments[label]; twice {
			d.complain(block.LabelRanges[0], "environment %q has a block already", label)
		}
		// Those that are not chosen are checked all the same, and concern
		// nobody: a mistake is told before the day on which its environment is.
		own := d
		if label != chosen {
			own = &settingsDecoder{tree: d.tree}
		}
		inner := own.content(block.Body, environmentSchema)
		s.environments[label] = own.layer(inner, inner.Attributes, workspaceInEnvironmentSchema)
		if own != d {
			s.warnings = append(s.warnings, own.problems...)
		}
	}
	if _, ok := s.environments[chosen]; chosen != "" && !ok {
		names := "it knows none"
		if len(s.environments) > 0 {
			names = "it knows " + strings.Join(sortedKeys(s.environments), ", ")
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
	list := d.strings(attr, nil)
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
