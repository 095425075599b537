package settings

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"reconcile/internal/excerpt"
	"reconcile/internal/similar"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// OpenTofuDirs returns the directories that would be workspaces, except that they have only
// OpenTofu configuration and Discover was called for Terraform. The settings may name them.
func (s *Settings) OpenTofuDirs() []Dir { return s.openTofuDirs }

// configure evaluates the settings for each workspace. Mistakes in the settings of one
// workspace go to its Config. It returns the blocks that name no workspace: nobody can tell
// which workspace they were meant to protect.
func (s *Settings) configure(tree repotree.Tree, sets map[string]directories, duplicates map[string][]*hcleval.Problem) []*hcleval.Problem {
	s.found = sets[s.environment]
	s.configs = make(map[string]Config, len(s.found.found))
	for name := range s.found.found {
		d := s.newDecoder(tree)
		d.problems = duplicates[name]
		config := s.configFor(d, name)
		config.Err = hcleval.JoinProblems(d.problems)
		s.configs[name] = config
	}
	s.keptOutputs = s.listKeptOutputs()
	d := s.newDecoder(tree)
	s.warnUnknownWorkspaces(d, s.common, s.found)
	others := s.newDecoder(tree) // of environments that are not selected
	for label, env := range s.environments {
		if label == s.environment {
			s.warnUnknownWorkspaces(d, env, s.found)
			continue
		}
		set := sets[label]
		for name := range set.found {
			env.optionsFor(others, name, s.placeIn(label, name))
			if own, ok := env.workspaces[name]; ok {
				others.problems = slices.Concat(others.problems, own.problems, set.problems[name])
				set.knownDependencies(others, own.dependsOn)
			}
		}
		s.warnUnknownWorkspaces(others, env, set)
	}
	s.warnings = append(s.warnings, others.problems...)
	return d.problems
}

func (s *Settings) newDecoder(tree repotree.Tree) *decoder {
	return &decoder{tree: tree, file: s.file}
}

// configFor merges the settings of one workspace. A workspace block overrides defaults, and
// an environment overrides what is outside of it. Lists are joined in that order. An
// environment's var_file comes before the environment's other files.
func (s *Settings) configFor(d *decoder, name string) Config {
	env := s.environments[s.environment]
	at := s.placeIn(s.environment, name)
	common, commonEnv := s.common.optionsFor(d, name, at), env.optionsFor(d, name, at)
	own, ownEnv := s.common.workspaces[name], env.workspaces[name]
	o := common.merge(commonEnv).merge(own).merge(ownEnv)
	d.problems = append(d.problems, o.problems...)
	o.dependsOn = s.found.knownDependencies(d, o.dependsOn)
	c := o.toConfig()
	c.Positions = d.positionsOf(slices.Concat(o.dependsOn, o.env))
	c.Serving = s.resolveServing(d, name, o.serving)
	files := slices.Concat(common.varFiles, own.varFiles, commonEnv.varFile, commonEnv.varFiles, ownEnv.varFiles)
	dir := Dir{name, s.found.found[name].path}
	c.VarFiles = append(d.resolveVarFiles(dir, files), s.ValuesOf(name)...)
	if c.Progressive != nil {
		d.checkProgressive(dir, c, o.progressiveRange)
	}
	if valueOrZero(o.prune) {
		s.warnOfPrune(o.pruneRange)
	}
	return c
}

// warnOfPrune adds a warning at a position, once: no pass destroys what a removed directory made.
func (s *Settings) warnOfPrune(at hcl.Range) {
	warning := hcleval.ProblemAt(s.file, at, "prune = true is not honoured yet: what a directory has made stays when the directory is removed from Git; delete it by a commit before that")
	if !slices.ContainsFunc(s.warnings, func(p *hcleval.Problem) bool { return p.Error() == warning.Error() }) {
		s.warnings = append(s.warnings, warning)
	}
}

// IsNamed reports whether a workspace has a block of its own in the settings. Discover must
// have been called.
func (s *Settings) IsNamed(workspace string) bool { return s.named[workspace] }

// warnUnknownWorkspaces adds a problem for each block of l that names no workspace of set.
func (s *Settings) warnUnknownWorkspaces(d *decoder, l layer, set directories) {
	for label, o := range l.workspaces {
		s.named[label] = true
		if _, ok := set.found[label]; ok {
			continue
		}
		d.problems = append(d.problems, o.problems...)
		problem, isLost := set.unplaced[label]
		switch {
		case isLost && o.place.directory.text != "":
			d.problems = append(d.problems, problem)
		case !isLost && o.place.directory.rng.Empty(): // else it has a directory that cannot be used, as was said
			d.addProblem(o.labelRange, "%s: the settings are not used until you correct the name or remove the block", set.unknownText(label))
		}
	}
}

// knownDependencies returns the names in list that are workspaces.
func (ds directories) knownDependencies(d *decoder, list []posString) (known []posString) {
	for _, up := range list {
		if _, ok := ds.found[up.text]; ok {
			known = append(known, up)
		} else {
			d.addProblem(up.rng, "depends_on: %s", ds.unknownText(up.text))
		}
	}
	return known
}

// Warnings returns the mistakes in the settings that affect no existing workspace, sorted
// by position.
func (s *Settings) Warnings() (texts []string) {
	for _, p := range hcleval.SortProblems(s.warnings) {
		texts = append(texts, p.Error())
	}
	return texts
}

// unknownText returns the message for an unknown name, with the likely name.
func (ds directories) unknownText(name string) string {
	names := slices.Sorted(maps.Keys(ds.found))
	text := fmt.Sprintf("there is no workspace %q (%s)", name, describeNames(names))
	if entry, replaced := ds.replaced[name]; replaced {
		return text + fmt.Sprintf(", because the entry %q has its directory: with entries, a directory is only what they say, so one says terraform_workspace = %q", entry, DefaultCLIWorkspace)
	}
	if meant := similar.FindCorrection(name, names); meant != "" {
		text += fmt.Sprintf(", did you mean %q?", meant)
	}
	return text
}

func describeNames(names []string) string {
	if len(names) == 0 {
		return "no workspace was found"
	}
	const shown = 10
	return "known: " + excerpt.List(names, shown)
}
