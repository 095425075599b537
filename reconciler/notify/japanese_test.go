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
		"the plan waits: replaces aws_db_instance.a; changes aws_sns_topic.b; creates aws_vpc.c; and 2 more: `reconcile approve tokyo 3f9c2a1b77d04e15`",
		"the plan waits: apply = \"plan-only\": apply it by hand, or change the setting",
		"the plan waits: 3 are destroyed or replaced, and max_destroy = 1: `reconcile approve tokyo 3f9c2a1b77d04e15`; the approval of 0123456789abcdef by ann is void: the plan is another now",
		"waits until its readers are applied at 3f9c2a1b77 (app, web and 2 more), because it destroys aws_vpc.a, removes output x",
		"it has a Terraform state that reconcile did not apply, and the plan is not empty (1 to add, 0 to change, 0 to replace, 0 to destroy): read it with `reconcile plan tokyo`, then continue with `reconcile now --adopt tokyo`",
		"Terraform's state lock is held by ann@host since 2026-01-01 00:00:00Z (OperationTypeApply, 7a3c); if nothing else uses the state: `reconcile unlock tokyo --state-lock 7a3c`",
		"the apply that run 01JD started at 2026-01-01 00:00:00Z was interrupted: it may have created resources that are not in Terraform's state; look for them",
		"a pass would not apply 0123456789abcdef by itself: destroys aws_vpc.a",
		"a pass would apply it only after its upstream common",
		"rollout of 3f9c2a1b77 at 10 of 100, watched until 2026-01-01 00:00:00Z; shares by output shares: a = 90, b = 10; time left: 9m0s; alarms: errors OK",
		"rollout of 3f9c2a1b77 at 10 of 100, next 50",
		"rollout of 3f9c2a1b77 at 50 of 100, going back to 10: in ALARM: errors",
		"rollout of 3f9c2a1b77 at 10 of 100, brought back and stopped: in ALARM: errors; `reconcile rollout resume tokyo` lets it go on, `reconcile rollout abort tokyo` takes it back",
		"rollout of 3f9c2a1b77 at 10 of 100, paused: alarms cannot be read: errors (there is no such alarm in this Region of the role's account); `reconcile rollout resume tokyo` lets it go on, `reconcile rollout abort tokyo` takes it back",
		"rollout of 3f9c2a1b77 at 10 of 100, paused: at the end of its soak not all alarms are OK: INSUFFICIENT_DATA: errors / MISSING: unhealthy",
		"rollout of 3f9c2a1b77 at 10 of 100, paused: pause was ordered: 昼休み",
		"rollout of 3f9c2a1b77 at 10 of 100, paused: the plan at 50 changes what the plan that began the rollout does not: aws_x.a (delete)",
		"rollout of 3f9c2a1b77 at 10 of 100, paused: what is live is not what 10 says any more, and that plan is not empty (aws_x.a (update)): put it back, or take the rollout back",
		"its directory env/tokyo is gone from the tip, so the rollout of 3f9c2a1b77 stays at 50 and is only watched; `reconcile rollout abort tokyo` takes it back, `reconcile rollout promote tokyo` takes its next step",
		"the branch cannot be read, or its commit cannot be used, so the rollout of 3f9c2a1b77 stays at 50 and is only watched; `reconcile rollout abort tokyo` takes it back, `reconcile rollout promote tokyo` takes its next step",
		"4f9c2a1b77 changes this workspace while the rollout of 3f9c2a1b77 is at 50; `reconcile rollout promote tokyo` ends that one first, `reconcile rollout abort tokyo` takes it back",
		"a rollout is under way; `reconcile rollout promote tokyo` ends it step by step, `reconcile rollout abort tokyo` takes it back",
		"the rollout of 3f9c2a1b77 is undone: abort was ordered",
		"the rollout of 3f9c2a1b77 is undone: the commit was reverted by 4f9c2a1b77",
		"the rollout does not begin: not all alarms are OK: ALARM: errors",
		"the rollout does not begin: with progress = 0 the plan changes something (aws_x.a (update)), so what is live is not where it starts, or the commit changes something else as well; to apply it without steps: `reconcile now --at-once tokyo --why …`",
		"the way back to 10 is not applied, because its plan destroys or replaces what the rollout does not change: aws_x.a (delete); remove it from what is live or from Terraform's state, and the next pass goes on",
		"applied progress = 50, but a second plan of it is not empty (aws_x.a (update))",
		"find out why; commit what corrects it or revert the commit, then `reconcile resume tokyo`",
		"its rollout must end first: `reconcile rollout status tokyo` shows it",
		"nothing exists yet, so it is applied without steps",
		"a pass applies it in steps: progress = 10 50 100 (at once if progress changes nothing of it); shares by output shares: a = 100, b = 0, at the end a = 0, b = 100",
		"env/web/main.tf:3:1: data http is not allowed",
		"env/web/main.tf:3:1: templatefile() is not allowed",
		"env/web/main.tf:3:1: file() cannot be evaluated: every file *.txt counts",
		"waits until its readers are applied at 41f19f71f2 (switch), because it replaces terraform_data.x; the plan waits: it replaces terraform_data.x while it serves 100% of the traffic (output shares of switch); no approval helps: bring its share to 0 first, with switch; the approval of 4efa78fcd3475160 by ann is void: the plan is another now (terraform_data.x triggers_replace becomes \"a\", and was to become \"b\")",
		"read the record a: read the head of record a: read DynamoDB table records: there is no such table: check --state, AWS_REGION and the account, or create it: ResourceNotFoundException",
		"read the tip of main: ssh://git@host/a.git: cannot be reached: read the key for ssh://git@host/a.git: open /key: no such file or directory",
		"suspended by ann since 2026-11-30 03:00Z: applied from the snapshot of 4529f553b5 with env/dr.tfvars; it ends by itself when a commit of main plans no change; `reconcile resume tokyo` lets passes apply the branch as it is",
		"workspaces s and t use the same state, s3:bucket/key: give each its own state (in 2 workspaces)",
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
		for _, reason := range []string{RefusedForm, RefusedApprover, RefusedOpener, RefusedEdited, RefusedNotOffered, RefusedOld, RefusedHead, RefusedClosed} {
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
