package notify

import (
	"regexp"
	"strings"
	"testing"

	"reconcile/internal/commitid"
)

// englishSentence matches three English words in a row. What Japanese texts have in English
// is code, a name or a quotation, and that stands in backquotes there.
var englishSentence = regexp.MustCompile(`[A-Za-z]+'?[a-z]* [a-z]+ [a-z]+`)

var quoted = regexp.MustCompile("`[^`]*`|\"[^\"]*\"")

// TestNoEnglishInJapanese checks the comments and notices of what waits, is refused or warned
// of: none has an English sentence.
func TestNoEnglishInJapanese(t *testing.T) {
	t.Parallel()
	texts := []string{
		"the plan waits: replaces aws_db_instance.a (is destroyed and created again); and 2 more: `reconcile approve tokyo 3f9c2a1b77d04e15`",
		"the plan waits: apply = \"plan-only\": apply it by hand, or change the setting",
		"the plan waits: 3 are destroyed or replaced, and max_destroy = 1: `reconcile approve tokyo 3f9c2a1b77d04e15`; the approval of 0123456789abcdef by ann is void: the plan is another now",
		"waits until its readers are applied at 3f9c2a1b77 (app, web and 2 more), because it destroys aws_vpc.a, removes output x",
		"it has a Terraform state that reconcile did not apply, and the plan is not empty (1 to add, 0 to change, 0 to replace, 0 to destroy): read it with `reconcile plan tokyo`, then continue with `reconcile now --adopt tokyo`",
		"Terraform's state lock is held by ann@host since 2026-01-01 00:00:00Z (OperationTypeApply, 7a3c); if nothing else uses the state: `reconcile unlock tokyo --state-lock 7a3c`",
		"the apply that run 01JD started at 2026-01-01 00:00:00Z was interrupted: it may have created resources that are not in Terraform's state; look for them",
		"a pass would not apply 0123456789abcdef by itself: destroys aws_vpc.a (is destroyed)",
		"a pass would apply it only after its upstream common",
		"env/web/main.tf:3:1: data http is not allowed",
		"env/web/main.tf:3:1: templatefile() is not allowed",
	}
	for _, format := range []Format{Markdown, Notation} {
		w, err := NewWriter("ja", format)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			event := WorkspaceEvent{Name: "tokyo", Outcome: "blocked", Error: text}
			drifted := WorkspaceEvent{Name: "tokyo", Outcome: "drifted", AboutDrift: true, Withheld: text}
			notice, err := w.WriteNotification(newNotification(event))
			checkJapanese(t, notice, err)
			issue, err := w.WriteIssueText(newNotification(drifted), drifted)
			checkJapanese(t, issue, err)
			preview, err := w.WritePreview(&Preview{
				Number: 7, Branch: "topic", Base: "main", Head: commitid.ID(strings.Repeat("a", 40)),
				Workspaces: []Workspace{{Name: "tokyo", Outcome: "failed", Error: text, Warnings: []string{text}}, {Name: "web", Outcome: "refused", Refused: []string{text}}},
			}, Marker{})
			preview, _, _ = strings.Cut(preview, markerStart)
			checkJapanese(t, preview, err)
			summary, err := w.Summarize(newNotification(event))
			checkJapanese(t, summary.Title+summary.Where+summary.Lines[0].Error, err)
		}
		for _, reason := range []string{RefusedForm, RefusedApprover, RefusedOpener, RefusedEdited, RefusedNotTold, RefusedOld, RefusedHead, RefusedClosed} {
			answer, err := w.WriteAnswer(1, []Refusal{{Reason: reason}})
			answer, _, _ = strings.Cut(answer, answerMarkerPrefix)
			checkJapanese(t, answer, err)
		}
	}
}

func checkJapanese(t *testing.T, text string, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if found := englishSentence.FindString(quoted.ReplaceAllString(line, "")); found != "" {
			t.Errorf("English in Japanese: %q in %s", found, line)
		}
	}
}
