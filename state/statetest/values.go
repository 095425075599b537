package statetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"reconcile/state"
)

func testLists(t *testing.T, open Open) {
	f := newFixture(t, open)
	names := []string{"A", "WS", "WS#", "WS#a", "WS#a/b", "WS#a b", "WS#b", "WS#é", "WS#日本", "WS#\U0001F600", "WT", "a"}
	for _, name := range names {
		f.write(put(key("p", name), fmt.Sprintf(`{"name":%q}`, name)))
	}
	f.write(put(key("p2", "WS#c"), `{}`))
	for _, prefix := range []string{"", "WS#", "WS#a", "WS", "none", "WS#日本"} {
		var want []string
		for _, name := range names {
			if strings.HasPrefix(name, prefix) {
				want = append(want, name)
			}
		}
		slices.Sort(want)
		got, err := ListItems(t.Context(), f.store, "p", prefix)
		if err != nil || !slices.Equal(want, sortKeys(got)) {
			t.Errorf("list %q: got %q, %v, want %q", prefix, sortKeys(got), err, want)
		}
		slices.Reverse(want)
		for _, limit := range []int{0, 1, 3, 100} {
			got, err := f.store.ListLast(t.Context(), "p", prefix, limit)
			if first := want[:min(limit, len(want))]; err != nil || !slices.Equal(first, sortKeys(got)) {
				t.Errorf("last %d of %q: got %q, %v, want %q", limit, prefix, sortKeys(got), err, first)
			}
		}
	}
	got, err := ListItems(t.Context(), f.store, "p", "WS#日本")
	if err != nil || len(got) != 1 || got[0].Key != key("p", "WS#日本") || !sameJSON(t, got[0].Value, []byte(`{"name":"WS#日本"}`)) {
		t.Errorf("list: got %v, %v", got, err)
	}
	if got, err := ListItems(t.Context(), f.store, "nothing", ""); err != nil || len(got) != 0 {
		t.Errorf("list of nothing: got %v, %v", got, err)
	}
}

func sortKeys(items []state.Item) []string {
	var keys []string
	for _, item := range items {
		keys = append(keys, item.Key.SK)
	}
	return keys
}

func testValues(t *testing.T, open Open) {
	f := newFixture(t, open)
	for i, value := range []string{
		`{}`,
		`{"empty":"","null":null,"list":[],"object":{},"nested":{"list":[{"a":[1,"x",null,false]}]}}`,
		`{"n":9223372036854775807,"m":-9223372036854775808,"zero":0}`,
		`{"text":"日本語 \"quoted\" \\ \n\t\u0000 <&> \u2028 😀"}`,
		`{"expires":4102444800,"list":[1,2,3],"name":"x","key":"y","value":"z"}`,
	} {
		k := key("p", fmt.Sprint(i))
		f.write(put(k, value))
		f.assertStored(k, value)
	}
}

func testLarge(t *testing.T, open Open) {
	f := newFixture(t, open)
	value := fmt.Sprintf(`{"text":%q}`, strings.Repeat("x", state.MaxValue-100))
	const n = 5 // more than DynamoDB answers in one page
	for i := range n {
		f.write(put(key("p", fmt.Sprint(i)), value))
	}
	f.assertStored(key("p", "0"), value)
	if got, err := ListItems(t.Context(), f.store, "p", ""); err != nil || len(got) != n || len(got[n-1].Value) != len(value) {
		t.Errorf("list: got %d items, %v, want %d", len(got), err, n)
	}
	if got, err := f.store.ListLast(t.Context(), "p", "", n-1); err != nil || len(got) != n-1 || got[0].Key.SK != "4" {
		t.Errorf("last: got %q, %v", sortKeys(got), err)
	}
}

func testRefusals(t *testing.T, open Open) {
	f := newFixture(t, open)
	a := key("p", "a")
	many := make([]state.Op, state.MaxOps+1)
	for i := range many {
		many[i] = put(key("p", fmt.Sprint(i)), `{}`)
	}
	for name, ops := range map[string][]state.Op{
		"no ops":         nil,
		"too many":       many,
		"one key twice":  {put(a, `{}`), {Key: a, Delete: true}},
		"no pk":          {put(key("", "a"), `{}`)},
		"no sk":          {put(key("p", ""), `{}`)},
		"long sk":        {put(key("p", strings.Repeat("x", 1025)), `{}`)},
		"nothing to do":  {{Key: a}},
		"put and delete": {{Key: a, Put: json.RawMessage(`{}`), Delete: true}},
		"no object":      {put(a, `[]`)},
		"null":           {put(a, `null`)},
		"empty":          {put(a, ``)},
		"too large":      {put(a, fmt.Sprintf(`{"x":%q}`, strings.Repeat("x", 400<<10)))},
	} {
		if err := f.store.Write(t.Context(), ops...); !errors.Is(err, state.ErrNotWritten) {
			t.Errorf("%s: got %v, want ErrNotWritten", name, err)
		}
	}
	f.assertStored(a, "")
}

func testCancelled(t *testing.T, open Open) {
	f := newFixture(t, open)
	f.write(put(key("p", "a"), `{}`))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, getErr := f.store.Get(ctx, key("p", "a"))
	_, listErr := ListItems(ctx, f.store, "p", "")
	writeErr := f.store.Write(ctx, put(key("p", "b"), `{}`))
	for call, err := range map[string]error{"get": getErr, "list": listErr, "write": writeErr} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", call, err)
		}
	}
	f.assertStored(key("p", "b"), "")
}
