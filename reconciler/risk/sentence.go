package risk

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"reconcile/internal/lazyregexp"
	"reconcile/internal/visible"
)

const (
	maxSentences = 3  // of one change
	maxQuoted    = 60 // characters of a value in a sentence
)

// placeholderPattern is where a sentence quotes a value: {before}, {after}, {path}, {weights},
// {old.NAME} or {new.NAME}.
var placeholderPattern = lazyregexp.New(`\{(before|after|path|weights|what|(?:old|new)\.[a-z0-9_.]+)\}`)

// optionalPattern is a part of a sentence that is left out if there is no value for it.
var optionalPattern = lazyregexp.New(`\[([^\[\]]*\{(?:old|new)\.[a-z0-9_.]+\}[^\[\]]*)\]`)

func (s *subject) verdictOfRule(r *rule, at steps) verdict {
	return verdict{
		risk: r.class, rule: r.id(), guard: r.Guard, isNote: r.isNote,
		why: s.fillSentence(Sentence{En: r.En, Ja: r.Ja}, at),
	}
}

// verdictOfPath fills a path into a verdict of the file of actions.
func (s *subject) verdictOfPath(name string, at steps) verdict {
	v := s.knowledge.verdictOf(name)
	v.why = s.fillSentence(v.why, at)
	return v
}

// fillSentence fills in what is at a path.
func (s *subject) fillSentence(t Sentence, at steps) Sentence {
	return Sentence{En: s.fill(t.En, at, false), Ja: s.fill(t.Ja, at, true)}
}

// fill replaces the placeholders of a text by what is at a path.
func (s *subject) fill(text string, at steps, japanese bool) string {
	text = optionalPattern().ReplaceAllStringFunc(text, func(part string) string {
		part = strings.Trim(part, "[]")
		if strings.Contains(s.fill(part, at, japanese), quote(nil, false, japanese)) {
			return ""
		}
		return part
	})
	return placeholderPattern().ReplaceAllStringFunc(text, func(field string) string {
		switch name := strings.Trim(field, "{}"); {
		case name == "before":
			return s.quoteOld(at, japanese)
		case name == "after":
			return s.quoteNew(at, japanese)
		case name == "weights":
			return s.quoteWeights(at, japanese)
		case name == "path":
			return visible.Line(strings.Join(at, "."))
		case strings.HasPrefix(name, "old."):
			return s.quoteOld(strings.Split(name[len("old."):], "."), japanese)
		case strings.HasPrefix(name, "new."):
			return s.quoteNew(strings.Split(name[len("new."):], "."), japanese)
		}
		return field // {what} is filled from a list
	})
}

func (s *subject) quoteOld(at steps, japanese bool) string {
	return quote(valueAt(s.change.Before, at), isMarked(s.change.BeforeSensitive, at), japanese)
}

func (s *subject) quoteNew(at steps, japanese bool) string {
	if hasUnknown(unknownAt(s.change.AfterUnknown, at)) {
		return inLanguage(japanese, "(known after apply)", "（適用後に決まる値）")
	}
	return quote(valueAt(s.change.After, at), isMarked(s.change.AfterSensitive, at), japanese)
}

// quoteWeights shows which endpoint gets another weight, such as "b: 0 → 128".
func (s *subject) quoteWeights(at steps, japanese bool) string {
	if isMarked(s.change.AfterSensitive, at) || isMarked(s.change.BeforeSensitive, at) {
		return quote(nil, true, japanese)
	}
	list := []cty.Value{s.valueBefore(at), s.valueAfter(at), cty.StringVal("endpoint_id"), cty.StringVal("weight")}
	if !areSharesKnown(list) {
		return inLanguage(japanese, "(known after apply)", "（適用後に決まる値）")
	}
	before, _ := weightsOf(list[0], "endpoint_id", "weight")
	now, _ := weightsOf(list[1], "endpoint_id", "weight")
	var moved []string
	for _, endpoint := range slices.Sorted(maps.Keys(before)) {
		if _, ok := now[endpoint]; !ok {
			moved = append(moved, fmt.Sprintf("%s: %v → %s", shortName(endpoint), before[endpoint], inLanguage(japanese, "removed", "なし")))
		}
	}
	for _, endpoint := range slices.Sorted(maps.Keys(now)) {
		if before[endpoint] != now[endpoint] {
			moved = append(moved, fmt.Sprintf("%s: %v → %v", shortName(endpoint), before[endpoint], now[endpoint]))
		}
	}
	return strings.Join(moved, ", ")
}

// shortName shows the last of the parts that tell one load balancer from another.
func shortName(arn string) string {
	if _, name, ok := strings.Cut(arn, "loadbalancer/"); ok {
		arn = name
	}
	return quote(arn, false, false)
}

// quote shows a value. It never shows one that Terraform marks as sensitive.
func quote(v any, sensitive, japanese bool) string {
	if sensitive {
		return inLanguage(japanese, "(sensitive)", "（機密）")
	}
	var text string
	switch v := v.(type) {
	case nil:
		return inLanguage(japanese, "(none)", "（なし）")
	case string:
		text = strconv.Quote(v)
		if plainWordPattern().MatchString(v) {
			text = v
		}
	default:
		text = jsonOf(v)
	}
	if r := []rune(visible.Line(text)); len(r) > maxQuoted {
		return string(r[:maxQuoted]) + "…"
	}
	return visible.Line(text)
}

// plainWordPattern matches what needs no quotation marks in a sentence.
var plainWordPattern = lazyregexp.New(`^[A-Za-z0-9._:/+-]+$`)

func inLanguage(japanese bool, en, ja string) string {
	if japanese {
		return ja
	}
	return en
}
