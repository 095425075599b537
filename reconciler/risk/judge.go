package risk

import (
	"cmp"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// The actions that a rule can be about.
const (
	onCreate  = "create"
	onUpdate  = "update"
	onReplace = "replace"
	onDelete  = "delete"
)

// subject is the change of one resource that is judged.
type subject struct {
	knowledge *knowledge
	entries   *typeEntries
	typeName  string
	change    *tfjson.Change
}

// typeEntries are the entries about one type.
type typeEntries struct{ rules, notes, harmless []*rule }

// entriesFor returns the entries about a type, from a cache for one plan.
func (k *knowledge) entriesFor(typeName string, cache map[string]*typeEntries) *typeEntries {
	if found := cache[typeName]; found != nil {
		return found
	}
	other := func(r *rule) bool { return !r.isFor(typeName) }
	found := &typeEntries{
		rules:    slices.DeleteFunc(slices.Clone(k.rules), other),
		notes:    slices.DeleteFunc(slices.Clone(k.notes), other),
		harmless: slices.DeleteFunc(slices.Clone(k.harmless), other),
	}
	cache[typeName] = found
	return found
}

// verdict is what one layer says of a change.
type verdict struct {
	risk            Class
	rule            string
	why             Sentence
	unjudged, guard bool
	isNote          bool // it adds a sentence
}

// toChange returns a verdict as the only one on a change.
func (v verdict) toChange(rc *tfjson.ResourceChange) Change {
	change := Change{Address: rc.Address, Risk: v.risk, Why: v.why, Rule: v.rule, Unjudged: v.unjudged, Guard: v.guard}
	if rc.Change != nil {
		change.Actions = rc.Change.Actions
	}
	return change
}

// verdictOf returns the verdict of the file of actions on what has no values to look at.
func (k *knowledge) verdictOf(name string) verdict {
	r := k.actions[name]
	return verdict{risk: r.class, rule: name, why: Sentence{En: r.En, Ja: r.Ja}}
}

// planContext is what a plan says beside the change of a resource.
type planContext struct {
	programs programs
	lost     map[string]bool // addresses that the state has and Terraform does not find, if these are at least half of AWS's
	cache    map[string]*typeEntries
}

func newPlanContext(plan *tfjson.Plan) *planContext {
	return &planContext{programs: provisionersOf(plan), lost: findLost(plan), cache: map[string]*typeEntries{}}
}

// findLost returns the addresses of AWS's resources that the state has and Terraform does not find.
// Where more than half are still found, a few were deleted outside of Terraform, and it returns none.
func findLost(plan *tfjson.Plan) map[string]bool {
	lost := map[string]bool{}
	for _, drift := range plan.ResourceDrift {
		if drift != nil && drift.Change != nil && drift.Change.Actions.Delete() && drift.DeposedKey == "" && isAWS(drift.Type) {
			lost[drift.Address] = true
		}
	}
	if state := plan.PriorState; state != nil && state.Values != nil && countAWS(state.Values.RootModule) > len(lost) {
		return nil
	}
	return lost
}

// countAWS counts AWS's resources in a module of a state.
func countAWS(m *tfjson.StateModule) (count int) {
	if m == nil {
		return 0
	}
	for _, r := range m.Resources {
		if r.Mode == tfjson.ManagedResourceMode && isAWS(r.Type) {
			count++
		}
	}
	for _, child := range m.ChildModules {
		count += countAWS(child)
	}
	return count
}

// judgeResource returns false for what does not change at all.
func (k *knowledge) judgeResource(rc *tfjson.ResourceChange, context *planContext) (Change, bool) {
	if rc == nil || rc.Change == nil {
		return Change{}, false
	}
	typeName := canonicalType(rc.Type)
	s := &subject{knowledge: k, entries: k.entriesFor(typeName, context.cache), typeName: typeName, change: rc.Change}
	action := actionOf(rc)
	var verdicts []verdict
	switch action {
	case "":
		return Change{}, false
	case "read":
		kind, ok := k.kinds[programPrefix+rc.Type]
		if !ok {
			return Change{}, false
		}
		verdicts = append(verdicts, s.verdictOfKind("action.read-program", kind))
	case onCreate, onReplace:
		verdicts = s.judgeCreate(action)
		if kinds := context.programs.namesFor(rc.Address); kinds != "" {
			verdicts = append(verdicts, s.verdictOfKind("action.provisioner", kind{What: kinds, WhatJa: kinds}))
		}
		if action == onCreate && context.lost[rc.Address] {
			verdicts = append(verdicts, k.verdictOf("action.recreate"))
		}
	case onDelete:
		verdicts = s.judgeDestroy(action)
	case onUpdate:
		verdicts = s.judgeUpdate()
	default:
		verdicts = []verdict{k.verdictOf("action." + action)}
	}
	change := combine(verdicts).toChange(rc)
	return change, true
}

// actionOf names what is done to a resource; "" is nothing.
func actionOf(rc *tfjson.ResourceChange) string {
	actions := rc.Change.Actions
	has := func(a tfjson.Action) bool { return slices.Contains(actions, a) }
	switch {
	case has(tfjson.ActionDelete) && has(tfjson.ActionCreate):
		return onReplace
	case has(tfjson.ActionForget) && has(tfjson.ActionCreate):
		return "abandon"
	case len(actions) != 1:
		return "unknown"
	case has(tfjson.ActionDelete):
		return onDelete
	case has(tfjson.ActionCreate):
		return onCreate
	case has(tfjson.ActionUpdate):
		return onUpdate
	case has(tfjson.ActionForget):
		return "forget"
	case has(tfjson.ActionRead):
		return "read"
	case !actions.NoOp():
		return "unknown"
	case rc.Change.Importing != nil:
		return "import"
	case rc.PreviousAddress != "" && rc.PreviousAddress != rc.Address:
		return "move"
	}
	return ""
}

// canonicalType returns the name under which the files know a type: the provider serves load
// balancers under two.
func canonicalType(typeName string) string {
	if rest, ok := strings.CutPrefix(typeName, "aws_alb"); ok {
		return "aws_lb" + rest
	}
	return typeName
}

// isAWS reports whether the files know the resource's provider. Any registry may serve it,
// under any name, so the prefix of the type decides.
func (s *subject) isAWS() bool { return isAWS(s.typeName) }

func isAWS(typeName string) bool { return strings.HasPrefix(typeName, "aws_") }

// judgeCreate judges what is made, or replaced.
func (s *subject) judgeCreate(action string) []verdict {
	verdicts := append(s.applyRules(s.entries.rules, onCreate), s.applyRules(s.entries.notes, onCreate)...)
	if action == onReplace {
		return append(verdicts, s.judgeDestroy(action)...)
	}
	return append(verdicts, s.knowledge.verdictOf("action.create"))
}

// judgeDestroy judges the end of a resource, also the end that a replacement begins with. A
// rule for it goes before the lists.
func (s *subject) judgeDestroy(action string) []verdict {
	if verdicts := s.applyRules(s.entries.rules, action); len(verdicts) > 0 {
		return verdicts
	}
	entry, ok := s.knowledge.kinds[s.typeName]
	if !ok || !s.isAWS() || entry.list == listPlain || entry.list == "routine" && action == onDelete {
		return []verdict{s.knowledge.verdictOf("action." + action)}
	}
	v := s.verdictOfKind("list."+entry.list+"-"+action, entry)
	v.rule = entry.list + "." + s.typeName
	return []verdict{v}
}

// verdictOfKind fills what a list says of a type into a verdict of the file of actions.
func (s *subject) verdictOfKind(name string, entry kind) verdict {
	v := s.knowledge.verdictOf(name)
	v.why.En = strings.ReplaceAll(v.why.En, "{what}", entry.What)
	v.why.Ja = strings.ReplaceAll(v.why.Ja, "{what}", entry.WhatJa)
	return v
}

// applyRules returns the verdicts of the entries about a create, a replacement or a destroy.
func (s *subject) applyRules(entries []*rule, action string) []verdict {
	var verdicts []verdict
	for _, r := range entries {
		if !s.isAWS() || !slices.Contains(r.On, action) {
			continue
		}
		if at := r.patterns[0]; s.matches(r, at) {
			verdicts = append(verdicts, s.verdictOfRule(r, at))
		}
	}
	return verdicts
}

// judgeUpdate judges a change in place by each attribute that differs.
func (s *subject) judgeUpdate() []verdict {
	if !s.isAWS() {
		return []verdict{s.knowledge.verdictOf("action.update")}
	}
	provider := s.knowledge.provider[s.typeName]
	isSet := func(p steps) bool { return leadsTo(provider.sets, p) }
	changed := differences(s.change.Before, s.change.After, s.change.AfterUnknown, isSet)
	if len(changed) == 0 {
		return []verdict{s.knowledge.verdictOf("action.invisible")}
	}
	var verdicts []verdict
	for _, p := range changed {
		verdicts = append(verdicts, s.judgeAttribute(p))
	}
	for _, note := range s.entries.notes {
		if !slices.Contains(note.On, onUpdate) {
			continue
		}
		for _, p := range changed {
			if at, ok := note.covers(p); ok && s.matches(note, at) {
				verdicts = append(verdicts, s.verdictOfRule(note, at))
				break
			}
		}
	}
	return verdicts
}

// covers returns the part of a path that an entry is about. The longest pattern wins.
func (r *rule) covers(p steps) (at steps, ok bool) {
	for _, pattern := range r.patterns {
		if p.startsWith(pattern) && len(pattern) > len(at) {
			at, ok = p[:len(pattern)], true
		}
	}
	return at, ok
}

// coversUnknown does the same where the whole value is not known: then what is in it is not known
// either.
func (r *rule) coversUnknown(p steps) (at steps, ok bool) {
	at, ok = r.covers(p)
	for _, pattern := range r.patterns {
		if len(pattern) > max(len(p), len(at)) && p.startsWith(pattern[:len(p)]) {
			at, ok = slices.Clone(p), true
			for _, step := range pattern[len(p):] {
				at = append(at, strings.ReplaceAll(step, "*", "0"))
			}
		}
	}
	return at, ok
}

func leadsTo(patterns []steps, p steps) bool {
	return slices.ContainsFunc(patterns, func(pattern steps) bool {
		return len(pattern) == len(p) && p.startsWith(pattern)
	})
}

// judgeAttribute judges one value that differs: by the rules, then by what is known of the provider
// and of the type.
func (s *subject) judgeAttribute(p steps) verdict {
	if v, isRuled := s.judgeByRules(p); isRuled {
		return v
	}
	if slices.ContainsFunc(s.knowledge.provider[s.typeName].computed, p.startsWith) {
		v := s.knowledge.verdictOf("action.same")
		v.rule = "provider." + s.typeName
		return v
	}
	for _, r := range s.entries.harmless {
		if _, ok := r.covers(p); ok {
			v := s.verdictOfPath("action.harmless", p)
			v.rule = "harmless." + r.id()
			return v
		}
	}
	name := "action.unjudged"
	switch entry := s.knowledge.kinds[s.typeName]; entry.list {
	case "data", "identity", "traffic":
		name = "action.unjudged-" + entry.list
	}
	v := s.verdictOfPath(name, p)
	v.unjudged = true
	return v
}

// isForAll reports whether a rule is about a name on every type: rules of a type know better, and
// where it does not hold, nothing is known. Its file is the last.
func (r *rule) isForAll() bool { return r.Type == "aws_*" }

// judgeByRules judges a value that differs if there is a rule about it. The one with the longest path
// wins; of those with the same, the worst. Where no condition holds, the change is an ordinary one.
func (s *subject) judgeByRules(p steps) (v verdict, isRuled bool) {
	var best *verdict
	var bestLength int
	isUnknown := unknownAt(s.change.AfterUnknown, p) == true
	ruledBy := "" // the last of the rules about it
	for _, r := range s.entries.rules {
		if !slices.Contains(r.On, onUpdate) {
			continue
		}
		at, ok := r.covers(p)
		if isUnknown {
			at, ok = r.coversUnknown(p)
		}
		if !ok || r.isForAll() && !r.Guard && ruledBy != "" {
			continue
		}
		if !r.isForAll() || r.Guard { // to set a protection is harmless
			ruledBy = r.id()
		}
		if !s.matches(r, at) {
			continue
		}
		v := s.verdictOfRule(r, at)
		if best == nil || cmp.Or(cmp.Compare(len(at), bestLength), cmp.Compare(v.risk, best.risk)) > 0 {
			best, bestLength = &v, len(at)
		}
	}
	if best != nil {
		return *best, true
	}
	if ruledBy == "" {
		return verdict{}, false
	}
	v = s.verdictOfPath("action.otherwise", p)
	v.rule = ruledBy + ".otherwise"
	return v, true
}

// combine makes one verdict: the worst, with the sentences of the others that ask, and of
// notes.
func combine(verdicts []verdict) verdict {
	slices.SortStableFunc(verdicts, func(a, b verdict) int {
		return cmp.Or(cmp.Compare(b.risk, a.risk), cmp.Compare(b.priority(), a.priority()))
	})
	all := verdicts[0]
	count := 1
	for _, v := range verdicts[1:] {
		all.unjudged, all.guard = all.unjudged || v.unjudged, all.guard || v.guard
		if !v.isNote && !v.risk.NeedsApproval() || count == maxSentences || strings.Contains(all.why.En, v.why.En) {
			continue
		}
		count++
		all.why.En += ". " + v.why.En
		all.why.Ja += "。" + v.why.Ja
	}
	return all
}

// priority orders verdicts of one class: what is said of an attribute, then notes.
func (v verdict) priority() int {
	if v.isNote {
		return 0
	}
	return 1
}
