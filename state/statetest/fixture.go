package statetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"reconcile/state"
)

func key(pk, sk string) state.Key { return state.Key{PK: pk, SK: sk} }

func put(k state.Key, value string) state.Op { return state.Op{Key: k, Put: json.RawMessage(value)} }

func (f *fixture) write(ops ...state.Op) {
	f.t.Helper()
	if err := f.store.Write(f.t.Context(), ops...); err != nil {
		f.t.Fatalf("write: %v", err)
	}
}

// assertWriteError asserts that a write fails with want.
func (f *fixture) assertWriteError(want error, ops ...state.Op) {
	f.t.Helper()
	if err := f.store.Write(f.t.Context(), ops...); !errors.Is(err, want) {
		f.t.Fatalf("write: got error %v, want %v", err, want)
	}
}

// assertStored asserts the value under a key; "" stands for no item.
func (f *fixture) assertStored(k state.Key, want string) {
	f.t.Helper()
	got, err := f.store.Get(f.t.Context(), k)
	if want == "" {
		if !errors.Is(err, state.ErrNotFound) {
			f.t.Fatalf("get %v: got %s, %v, want ErrNotFound", k, got, err)
		}
		return
	}
	if err != nil || !sameJSON(f.t, got, []byte(want)) {
		f.t.Fatalf("get %v: got %s, %v, want %s", k, got, err, want)
	}
}

// fixture is a handle on the store under test, in a test.
type fixture struct {
	t     *testing.T
	store state.Store
}

func newFixture(t *testing.T, open Open) *fixture { return &fixture{t, open()} }

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	return reflect.DeepEqual(parse(t, a), parse(t, b))
}

// parse preserves the digits of numbers.
func parse(t *testing.T, data []byte) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("not JSON: %v: %.200s", err, data)
	}
	return v
}

func testItems(t *testing.T, open Open) {
	f, other := newFixture(t, open), newFixture(t, open)
	a := key("p", "a")
	f.assertStored(a, "")
	f.write(put(a, `{"n":1}`))
	other.assertStored(a, `{"n":1}`)
	other.write(put(a, `{"m":2}`)) // replaced whole
	f.assertStored(a, `{"m":2}`)
	f.assertStored(key("q", "a"), "")
	f.write(state.Op{Key: a, Delete: true})
	other.assertStored(a, "")
	f.write(state.Op{Key: a, Delete: true}) // twice is fine
	if err := f.store.Close(); err != nil {
		t.Fatal(err)
	}
	other.assertStored(a, "")
}

func testConditions(t *testing.T, open Open) {
	f := newFixture(t, open)
	there, missing := key("p", "there"), key("p", "missing")
	value := `{"s":"x","empty":"","n":9007199254740993,"zero":0,"yes":true,"null":null,"status":"reserved word","o":{"s":"x"}}`
	f.write(put(there, value))
	equal := func(pairs ...any) state.Cond {
		c := state.Cond{Equal: map[string]any{}}
		for i := 0; i < len(pairs); i += 2 {
			c.Equal[pairs[i].(string)] = pairs[i+1]
		}
		return c
	}
	for _, c := range []struct {
		name  string
		key   state.Key
		cond  state.Cond
		holds bool
	}{
		{"absent", missing, state.Cond{Absent: true}, true},
		{"not absent", there, state.Cond{Absent: true}, false},
		{"string", there, equal("s", "x"), true},
		{"other string", there, equal("s", "y"), false},
		{"empty string", there, equal("empty", ""), true},
		{"number beyond a float's digits", there, equal("n", int64(9007199254740993)), true},
		{"its neighbour", there, equal("n", int64(9007199254740992)), false},
		{"zero", there, equal("zero", int64(0)), true},
		{"bool", there, equal("yes", true), true},
		{"other bool", there, equal("yes", false), false},
		{"reserved word", there, equal("status", "reserved word"), true},
		{"several", there, equal("s", "x", "yes", true), true},
		{"one of several", there, equal("s", "x", "yes", false), false},
		{"no such field", there, equal("t", "x"), false},
		{"no such field, empty", there, equal("t", ""), false},
		{"null is not empty", there, equal("null", ""), false},
		{"text is not a number", there, equal("s", int64(0)), false},
		{"number is not text", there, equal("zero", "0"), false},
		{"field of a field", there, equal("o", "x"), false},
		{"field of no item", missing, equal("s", "x"), false},
	} {
		want := state.ErrConflict
		if c.holds {
			want = nil
		}
		if err := f.store.Write(t.Context(), state.Op{Key: c.key, If: c.cond}); !errors.Is(err, want) {
			t.Errorf("%s: checked: got %v, want %v", c.name, err, want)
		}
		mark := key("marks", c.name)
		err := f.store.Write(t.Context(), state.Op{Key: c.key, If: c.cond}, put(mark, `{}`))
		if _, getErr := f.store.Get(t.Context(), mark); !errors.Is(err, want) || (getErr == nil) != c.holds {
			t.Errorf("%s: with a put: got %v, want %v; the put: %v", c.name, err, want, getErr)
		}
	}
	f.assertStored(there, value)
	f.assertWriteError(state.ErrConflict, state.Op{Key: there, If: equal("s", "y"), Delete: true})
	f.assertWriteError(state.ErrConflict, state.Op{Key: there, If: state.Cond{Absent: true}, Put: json.RawMessage(`{}`)})
	f.assertWriteError(state.ErrNotWritten, state.Op{Key: there, If: equal("s", 1.5)})
	f.write(state.Op{Key: there, If: equal("s", "x"), Put: json.RawMessage(`{"s":"y"}`)})
	f.write(state.Op{Key: there, If: equal("s", "y"), Delete: true})
	f.assertStored(there, "")
}

// All ops of a write happen, or none.
func testAtomicWrites(t *testing.T, open Open) {
	f := newFixture(t, open)
	a, b, c := key("p", "a"), key("q", "b"), key("p", "c")
	f.write(put(a, `{"v":1}`), put(b, `{"v":1}`))
	f.assertWriteError(state.ErrConflict, put(a, `{"v":2}`), state.Op{Key: b, Delete: true}, state.Op{Key: c, If: state.Cond{Equal: map[string]any{"v": int64(1)}}})
	f.assertStored(a, `{"v":1}`)
	f.assertStored(b, `{"v":1}`)
	f.write(put(a, `{"v":2}`), state.Op{Key: b, Delete: true}, state.Op{Key: c, If: state.Cond{Absent: true}})
	f.assertStored(a, `{"v":2}`)
	f.assertStored(b, "")
	var many []state.Op
	for i := range state.MaxOps {
		many = append(many, put(key("many", fmt.Sprint(i)), `{}`))
	}
	f.write(many...)
	many[99].If = state.Cond{Equal: map[string]any{"v": true}}
	for i := range many {
		many[i].Put = json.RawMessage(`{"again":true}`)
	}
	f.assertWriteError(state.ErrConflict, many...)
	f.assertStored(key("many", "0"), `{}`)
}

// Many writers that compare and set lose no update.
func testConcurrency(t *testing.T, open Open) {
	const writers, each = 8, 10
	k := key("p", "counter")
	newFixture(t, open).write(put(k, `{"n":0}`))
	var wg sync.WaitGroup
	for range writers {
		f := newFixture(t, open)
		wg.Go(func() {
			for range each {
				if err := increment(t.Context(), f.store, k); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	newFixture(t, open).assertStored(k, fmt.Sprintf(`{"n":%d}`, writers*each))
}

// increment adds one to an item's field n by compare-and-set.
func increment(ctx context.Context, store state.Store, k state.Key) error {
	for {
		value, err := store.Get(ctx, k)
		if err != nil {
			return err
		}
		var counter struct{ N int64 }
		if err := json.Unmarshal(value, &counter); err != nil {
			return err
		}
		err = store.Write(ctx, state.Op{
			Key: k, If: state.Cond{Equal: map[string]any{"n": counter.N}},
			Put: fmt.Appendf(nil, `{"n":%d}`, counter.N+1),
		})
		if !errors.Is(err, state.ErrConflict) {
			return err
		}
	}
}
