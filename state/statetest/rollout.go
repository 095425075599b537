package statetest

import (
	"testing"

	"reconcile/state"
)

// testRolloutOrders: an order stops the write of a pass that has not read it, and is followed
// once.
func testRolloutOrders(t *testing.T, open Open) {
	a, b := twoRunners(t, open)
	ctx := t.Context()
	head := a.adoptSettled("c1")
	request := a.leaseRequest()
	request.Generation = head.Generation
	l, err := a.record.Acquire(ctx, request)
	assertErr(t, "acquire", err, nil)
	t.Cleanup(l.Abandon)
	rollout := &state.Rollout{Run: "run-a", Commit: "c1", Phase: state.RolloutSoaking, Since: testTime, BeganAt: testTime}
	write := func(w state.RolloutWrite) error {
		ws := a.readTokyo()
		ws.Name, ws.Rollout = "tokyo", rollout
		return l.WriteRollout(ctx, ws, w)
	}
	assertErr(t, "begin", write(state.RolloutWrite{Begin: true}), nil)
	if got := b.readTokyo().Rollout; got == nil || got.Run != "run-a" {
		t.Fatalf("the rollout is %+v", got)
	}

	assertErr(t, "order", b.record.PlaceRolloutOrder(ctx, state.RolloutOrder{Workspace: "tokyo", Rollout: "run-a", Kind: state.RolloutPause, By: "ann"}), nil)
	if head, err = b.record.Head(ctx); err != nil || head.Settled {
		t.Fatalf("an order leaves the head settled: %+v, %v", head, err)
	}
	assertErr(t, "write without having read it", write(state.RolloutWrite{}), state.ErrOrderChanged)
	order, err := a.record.RolloutOrder(ctx, "tokyo")
	if err != nil || order == nil || order.By != "ann" || order.At.IsZero() {
		t.Fatalf("the order is %+v, %v", order, err)
	}
	assertErr(t, "write, and leave it", write(state.RolloutWrite{Order: order}), nil)
	assertErr(t, "another order", b.record.PlaceRolloutOrder(ctx, state.RolloutOrder{Workspace: "tokyo", Rollout: "run-a", Kind: state.RolloutAbort, By: "bob"}), nil)
	assertErr(t, "follow the first", write(state.RolloutWrite{Order: order, Follow: true}), state.ErrOrderChanged)
	orders, err := a.record.RolloutOrders(ctx)
	if err != nil || orders["tokyo"].Kind != state.RolloutAbort {
		t.Fatalf("the orders are %+v, %v", orders, err)
	}
	hold := &state.Hold{Name: "tokyo", Kind: state.Recovery, Reason: "undone", PlacedAt: testTime}
	last := orders["tokyo"]
	assertErr(t, "follow the second", write(state.RolloutWrite{Order: &last, Follow: true, Hold: hold}), nil)
	if order, err = b.record.RolloutOrder(ctx, "tokyo"); err != nil || order != nil {
		t.Fatalf("followed, and still there: %+v, %v", order, err)
	}
	if holds, err := b.record.Holds(ctx); err != nil || holds["tokyo"].Reason != "undone" {
		t.Fatalf("the holds are %+v, %v", holds, err)
	}

	// A tip that was adopted meanwhile stops what would begin, and nothing else.
	b.adopt("c2")
	assertErr(t, "begin at an old tip", write(state.RolloutWrite{Begin: true}), state.ErrTipMoved)
	assertErr(t, "write at an old tip", write(state.RolloutWrite{}), nil)
}
