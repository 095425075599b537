package risk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// whatPlaceholder is where a sentence names what a list says of a type.
const whatPlaceholder = "{what}"

// Templates returns each sentence that Judge can say, with a placeholder such as {before} for
// each value. With them a sentence of a record can be said in the other language.
func Templates() []Sentence {
	k := embedded()
	var templates []Sentence
	for _, r := range slices.Concat(k.rules, k.notes, k.harmless) {
		templates = append(templates, expandOptional(Sentence{En: r.En, Ja: r.Ja})...)
	}
	var things []Sentence
	for _, entry := range k.kinds {
		if entry.What != "" {
			things = append(things, Sentence{En: entry.What, Ja: entry.WhatJa})
		}
	}
	slices.SortFunc(things, func(a, b Sentence) int { return cmp.Compare(a.En, b.En) })
	for _, r := range k.actions {
		template := Sentence{En: r.En, Ja: r.Ja}
		templates = append(templates, expandOptional(template)...)
		if strings.Contains(r.En, whatPlaceholder) {
			for _, thing := range slices.Compact(things) {
				templates = append(templates, Sentence{
					En: strings.ReplaceAll(r.En, whatPlaceholder, thing.En), Ja: strings.ReplaceAll(r.Ja, whatPlaceholder, thing.Ja),
				})
			}
		}
	}
	for _, value := range [][2]string{{"(known after apply)", "（適用後に決まる値）"}, {"(sensitive)", "（機密）"}, {"(none)", "（なし）"}} {
		templates = append(templates, Sentence{En: value[0], Ja: value[1]})
	}
	return templates
}

// Format returns the sentences of a template as formats of package fmt: the Japanese one takes
// the values of the English one by their numbers.
func (s Sentence) Format() Sentence {
	numbers := map[string]int{}
	count := 0
	en := placeholderPattern().ReplaceAllStringFunc(strings.ReplaceAll(s.En, "%", "%%"), func(field string) string {
		if count++; numbers[field] == 0 {
			numbers[field] = count
		}
		return "%s"
	})
	if count == 0 {
		return s
	}
	ja := placeholderPattern().ReplaceAllStringFunc(strings.ReplaceAll(s.Ja, "%", "%%"), func(field string) string {
		return fmt.Sprintf("%%[%d]s", numbers[field])
	})
	return Sentence{En: en, Ja: ja}
}

// expandOptional returns a sentence with its optional part and without it.
func expandOptional(s Sentence) []Sentence {
	if !optionalPattern().MatchString(s.En) {
		return []Sentence{s}
	}
	edit := func(replacement string) Sentence {
		return Sentence{En: optionalPattern().ReplaceAllString(s.En, replacement), Ja: optionalPattern().ReplaceAllString(s.Ja, replacement)}
	}
	return []Sentence{edit("$1"), edit("")}
}
