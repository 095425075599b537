package settings

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// DefaultCLIWorkspace is the Terraform CLI workspace that every directory has.
const DefaultCLIWorkspace = "default"

// place is what a workspace block says of where it is: a directory that no pattern need find,
// and one of its Terraform CLI workspaces. A block with neither belongs to a found directory.
type place struct {
	directory    posString
	cliWorkspace posString
}

// isSet reports whether the block says anything.
func (p place) isSet() bool { return p.directory.text != "" || p.cliWorkspace.text != "" }

// cliWorkspaceName returns the name that terraform.workspace has.
func (p place) cliWorkspaceName() string { return cmp.Or(p.cliWorkspace.text, DefaultCLIWorkspace) }

// nameIfSet returns Config.CLIWorkspace.
func (p place) nameIfSet() string {
	if !p.isSet() {
		return ""
	}
	return p.cliWorkspaceName()
}

// merge returns p with what own says instead.
func (p place) merge(own place) place {
	if own.directory.text == "" {
		own.directory = p.directory
	}
	if own.cliWorkspace.text == "" {
		own.cliWorkspace = p.cliWorkspace
	}
	return own
}

var placeSchema = attributesSchema("directory", "terraform_workspace")

// readPlaces returns the places of the workspace blocks, by label. Mistakes in them are
// reported when the block is decoded.
func (d *decoder) readPlaces(content *hcl.BodyContent) map[string]place {
	quiet := &decoder{tree: d.tree, file: d.file}
	places := map[string]place{}
	for _, block := range content.Blocks.OfType("workspace") {
		inner, _, _ := block.Body.PartialContent(placeSchema)
		var o workspaceOptions
		quiet.decodeOptions(&o, inner.Attributes, workspaceContext(block.Labels[0], ""))
		places[block.Labels[0]] = o.place
	}
	return places
}

// mergePlaces returns the places of an environment: its blocks override those outside of it.
func mergePlaces(common, own map[string]place) map[string]place {
	merged := maps.Clone(common)
	if merged == nil {
		merged = map[string]place{}
	}
	for label, p := range own {
		merged[label] = merged[label].merge(p)
	}
	return merged
}

// placesIn returns the places of the workspaces in an environment, by name.
func (s *Settings) placesIn(environment string) map[string]place {
	return mergePlaces(s.common.places(), s.environments[environment].places())
}

// placeIn returns the place of one workspace in an environment.
func (s *Settings) placeIn(environment, workspace string) place {
	return s.common.workspaces[workspace].place.merge(s.environments[environment].workspaces[workspace].place)
}

// places returns the places that the blocks of the layer say, by label.
func (l layer) places() map[string]place {
	places := map[string]place{}
	for label, o := range l.workspaces {
		places[label] = o.place
	}
	return places
}

// decodeDirectory returns the path of a directory in the repository, without a slash at its end.
func (d *decoder) decodeDirectory(attr *hcl.Attribute, ctx *hcl.EvalContext) posString {
	text := d.decodeString(attr, ctx)
	if text == "" {
		return posString{rng: attr.Expr.Range()}
	}
	if dir := path.Clean(text); !repotree.IsOutside(dir) && gitpath.IsPlain(dir) {
		return posString{dir, attr.Expr.Range()}
	}
	d.addProblem(attr.Expr.Range(), "directory: %q is not a directory of the repository, such as %q", text, "terraform/app")
	return posString{rng: attr.Expr.Range()}
}

// IsCLIWorkspaceName reports whether Terraform takes name, by validWorkspaceName of its
// internal/command, and it can be the name of a file: Terraform takes . and .., too.
func IsCLIWorkspaceName(name string) bool {
	return name != "" && name == url.PathEscape(name) && name != "." && name != ".."
}

// decodeCLIWorkspace returns the name of a CLI workspace.
func (d *decoder) decodeCLIWorkspace(attr *hcl.Attribute, ctx *hcl.EvalContext) posString {
	text := d.decodeString(attr, ctx)
	if text == "" {
		return posString{}
	}
	if !IsCLIWorkspaceName(text) {
		d.addProblem(attr.Expr.Range(), "terraform_workspace: Terraform refuses the name %q: a name has letters, digits, and - _ . ~ $ & + = : @", text)
		return posString{}
	}
	return posString{text, attr.Expr.Range()}
}

// checkLabel reports a name that is no path: it is part of names of files.
func (d *decoder) checkLabel(block *hcl.Block) {
	if name := block.Labels[0]; !fs.ValidPath(name) || name == "." || gitpath.Quote(name) != name {
		d.addProblem(block.LabelRanges[0], "workspace %q: the name of an entry with a directory is a path without . and .., such as %q", name, "app-prod")
	}
}

// foundDir is a directory that is a workspace.
type foundDir struct {
	path         string
	openTofuOnly bool // has only configuration for OpenTofu
	linked       bool // its name names a link
}

// directories are the workspaces of one environment, by name.
type directories struct {
	found    map[string]foundDir
	replaced map[string]string             // an entry with the directory that a pattern found under this name
	problems map[string][]*hcleval.Problem // of single workspaces
	unplaced map[string]*hcleval.Problem   // of entries without a directory
}

// addPlaces returns what the patterns found, and the entries with a directory. Such a directory
// is only what its entries say, because a pass would create everything once more in the CLI
// workspace "default".
func (s *Settings) addPlaces(tree repotree.Tree, product repotree.Product, matched map[string]foundDir, places map[string]place) directories {
	d := directories{found: maps.Clone(matched), replaced: map[string]string{}, problems: map[string][]*hcleval.Problem{}, unplaced: map[string]*hcleval.Problem{}}
	entries := map[string]string{} // by directory
	resolved := map[string]foundDir{}
	for _, name := range slices.Sorted(maps.Keys(places)) {
		directory := places[name].directory
		if directory.text == "" {
			continue
		}
		dir, err := resolveDirectory(tree, product, directory.text)
		if err != nil {
			d.unplaced[name] = hcleval.ProblemAt(s.file, directory.rng, "workspace %q: directory: %s", name, err)
			continue
		}
		resolved[name], entries[dir.path] = dir, name
	}
	for name, dir := range matched {
		if entry, taken := entries[dir.path]; taken && !places[name].isSet() {
			delete(d.found, name)
			d.replaced[name] = entry
		}
	}
	for name, dir := range resolved {
		if other, taken := d.found[name]; taken && other.path != dir.path {
			d.problems[name] = append(d.problems[name], hcleval.ProblemAt(s.file, places[name].directory.rng, "workspaces: %s and %s would both be named %q: choose another name for this entry", other.path, dir.path, name))
		}
		d.found[name] = dir
	}
	s.rejectSharedPlaces(d, places)
	return d
}

// rejectSharedPlaces adds a mistake to each of two entries with the same CLI workspace of one
// directory.
func (s *Settings) rejectSharedPlaces(d directories, places map[string]place) {
	if len(places) == 0 {
		return // each directory is there once
	}
	type state struct{ path, cliWorkspace string }
	first := map[state]string{}
	for _, name := range slices.Sorted(maps.Keys(d.found)) {
		p := places[name]
		at := state{d.found[name].path, p.cliWorkspaceName()}
		other, taken := first[at]
		if !taken {
			first[at] = name
			continue
		}
		for _, pair := range [][2]string{{name, other}, {other, name}} {
			if p := places[pair[0]]; p.isSet() {
				d.problems[pair[0]] = append(d.problems[pair[0]], hcleval.ProblemAt(s.file, p.position(), "workspaces %q and %q are the same Terraform CLI workspace, %q, of %s: keep one of them", pair[0], pair[1], at.cliWorkspace, at.path))
			}
		}
	}
}

// position returns where the block says the CLI workspace, else the directory.
func (p place) position() hcl.Range {
	if p.cliWorkspace.text != "" {
		return p.cliWorkspace.rng
	}
	return p.directory.rng
}

// resolveDirectory returns where the links of a directory lead. The error says why it is no
// workspace.
func resolveDirectory(tree repotree.Tree, product repotree.Product, dir string) (foundDir, error) {
	o, err := repotree.ResolveLinks(tree, dir)
	switch {
	case err != nil:
		return foundDir{}, err
	case !o.Dir:
		return foundDir{}, fmt.Errorf("%s is not a directory of the repository", dir)
	}
	entries, err := tree.ReadDir(o.Path)
	if err != nil {
		return foundDir{}, err
	}
	configured := len(product.ConfigFiles(entries)) > 0
	if !configured && len(repotree.OpenTofu.ConfigFiles(entries)) == 0 {
		return foundDir{}, fmt.Errorf("%s has no .tf files", dir)
	}
	return foundDir{path: o.Path, openTofuOnly: !configured}, nil
}
