package plandigest_test

import (
	"fmt"
	"strings"
	"testing"

	"reconcile/internal/plandigest"
)

func TestDigest(t *testing.T) {
	t.Parallel()
	digest, old := plandigest.New("k1", "0123456789abcdef0123"), plandigest.Digest("fedcba98765432100123")
	if digest.Abbrev() != "0123456789abcdef" || old.Abbrev() != "fedcba9876543210" || plandigest.Digest("").Abbrev() != "" {
		t.Errorf("shown as %s and %s", digest.Abbrev(), old.Abbrev())
	}
	if !digest.IsCurrent() || old.IsCurrent() || plandigest.Digest("").IsCurrent() {
		t.Error("a digest of the version before is not told apart")
	}
	for text, is := range map[string]bool{
		string(digest): true, string(old): true, "": true, "2:k1:xyz": false, "2:k/1:00": false, strings.Repeat("0", 201): false, "\x1b[2J": false,
	} {
		if got := plandigest.Parse(text); (got == plandigest.Digest(text)) != is {
			t.Errorf("%q is read as %q", text, got)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	value := func(text string) plandigest.Value { return plandigest.Value{Hash: "h" + text, Text: text} }
	with := func(changes ...plandigest.Change) plandigest.Difference {
		return plandigest.Difference{Changes: changes}
	}
	update := func(path, before, after string) plandigest.Change {
		return plandigest.Change{Address: "x", Action: "update", Attributes: []plandigest.Attribute{{Path: path, Before: value(before), After: value(after)}}}
	}
	hidden := update("p", "1", "3")
	hidden.Attributes[0].After.Text = ""
	for says, c := range map[string][2]plandigest.Difference{
		"":                                   {with(update("p", "1", "2")), with(update("p", "1", "2"))},
		"x p becomes 3, and was to become 2": {with(update("p", "1", "2")), with(update("p", "1", "3"))},
		"x p becomes (sensitive), and was to become 2":   {with(update("p", "1", "2")), with(hidden)},
		"x p is 0, and was 1":                            {with(update("p", "1", "2")), with(update("p", "0", "2"))},
		"x q: 1 → 2 is new; x p is not changed any more": {with(update("p", "1", "2")), with(update("q", "1", "2"))},
		"x: delete was update":                           {with(update("p", "1", "2")), with(plandigest.Change{Address: "x", Action: "delete"})},
		"y (create) is new; x (update) is gone":          {with(update("p", "1", "2")), with(plandigest.Change{Address: "y", Action: "create"})},
	} {
		if got := plandigest.Compare(c[0], c[1]); got != says {
			t.Errorf("got %q, want %q", got, says)
		}
	}
}

// What is kept has room in a record, and says what it left out.
func TestLimit(t *testing.T) {
	t.Parallel()
	var all plandigest.Difference
	for i := range 3000 {
		c := plandigest.Change{Address: fmt.Sprintf("aws_x.y[%d]", i), Action: "create"}
		for j := range 10 {
			c.Attributes = append(c.Attributes, plandigest.Attribute{Path: fmt.Sprint("a", j), After: plandigest.Value{Hash: "0123456789abcdef", Text: strings.Repeat("x", 100)}})
		}
		all.Changes = append(all.Changes, c)
	}
	kept := all.Limit()
	if size := len(fmt.Sprint(kept)); size > 150<<10 {
		t.Errorf("%d bytes are kept", size)
	}
	if kept.Omitted+len(kept.Changes) != 3000 || kept.Changes[len(kept.Changes)-1].Omitted == 0 {
		t.Errorf("%d kept and %d left out", len(kept.Changes), kept.Omitted)
	}
	if plandigest.Compare(kept, all) != "" {
		t.Errorf("what found no room is told as new: %s", plandigest.Compare(kept, all))
	}
}
