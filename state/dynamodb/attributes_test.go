package dynamodb

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"reconcile/state"
)

// FuzzAttributes checks that an object survives the way through its attributes unchanged.
func FuzzAttributes(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1,"b":"x","c":[null,true,{"d":-0.5e3}],"":""}`, `{"n":9223372036854775807}`, `{"a":"\u0000<&>"}`, `[]`, `null`, `{} {}`, `{"pk":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		item := state.Item{Key: state.Key{PK: "p", SK: "s"}, Value: value}
		all, err := toAttributes(item)
		if err != nil {
			return
		}
		back, err := fromAttributes(all)
		if err != nil || back.Key != item.Key || !reflect.DeepEqual(parse(t, back.Value), parse(t, value)) {
			t.Fatalf("%q became %q, %v", value, back.Value, err)
		}
	})
}

func parse(t *testing.T, value []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("not JSON: %v: %q", err, value)
	}
	return v
}
