package workspace

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/workspace/settings"
)

// maxSuggestions is how many directories NoWorkspacesError names.
const maxSuggestions = 10

// NoWorkspacesError returns an error that says that Discover found no workspace. It lists
// the directories that could be meant, and the settings that name them.
func (l *Loader) NoWorkspacesError(s *settings.Settings) error {
	message := fmt.Sprintf("no workspace was found: %s matches no directory with %s configuration", strings.Join(s.Patterns(), ", "), l.product)
	if dirs := s.OpenTofuDirs(); len(dirs) > 0 {
		return fmt.Errorf("%s; %s has only OpenTofu configuration: use --terraform tofu", message, dirs[0].Path)
	}
	found, others := l.FindRoots()
	roots := pathsOf(found)
	if len(roots) == 0 {
		roots = others
	}
	if len(roots) == 0 {
		return fmt.Errorf("%s, nor does any other directory have configuration: is this the right branch?", message)
	}
	return fmt.Errorf("%s; these directories have configuration: %s: if they are root modules, add this line to %s: workspaces = [%s]", message, excerpt.List(roots, maxSuggestions), s.File(), quoteAll(l.SuggestPatterns(roots)))
}

// quoteAll returns the texts as strings of HCL, for a list.
func quoteAll(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = string(hclwrite.TokensForValue(cty.StringVal(text)).Bytes())
	}
	return strings.Join(quoted, ", ")
}
