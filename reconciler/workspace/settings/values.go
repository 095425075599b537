package settings

import (
	"path"
	"slices"
	"strings"

	"reconcile/reconciler/workspace/repotree"
)

// values are variable files that a person gives to some workspaces for one run.
type values struct{ files, workspaces []string }

// AddValues adds variable files of the repository to the named workspaces, after all their other
// files. A file in the directory of a workspace is for that workspace alone, any other is for
// all of them. It takes effect in Discover.
func (s *Settings) AddValues(files, workspaces []string) {
	s.values = values{workspaces: workspaces}
	for _, file := range files {
		s.values.files = append(s.values.files, path.Clean(file))
	}
}

// ValuesOf returns the files of AddValues that are for a workspace.
func (s *Settings) ValuesOf(workspace string) []string {
	if !slices.Contains(s.values.workspaces, workspace) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.values.files), func(file string) bool {
		owners := s.ownersOf(file)
		return len(owners) > 0 && !slices.Contains(owners, workspace)
	})
}

// ExplainValues returns why a file of AddValues cannot be used; "" if it can. Discover must
// have been called.
func (s *Settings) ExplainValues(tree repotree.Tree, file string) string {
	clean := path.Clean(file)
	if path.IsAbs(clean) || repotree.IsOutside(clean) || !repotree.IsFile(tree, clean) {
		return "is not in the snapshot"
	}
	owners := s.ownersOf(clean)
	if len(owners) > 0 && !slices.ContainsFunc(owners, func(owner string) bool { return slices.Contains(s.values.workspaces, owner) }) {
		return "is that of " + strings.Join(owners, ", ") + ", which is not named"
	}
	return ""
}

// ownersOf returns the workspaces whose directory a file is in, sorted: the nearest directory
// counts, and may belong to several.
func (s *Settings) ownersOf(file string) (owners []string) {
	nearest := ""
	for name, dir := range s.found.found {
		switch {
		case dir.path != "." && !strings.HasPrefix(file, dir.path+"/"), len(dir.path) < len(nearest): // not in it, or not the nearest
		case dir.path == nearest:
			owners = append(owners, name)
		default:
			nearest, owners = dir.path, []string{name}
		}
	}
	slices.Sort(owners)
	return owners
}
