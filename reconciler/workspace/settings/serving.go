package settings

import (
	"slices"
	"strings"

	"reconcile/internal/lazyregexp"
)

// Serving names the output of another workspace that tells, by workspace, how many percent of
// the traffic each serves.
type Serving struct{ Workspace, Output string }

var outputPattern = lazyregexp.New(`^[\pL_][\pL\pN_-]*$`)

// resolveServing returns the output that serving names, and reports one that cannot be.
func (s *Settings) resolveServing(d *decoder, name string, serving posString) Serving {
	if serving.text == "" {
		return Serving{}
	}
	dot := strings.LastIndexByte(serving.text, '.')
	if dot < 1 || !outputPattern().MatchString(serving.text[dot+1:]) {
		d.addProblem(serving.rng, "serving: %q is not an output of a workspace, such as \"switchover.shares\"", serving.text)
		return Serving{}
	}
	found := Serving{Workspace: serving.text[:dot], Output: serving.text[dot+1:]}
	switch _, known := s.found.found[found.Workspace]; {
	case found.Workspace == name:
		d.addProblem(serving.rng, "serving: %s cannot tell its own share", name)
	case !known:
		d.addProblem(serving.rng, "serving: %s", s.found.unknownText(found.Workspace))
	default:
		return found
	}
	return Serving{}
}

// KeptOutputs returns the outputs of a workspace that the record must have in clear, because
// others name them in serving; sorted. Discover must have been called.
func (s *Settings) KeptOutputs(workspace string) []string { return s.keptOutputs[workspace] }

// listKeptOutputs returns the outputs of KeptOutputs by workspace.
func (s *Settings) listKeptOutputs() map[string][]string {
	byWorkspace := map[string][]string{}
	for _, config := range s.configs {
		if from := config.Serving; from.Workspace != "" && !slices.Contains(byWorkspace[from.Workspace], from.Output) {
			byWorkspace[from.Workspace] = append(byWorkspace[from.Workspace], from.Output)
		}
	}
	for _, outputs := range byWorkspace {
		slices.Sort(outputs)
	}
	return byWorkspace
}
