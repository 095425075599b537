package gate

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/internal/lazyregexp"
	"reconcile/internal/shell"
	"reconcile/reconciler/risk"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace/settings"
)

// Verdict is whether a non-empty plan may be applied.
type Verdict struct {
	// Why is why the plan must wait, such as "replaces aws_instance.web (…)"; "": it may be
	// applied.
	Why string
	// Forbidden means that no approval helps.
	Forbidden bool
	// WhileServing: it is forbidden while the workspace serves traffic.
	WhileServing bool
	// Changes need approval: all changes where the plan as a whole needs it (IsWhole).
	Changes []risk.Change
	IsWhole bool
}

// Judge decides by the risk of a plan's changes, the workspace's settings and the
// operator's gate, which is the loosest mode that counts. All rules about risk belong
// here.
func Judge(c settings.Config, loosest settings.ApplyMode, plan *terraform.Plan) Verdict {
	mode := effectiveMode(c, loosest)
	if mode == settings.ApplyPlanOnly {
		return Verdict{Why: `apply = "plan-only": apply it by hand, or change the setting`, Forbidden: true}
	}
	if !slices.Contains(settings.ApplyModes, mode) {
		return Verdict{Why: fmt.Sprintf("apply = %q is not known to this version and acts as plan-only", mode), Forbidden: true}
	}
	var asking []risk.Change
	destroyed := 0
	for _, change := range plan.Risk.Changes {
		removes := slices.Contains(change.Actions, tfjson.ActionDelete)
		if removes {
			destroyed++
		}
		isRisky := mode != settings.ApplyAlways && change.Risk.NeedsApproval()
		if isRisky || (removes || change.Guard) && isProtected(c.Protect, cmp.Or(string(change.Exact), change.Address)) {
			asking = append(asking, change)
		}
	}
	v := Verdict{Changes: asking}
	var reasons []string
	if len(asking) > 0 {
		reasons = append(reasons, describeChanges(asking))
	}
	if c.MaxDestroy != nil && destroyed > *c.MaxDestroy {
		v.IsWhole = true
		reasons = append(reasons, fmt.Sprintf("%d are destroyed or replaced, and max_destroy = %d", destroyed, *c.MaxDestroy))
	}
	if len(reasons) == 0 && mode == settings.ApplyApproved {
		v.IsWhole = true
		reasons = append(reasons, `apply = "approve"`)
	}
	if v.IsWhole {
		v.Changes = plan.Risk.Changes
	}
	v.Why = strings.Join(reasons, "; ")
	return v
}

// effectiveMode returns the mode that counts: that of the settings, unless the operator's
// gate is tighter.
func effectiveMode(c settings.Config, loosest settings.ApplyMode) settings.ApplyMode {
	loosest = cmp.Or(loosest, settings.ApplySafe)
	if c.Apply == "" || c.Apply.IsLooser(loosest) {
		return loosest
	}
	return c.Apply
}

// DescribeTightened says that the operator's gate forbids what the settings choose; "" if
// it does not.
func DescribeTightened(c settings.Config, loosest settings.ApplyMode) string {
	if mode := effectiveMode(c, loosest); c.Apply != "" && mode != c.Apply {
		return fmt.Sprintf("apply = %q counts as %q: the gate of this reconcile (--gate) allows nothing looser", c.Apply, mode)
	}
	return ""
}

// DescribeWait says in one sentence what waits and why, with the command that allows it.
func DescribeWait(name string, v Verdict, plan *terraform.Plan) string {
	if v.Forbidden {
		return "the plan waits: " + v.Why
	}
	return fmt.Sprintf("the plan waits: %s: `reconcile approve %s %s`", v.Why, shell.Quote(name), plan.Digest.Abbrev())
}

// DescribeWithheld says why a pass would not apply a plan by itself.
func DescribeWithheld(why string, plan *terraform.Plan) string {
	return fmt.Sprintf("a pass would not apply %s by itself: %s", plan.Digest.Abbrev(), why)
}

// maxNamed is how many changes a sentence names.
const maxNamed = 3

func describeChanges(changes []risk.Change) string {
	var sentences []string
	for _, change := range changes[:min(len(changes), maxNamed)] {
		text := verbOf(change) + " " + change.Address
		if change.Why.En != "" && !change.IsPlain() {
			text += fmt.Sprintf(" (%s)", change.Why.En)
		}
		sentences = append(sentences, text)
	}
	if more := len(changes) - maxNamed; more > 0 {
		sentences = append(sentences, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(sentences, "; ")
}

func verbOf(change risk.Change) string {
	isDeleted := slices.Contains(change.Actions, tfjson.ActionDelete)
	switch {
	case isDeleted && len(change.Actions) > 1:
		return "replaces"
	case isDeleted:
		return "destroys"
	case change.Risk == risk.Interruption:
		return "interrupts"
	case slices.Contains(change.Actions, tfjson.ActionCreate):
		return "creates"
	case len(change.Actions) == 0:
		return "runs"
	}
	return "changes"
}

// isProtected reports whether a pattern matches an address, one of the modules that it is
// in, or the address within its module. A star matches any text. A pattern without keys matches
// every instance.
func isProtected(patterns []string, address string) bool {
	names := append(listNames(address), listNames(risk.WithoutInstanceKeys(address))...)
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
		glob := regexp.MustCompile(`^(?s:` + strings.ReplaceAll(quoted, `\?`, ".") + `)$`)
		return slices.ContainsFunc(names, glob.MatchString)
	})
}

// listNames returns what a pattern may mean by an address: itself, the modules that it is in, and
// the address within its module, each also without the last key.
func listNames(address string) []string {
	names := []string{address, indexPattern().ReplaceAllString(address, "")}
	for _, dot := range dotPattern().FindAllStringIndex(address, -1) {
		module, rest := address[:dot[0]], address[dot[1]:]
		names = append(names, module, indexPattern().ReplaceAllString(module, ""))
		if !strings.HasPrefix(rest, "module.") && strings.HasPrefix(address, "module.") {
			names = append(names, rest, indexPattern().ReplaceAllString(rest, ""))
		}
	}
	return names
}

var (
	indexPattern = lazyregexp.New(`\[[^\]]*\]$`)
	dotPattern   = lazyregexp.New(`\.`)
)
