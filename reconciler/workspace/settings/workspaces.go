package settings

import (
	"fmt"
	"maps"
	"slices"

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
func (s *Settings) configure(tree repotree.Tree, duplicates map[string][]*hcleval.Problem) []*hcleval.Problem {
	s.configs = map[string]Config{}
	others := s.newDecoder(tree) // of environments that are not selected
	for name := range s.paths {
		d := s.newDecoder(tree)
		d.problems = duplicates[name]
		config := s.configFor(d, name)
		config.Err = hcleval.JoinProblems(d.problems)
		s.configs[name] = config
		for label, env := range s.environments {
			if label != s.environment {
				env.optionsFor(others, name)
				others.problems = append(others.problems, env.workspaces[name].problems...)
				s.knownDependencies(others, env.workspaces[name].dependsOn)
			}
		}
	}
	d := s.newDecoder(tree)
	s.warnUnknownWorkspaces(d, s.common)
	for label, env := range s.environments {
		if label == s.environment {
			s.warnUnknownWorkspaces(d, env)
		} else {
			s.warnUnknownWorkspaces(others, env)
		}
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

// IsNamed reports whether a workspace has a block of its own in the settings. Discover must
// have been called.
func (s *Settings) IsNamed(workspace string) bool { return s.named[workspace] }

// warnUnknownWorkspaces adds a problem for each block that names no workspace.
func (s *Settings) warnUnknownWorkspaces(d *decoder, l layer) {
	for label, o := range l.workspaces {
		s.named[label] = true
		if _, ok := s.paths[label]; !ok {
			d.addProblem(o.labelRange, "%s: the settings are not used until you correct the name or remove the block", s.unknownWorkspaceText(label))
		}
	}
}

// knownDependencies returns the names in list that are workspaces.
func (s *Settings) knownDependencies(d *decoder, list []posString) (known []posString) {
	for _, up := range list {
		if _, ok := s.paths[up.text]; ok {
			known = append(known, up)
		} else {
			d.addProblem(up.rng, "depends_on: %s", s.unknownWorkspaceText(up.text))
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

// unknownWorkspaceText returns the message for an unknown name, with the likely name.
func (s *Settings) unknownWorkspaceText(name string) string {
	text := fmt.Sprintf("there is no workspace %q (%s)", name, s.describeNames())
	if meant := similar.FindCorrection(name, slices.Sorted(maps.Keys(s.paths))); meant != "" {
		text += fmt.Sprintf(", did you mean %q?", meant)
	}
	return text
}

func (s *Settings) describeNames() string {
	names := slices.Sorted(maps.Keys(s.paths))
	if len(names) == 0 {
		return "no workspace was found"
	}
	const shown = 10
	return "known: " + excerpt.List(names, shown)
}
