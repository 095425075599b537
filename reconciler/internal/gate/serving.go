package gate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

// Share is how many percent of the traffic a workspace serves.
type Share struct {
	Percent float64
	Unknown string // why it is not known; "": it is
}

// ReadShare returns the share of a workspace by the record of the workspace that outputs it.
// known are the names of all workspaces. A side that the output does not name gets none, but
// an output that names no workspace at all leaves the share unknown. During a rollout it is the largest of
// its share before, at the number in force, and at the end.
func ReadShare(name string, from settings.Serving, rec state.Workspace, known []string) Share {
	text, kept := rec.KeptOutputs[from.Output]
	r := rec.Rollout
	switch {
	case r == nil && rec.Attempt != nil:
		return Share{Unknown: fmt.Sprintf("an apply of %s has not ended well", from.Workspace)}
	case !kept:
		return Share{Unknown: fmt.Sprintf("%s was not applied since its output %s is needed", from.Workspace, from.Output)}
	}
	share := readShare(name, from, text, known)
	if r == nil || share.Unknown != "" {
		return share
	}
	end, kept := r.EndOutputs[from.Output]
	if !kept {
		return Share{Unknown: fmt.Sprintf("a rollout of %s is under way, and its output %s at the end is not known", from.Workspace, from.Output)}
	}
	texts := []string{end}
	if now, known := r.Outputs[from.Output]; known {
		texts = append(texts, now)
	}
	for _, text := range texts {
		other := readShare(name, from, text, known)
		if other.Unknown != "" {
			return other
		}
		share.Percent = max(share.Percent, other.Percent)
	}
	return share
}

// readShare returns the share of a workspace by the text of the output that has it.
func readShare(name string, from settings.Serving, text string, known []string) Share {
	shares, isMap := parseShares(text)
	switch {
	case text == "":
		return Share{Unknown: fmt.Sprintf("output %s of %s is missing, sensitive or too long", from.Output, from.Workspace)}
	case !isMap:
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

// parseShares returns the numbers of an output, by side; nil for a side that has none.
func parseShares(text string) (shares map[string]*float64, isMap bool) {
	err := json.Unmarshal([]byte(text), &shares)
	return shares, err == nil
}

// Destroys reports whether a plan destroys or replaces something. A replacement that is
// routine for its type does not count.
func Destroys(plan *terraform.Plan) bool { return slices.ContainsFunc(plan.Risk.Changes, deletes) }

// JudgeServed judges the plan of a workspace that can serve traffic, as Judge does. It forbids a
// plan that destroys or replaces something while the workspace has a share.
func JudgeServed(c settings.Config, loosest settings.ApplyMode, plan *terraform.Plan, share Share) Verdict {
	verdict := Judge(c, loosest, plan)
	if !Destroys(plan) {
		return verdict
	}
	return refuseWhileServing(verdict, plan, c.Serving, share)
}

// JudgeUnknownShare judges the plan of a workspace that may serve, where nothing says so: a
// person decides.
func JudgeUnknownShare(c settings.Config, loosest settings.ApplyMode, plan *terraform.Plan) Verdict {
	if loosest = cmp.Or(loosest, settings.ApplySafe); loosest.IsLooser(settings.ApplyApproved) {
		loosest = settings.ApplyApproved
	}
	return Judge(c, loosest, plan)
}

// refuseWhileServing forbids a plan that destroys or replaces something of a workspace that
// serves traffic. No approval helps.
func refuseWhileServing(v Verdict, plan *terraform.Plan, from settings.Serving, share Share) Verdict {
	if share.Unknown == "" && share.Percent == 0 {
		return v
	}
	deleted := excerpt.List(describeDeletions(plan), maxNamed)
	why := fmt.Sprintf("it %s while it serves %v%% of the traffic (output %s of %s)", deleted, share.Percent, from.Output, from.Workspace)
	if share.Unknown != "" {
		why = fmt.Sprintf("it %s, and may serve traffic: %s", deleted, share.Unknown)
	}
	return Verdict{Why: fmt.Sprintf("%s; no approval helps: bring its share to 0 first, with %s", why, from.Workspace), Forbidden: true, WhileServing: true}
}
