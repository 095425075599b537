package statetest

import (
	"errors"
	"strings"
	"testing"

	"reconcile/state"
)

// sampleItems returns a value for each kind of item, by key.
func sampleItems() map[state.Key]string {
	return map[state.Key]string{
		key("record", "HEAD"):     `{"schema":1,"rev":1}`,
		key("record", "WS#tokyo"): `{"schema":1,"rev":1,"name":"tokyo"}`,
		key("record", "HOLD#ap"):  `{"schema":1,"name":"ap","kind":"suspended"}`,
		key("record", "RUN#r"):    `{"schema":1,"id":"r"}`,
		key("LEASE", identity):    `{"schema":1,"identity":"` + identity + `","token":1}`,
	}
}

// callEverything calls every method that reads or writes, and returns the errors.
func callEverything(a *runner) map[string]error {
	ctx := a.t.Context()
	errs := map[string]error{}
	_, errs["head"] = a.record.Head(ctx)
	errs["unsettle"] = a.record.MarkUnsettled(ctx)
	_, errs["distrust"] = a.record.InvalidateTraces(ctx)
	_, errs["workspaces"] = a.record.Workspaces(ctx)
	_, _, errs["workspace"] = a.record.Workspace(ctx, "tokyo")
	_, errs["holds"] = a.record.Holds(ctx)
	errs["hold"] = a.record.PlaceHold(ctx, state.Hold{Name: "ap", Kind: state.Suspended})
	_, errs["lift"] = a.record.RemoveHold(ctx, "ap")
	_, errs["runs"] = a.record.Runs(ctx, 1)
	_, errs["run"] = a.record.FindRun(ctx, "r")
	_, errs["prune"] = a.record.PruneRuns(ctx, testTime)
	_, errs["leases"] = a.record.Leases(ctx)
	_, errs["acquire"] = a.record.Acquire(ctx, a.leaseRequest())
	_, errs["unlock"] = a.record.Unlock(ctx, identity)
	return errs
}

// An item of a newer schema is refused, and nothing is written.
func testNewerSchema(t *testing.T, open Open) {
	a, _ := twoRunners(t, open)
	f := newFixture(t, open)
	newer := map[state.Key]string{}
	for k, value := range sampleItems() {
		newer[k] = strings.Replace(value, `"schema":1`, `"schema":3,"rev":"counted otherwise","token":{"new":true}`, 1)
		f.write(put(k, newer[k]))
	}
	for call, err := range callEverything(a) {
		if !errors.Is(err, state.ErrNewerSchema) {
			t.Errorf("%s: got %v, want ErrNewer", call, err)
		}
	}
	for k, value := range newer {
		f.assertStored(k, value)
	}
}

// An item that this program cannot have written is an error that names it.
func testCorrupt(t *testing.T, open Open) {
	a, _ := twoRunners(t, open)
	f := newFixture(t, open)
	for k, value := range sampleItems() {
		for how, corrupted := range map[string]string{
			"no schema":       strings.Replace(value, `"schema":1,`, ``, 1),
			"schema 0":        strings.Replace(value, `"schema":1`, `"schema":0`, 1),
			"schema of text":  strings.Replace(value, `"schema":1`, `"schema":"1"`, 1),
			"empty":           `{}`,
			"wrong types":     strings.NewReplacer(`"rev":1`, `"rev":"1"`, `"kind":"suspended"`, `"kind":[]`, `"id":"r"`, `"id":{}`, `"token":1`, `"token":true`).Replace(value),
			"another's place": strings.NewReplacer(`"tokyo"`, `"kyoto"`, `"ap"`, `"bp"`, `"r"`, `"s"`, identity, identity+"2", `"rev":1`, `"rev":-1`).Replace(value),
		} {
			f.write(put(k, corrupted))
			found := 0
			for call, err := range callEverything(a) {
				var corrupt *state.CorruptError
				if errors.As(err, &corrupt) {
					found++
					if corrupt.Key != k || !strings.Contains(err.Error(), k.SK) {
						t.Errorf("%s of %s: %s: the error does not name it: %v", how, k.SK, call, err)
					}
				}
			}
			if found == 0 {
				t.Errorf("%s of %s: no call reported it: %s", how, k.SK, corrupted)
			}
			f.assertStored(k, corrupted)
		}
		f.write(state.Op{Key: k, Delete: true})
		for _, other := range []state.Key{key("record", "HEAD"), key("record", "HOLD#ap"), key("LEASE", identity)} {
			f.write(state.Op{Key: other, Delete: true})
		}
	}
}
