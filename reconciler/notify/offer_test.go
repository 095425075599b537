package notify

import (
	"fmt"
	"strings"
	"testing"

	"reconcile/internal/plandigest"
)

// TestOffers: a comment offers the line that approves a plan only where people can read in it
// all that the plan asks for.
func TestOffers(t *testing.T) {
	t.Parallel()
	const filler = "  # null_resource.filler will be created\n"
	asking := "  # aws_db_instance.main must be replaced\n-/+ resource \"aws_db_instance\" \"main\" {\n    }\n\n"
	why := []ChangeToApprove{{Address: "aws_db_instance.main", Risk: "loss", Why: map[string]string{"en": "its data are *gone*", "ja": "データが失われます"}}}
	many := make([]ChangeToApprove, maxListed+1)
	for i := range many {
		many[i] = ChangeToApprove{Address: fmt.Sprint("a.a", i), Risk: "loss"}
	}
	long := strings.Repeat(filler, 1000)
	for name, c := range map[string]struct {
		offer Offer
		plan  string
		says  string
	}{
		"a short plan":               {Offer{Changes: why}, asking + "Plan: 1 to add", ""},
		"cut behind what asks":       {Offer{Changes: why}, asking + long + "Plan: 1001 to add", ""},
		"cut before what asks":       {Offer{Changes: why}, long + asking + "Plan: 1001 to add", "has no room"},
		"what asks has no heading":   {Offer{Changes: why}, long + "Plan: 1000 to add", "has no room"},
		"all of it asks, and is cut": {Offer{Changes: why, IsWhole: true}, asking + long + "Plan: 1001 to add", "has no room"},
		"all of it asks":             {Offer{IsWhole: true}, asking + "Plan: 1 to add", ""},
		"too many changes":           {Offer{Changes: many}, "Plan: 41 to add", "has no room"},
		"its own code":               {Offer{Changes: why, IsUnsafe: true}, asking, "code of this pull request may have run"},
		"made in a task":             {Offer{Changes: why, IsForeign: true}, asking, ""},
		"made in a task, outputs":    {Offer{IsWhole: true, IsForeign: true}, asking, "a separate task made it"},
		"made in a task, and many":   {Offer{Changes: many, IsWhole: true, IsForeign: true}, asking, "has no room"},
		"all of it asks, and many":   {Offer{Changes: many, IsWhole: true}, asking, ""},
	} {
		for _, format := range []Format{Markdown, Notation} {
			w, err := NewWriter("en", format)
			if err != nil {
				t.Fatal(err)
			}
			w.MaxLength = MaxCommentLength
			digest := plandigest.New("k", strings.Repeat("0123456789abcdef", 4))
			c.offer.Risk = "loss"
			p := &Preview{Number: 1, Head: "1", Tip: "2", Workspaces: []Workspace{{Name: "tokyo", Outcome: "pending", Digest: digest, Plan: c.plan, Offer: &c.offer}}, TakesComments: true}
			text, err := w.WritePreview(p, Marker{})
			if err != nil || len([]rune(text)) > MaxCommentLength {
				t.Fatalf("%s: %d characters, %v", name, len([]rune(text)), err)
			}
			isOffered := strings.Contains(text, "\n/approve tokyo 0123456789abcdef\n")
			if isOffered != (c.says == "") || !strings.Contains(text, c.says) {
				t.Errorf("%s, %s: offered %v\n%s", name, format, isOffered, text[max(0, len(text)-900):])
			}
			p.TakesComments = false
			if text, err = w.WritePreview(p, Marker{}); err != nil || strings.Contains(text, "/approve") {
				t.Errorf("%s: nobody may approve by a comment: %v", name, err)
			}
		}
	}
}

func TestAnswerIsReadAgain(t *testing.T) {
	t.Parallel()
	for _, format := range []Format{Markdown, Notation} {
		for _, lang := range []string{"en", "ja"} {
			w, err := NewWriter(lang, format)
			if err != nil {
				t.Fatal(err)
			}
			for _, reason := range []string{RefusedForm, RefusedApprover, RefusedOpener, RefusedEdited, RefusedNotOffered, RefusedOld, RefusedHead, RefusedClosed} {
				text, err := w.WriteAnswer(123, []Refusal{{Line: "/approve tokyo 0123456789abcdef", Reason: reason}})
				if id, ok := ReadAnswer(text); err != nil || !ok || id != 123 {
					t.Errorf("%s %s %s: %d, %v, %v\n%s", lang, format, reason, id, ok, err, text)
				}
			}
		}
	}
	for _, text := range []string{"", "nothing", "reconcile:answer comment=x", "`reconcile:answer comment=1`\nmore"} {
		if id, ok := ReadAnswer(text); ok {
			t.Errorf("%q answers %d", text, id)
		}
	}
}
