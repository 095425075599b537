package statetest

import (
	"reflect"
	"testing"

	"reconcile/state"
)

func testTold(t *testing.T, open Open) {
	a, b := two(t, open)
	ctx := t.Context()
	if all, err := a.Told(ctx); err != nil || len(all) != 0 {
		t.Fatalf("told of nothing: got %v, %v", all, err)
	}
	tokyo := state.Told{Name: "tokyo", By: map[string]string{"sns": "ok|1"}, Issue: "INFRA-1"}
	is(t, "tell", a.PutTold(ctx, tokyo), nil)
	tokyo.By["log"] = "failed|2"
	is(t, "tell more", b.PutTold(ctx, tokyo), nil)
	all, err := a.Told(ctx)
	if got := all["tokyo"]; err != nil || len(all) != 1 || !reflect.DeepEqual(got.By, tokyo.By) || got.Issue != "INFRA-1" {
		t.Fatalf("told: got %+v, %v", all, err)
	}
	if got, err := a.Telling(ctx); err != nil || !got.Since.IsZero() {
		t.Fatalf("telling of nothing: got %+v, %v", got, err)
	}
	is(t, "pull requests", b.PutTelling(ctx, state.Telling{Since: someday, Last: []int{3, 4}}), nil)
	if got, err := a.Telling(ctx); err != nil || !got.Since.Equal(someday) || !reflect.DeepEqual(got.Last, []int{3, 4}) {
		t.Fatalf("telling: got %+v, %v", got, err)
	}
}
