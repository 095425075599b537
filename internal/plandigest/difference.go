package plandigest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Difference is what a plan changes, as the record keeps it: it holds no sensitive value.
type Difference struct {
	Changes []Change `json:"changes"`
	Omitted int      `json:"omitted,omitempty"` // changes that found no room
}

// Change is what becomes of one resource, output or action.
type Change struct {
	Address    string      `json:"address"`
	Action     string      `json:"action"` // such as "update" or "delete, create"
	Attributes []Attribute `json:"attributes,omitempty"`
	Omitted    int         `json:"omitted,omitempty"` // attributes that found no room
}

// Attribute is one value that a change sets.
type Attribute struct {
	Path   string `json:"path"`
	Before Value  `json:"before"`
	After  Value  `json:"after"`
}

// Value is a value as the record keeps it.
type Value struct {
	Hash string `json:"hash,omitempty"` // keyed; "" for no value
	Text string `json:"text,omitempty"` // shortened JSON; "" if it is sensitive
}

func (v Value) String() string {
	switch {
	case v.Text != "":
		return v.Text
	case v.Hash != "":
		return "(sensitive)"
	}
	return "(none)"
}

// maxSentences is how many differences Compare names.
const maxSentences = 5

// Compare says in words what now has that then has not, and the other way round. It
// returns "" if nothing that was kept differs.
func Compare(then, now Difference) string {
	var sentences []string
	old, changed := changesByAddress(then), changesByAddress(now)
	for _, c := range now.Changes {
		before, known := old[c.Address]
		switch {
		case !known && then.Omitted == 0:
			sentences = append(sentences, fmt.Sprintf("%s (%s) is new", c.Address, c.Action))
		case known && before.Action != c.Action:
			sentences = append(sentences, fmt.Sprintf("%s: %s was %s", c.Address, c.Action, before.Action))
		case known:
			sentences = append(sentences, compareAttributes(before, c)...)
		}
	}
	for _, c := range then.Changes {
		if _, still := changed[c.Address]; !still && now.Omitted == 0 {
			sentences = append(sentences, fmt.Sprintf("%s (%s) is gone", c.Address, c.Action))
		}
	}
	if more := len(sentences) - maxSentences; more > 0 {
		sentences = append(sentences[:maxSentences], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(sentences, "; ")
}

func compareAttributes(then, now Change) (sentences []string) {
	for _, a := range now.Attributes {
		i := slices.IndexFunc(then.Attributes, func(b Attribute) bool { return b.Path == a.Path })
		switch {
		case i < 0 && then.Omitted == 0:
			sentences = append(sentences, fmt.Sprintf("%s %s: %s → %s is new", now.Address, a.Path, a.Before, a.After))
		case i >= 0 && then.Attributes[i].After.Hash != a.After.Hash:
			sentences = append(sentences, fmt.Sprintf("%s %s becomes %s, and was to become %s", now.Address, a.Path, a.After, then.Attributes[i].After))
		case i >= 0 && then.Attributes[i].Before.Hash != a.Before.Hash:
			sentences = append(sentences, fmt.Sprintf("%s %s is %s, and was %s", now.Address, a.Path, a.Before, then.Attributes[i].Before))
		}
	}
	for _, a := range then.Attributes {
		if now.Omitted == 0 && !slices.ContainsFunc(now.Attributes, func(b Attribute) bool { return b.Path == a.Path }) {
			sentences = append(sentences, fmt.Sprintf("%s %s is not changed any more", now.Address, a.Path))
		}
	}
	return sentences
}

func changesByAddress(d Difference) map[string]Change {
	all := make(map[string]Change, len(d.Changes))
	for _, c := range d.Changes {
		all[c.Address] = c
	}
	return all
}

// Bounds of a Difference in a record, in bytes.
const (
	MaxText       = 200 // of one value
	maxDifference = 100 << 10
	overhead      = 60 // of the JSON around one attribute or change
)

// Limit returns the part of d that has room in a record: whole changes in order of their
// addresses, then those without attributes.
func (d Difference) Limit() Difference {
	slices.SortStableFunc(d.Changes, func(a, b Change) int { return cmp.Compare(a.Address, b.Address) })
	limited := Difference{Omitted: d.Omitted}
	room := maxDifference
	for _, c := range d.Changes {
		room -= len(c.Address) + len(c.Action) + overhead
		if room < 0 {
			limited.Omitted++
			continue
		}
		kept := Change{Address: c.Address, Action: c.Action, Omitted: c.Omitted}
		for _, a := range c.Attributes {
			size := len(a.Path) + len(a.Before.Text) + len(a.After.Text) + len(a.Before.Hash) + len(a.After.Hash) + overhead
			if size > room {
				kept.Omitted++
				continue
			}
			room -= size
			kept.Attributes = append(kept.Attributes, a)
		}
		limited.Changes = append(limited.Changes, kept)
	}
	return limited
}
