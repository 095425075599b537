package statetest

import (
	"reflect"
	"testing"

	"reconcile/state"
)

func testNotificationState(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	if all, err := a.NotificationStates(ctx); err != nil || len(all) != 0 {
		t.Fatalf("no states: got %v, %v", all, err)
	}
	tokyo := state.NotificationState{Name: "tokyo", Fingerprints: map[string]string{"sns": "ok|1"}, IssueKey: "INFRA-1"}
	assertErr(t, "put", a.PutNotificationState(ctx, tokyo), nil)
	tokyo.Fingerprints["log"] = "failed|2"
	assertErr(t, "put more", b.PutNotificationState(ctx, tokyo), nil)
	all, err := a.NotificationStates(ctx)
	if got := all["tokyo"]; err != nil || len(all) != 1 || !reflect.DeepEqual(got.Fingerprints, tokyo.Fingerprints) || got.IssueKey != "INFRA-1" {
		t.Fatalf("notification states: got %+v, %v", all, err)
	}
	if got, err := a.PullRequestCursor(ctx); err != nil || !got.NotifiedUntil.IsZero() {
		t.Fatalf("no cursor: got %+v, %v", got, err)
	}
	assertErr(t, "pull requests", b.PutPullRequestCursor(ctx, state.PullRequestCursor{NotifiedUntil: testTime, LastNotified: []int{3, 4}}), nil)
	if got, err := a.PullRequestCursor(ctx); err != nil || !got.NotifiedUntil.Equal(testTime) || !reflect.DeepEqual(got.LastNotified, []int{3, 4}) {
		t.Fatalf("cursor: got %+v, %v", got, err)
	}
}
