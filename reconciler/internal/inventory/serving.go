package inventory

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

// Share is how many percent of the traffic a workspace serves.
type Share struct {
	Percent float64
	Unknown string // why it is not known; "": it is
}

// Share returns how many percent of the traffic an entry serves, by the records of all. It is
// none for an entry without the setting.
func (w *Inventory) Share(entry *Entry, records map[string]state.Workspace) Share {
	from := entry.Config.Serving
	if from.Workspace == "" {
		return Share{}
	}
	return readShare(entry.Dir.Name, from, records[from.Workspace], slices.Collect(maps.Keys(w.Entries)))
}

// readShare returns the share of a workspace by the record of the workspace that tells it.
// known are the names of all workspaces. A side that the output does not name gets none, but
// an output that names no workspace at all tells nothing.
func readShare(name string, from settings.Serving, teller state.Workspace, known []string) Share {
	text, kept := teller.KeptOutputs[from.Output]
	var shares map[string]*float64
	switch {
	case teller.Rollout != nil:
		return Share{Unknown: fmt.Sprintf("a rollout of %s is under way", from.Workspace)}
	case teller.Attempt != nil:
		return Share{Unknown: fmt.Sprintf("an apply of %s has not ended well", from.Workspace)}
	case !kept:
		return Share{Unknown: fmt.Sprintf("%s was not applied since its output %s is needed", from.Workspace, from.Output)}
	case text == "":
		return Share{Unknown: fmt.Sprintf("output %s of %s is missing, sensitive or too long", from.Output, from.Workspace)}
	case json.Unmarshal([]byte(text), &shares) != nil:
		return Share{Unknown: fmt.Sprintf("output %s of %s is no map of numbers", from.Output, from.Workspace)}
	case !slices.ContainsFunc(slices.Collect(maps.Keys(shares)), func(side string) bool { return slices.Contains(known, side) }):
		return Share{Unknown: fmt.Sprintf("output %s of %s names no workspace", from.Output, from.Workspace)}
	}
	percent, named := shares[name]
	switch {
	case !named:
		return Share{}
	case percent == nil || *percent < 0:
		return Share{Unknown: fmt.Sprintf("output %s of %s has no share of %s", from.Output, from.Workspace, name)}
	}
	return Share{Percent: *percent}
}
