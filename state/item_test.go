package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// FuzzDecode checks that any stored value either decodes and encodes again to the same
// value, or gives an error of a known kind that names the key.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"schema":1,"rev":1,"generation":3,"commit":"c1","env":["TF_VAR_a"],"next_at":"2026-11-23T12:00:00Z"}`,
		`{"schema":1,"rev":1,"name":"tokyo","identity":"s3://b/k","trace":{"env/tokyo":"040000:1","//rules":"1"},"attempt":{"trace":{},"process":{"pid":7}}}`,
		`{"schema":1,"name":"tokyo","kind":"suspended"}`,
		`{"schema":1,"id":"r","workspaces":[{"name":"tokyo","stale":["a"]}],"expires":4102444800}`,
		`{"schema":1,"identity":"s3://b/k","token":1,"dead":[{"run":"r","process":{}}]}`,
		`{"schema":2,"rev":"other"}`, `{}`, `null`, `[]`, `"x"`, `{`, `{"schema":1e0}`, `{"schema":1,"rev":-1}`,
	} {
		f.Add([]byte(seed), "HEAD")
		f.Add([]byte(seed), "WS#tokyo")
		f.Add([]byte(seed), "s3://b/k")
	}
	f.Fuzz(func(t *testing.T, value []byte, sk string) {
		item := Item{Key: Key{PK: "record", SK: sk}, Value: value}
		assertRoundTrip[Head](t, item)
		assertRoundTrip[Workspace](t, item)
		assertRoundTrip[Hold](t, item)
		assertRoundTrip[Run](t, item)
		assertRoundTrip[LeaseItem](t, item)
	})
}

func assertRoundTrip[T storable](t *testing.T, item Item) {
	var v, decoded T
	if err := decode(item, &v); err != nil {
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) && !errors.Is(err, ErrNewerSchema) || !strings.Contains(err.Error(), item.Key.SK) {
			t.Fatalf("error of no known kind: %v", err)
		}
		return
	}
	first, err := encode(v)
	if err != nil {
		t.Fatalf("decoded, but not encoded: %v", err)
	}
	if err := decode(Item{Key: item.Key, Value: first}, &decoded); err != nil {
		t.Fatalf("encoded, but not decoded: %v", err)
	}
	if second, err := encode(decoded); err != nil || !bytes.Equal(first, second) {
		t.Fatalf("encoded otherwise: %s and %s, %v", first, second, err)
	}
}

// storedWorkspace is an item with every field, as an earlier version wrote it; that version
// had neither why nor approval nor teardown nor rollouts nor kept outputs nor former names nor
// successors, and knew less of an attempt.
const storedWorkspace = `{"schema":1,"rev":2,"name":"tokyo","path":"env/tokyo","identity":"s3://b/k","reads":["s3://b/c",""],"depends_on":["common"],"former_names":["edo"],"former_identities":["s3://b/old"],"successors":["kyoto"],` +
	`"trace":{"//rules":"1","env/tokyo":"040000:1"},"epoch":1,"commit":"c","run":"r",` +
	`"attempt":{"commit":"日本","run":"r","plan_digest":"d","process":{"host":"h","boot":"b","pid":7,"start":"5"},"started_at":"2026-11-23T12:00:00+09:00","first":true,"directory":"040000:1","former":["s3://b/old"],"former_reads":["s3://b/c"],"former_depends_on":["common"],"state":{"lineage":"l","serial":2}},` +
	`"at":"1970-01-01T00:00:01.000000005Z","state":{"lineage":"l","serial":3},"outcome":"failed","error":"e \u003c \"q\"\n","changes":{"add":1,"change":2,"destroy":3,"replace":-4},` +
	`"risk":"loss","digest":"d","why":"y","approval":{"digest":"d","risk":"loss","by":"ann","at":"1970-01-01T00:00:04Z","until":"1970-01-01T00:00:05Z"},"waiting":{"a":"1"},"teardown":{"commit":"c","readers":["app"],"outputs":["o"]},` +
	`"rollout":{"run":"r","commit":"c","inputs":"i","target":"d","risk":"update","allowed":[{"address":"a","action":"update"}],"strategy":{"variable":"p","steps":[50,100],"soak_ms":[1,2],"alarms":["x"],"quiet":["x"],"on_alarm":"abort","role":"o"},"phase":"soaking","since":"1970-01-01T00:00:06Z","began_at":"1970-01-01T00:00:05Z","number":50,"next":50,"good":0,"back":0,"applied":[50],"in_flight":true,"goes_on":"j","reason":"w","by":"ann","outputs":{"shares":"{}"},"end_outputs":{"shares":"{}"},"verdicts":[{"at":"1970-01-01T00:00:06Z","number":50,"text":"t","by":"ann"}]},` +
	`"last_rollout":{"run":"r","commit":"c","inputs":"i","target":"d","risk":"update","allowed":[{"address":"a","action":"update"}],"strategy":{"variable":"p","steps":[50,100],"soak_ms":[1,2],"alarms":["x"],"quiet":["x"],"on_alarm":"abort","role":"o"},"phase":"soaking","since":"1970-01-01T00:00:06Z","began_at":"1970-01-01T00:00:05Z","number":50,"next":50,"good":0,"back":0,"applied":[50],"in_flight":true,"goes_on":"j","reason":"w","by":"ann","outputs":{"shares":"{}"},"end_outputs":{"shares":"{}"},"verdicts":[{"at":"1970-01-01T00:00:06Z","number":50,"text":"t","by":"ann"}]},"outputs_digest":"k:1","outputs_unknown":true,"sensitive":["h"],"counter":123456789012345678,"kept_outputs":{"shares":"{}"},` +
	`"drift":{"at":"1970-01-01T00:00:03Z","found":true,"changes":{"add":0,"change":1,"destroy":0,"replace":0},"digest":"p","run":"s"},` +
	`"failures":1,"retry_at":"1970-01-01T00:00:02Z","terraform":"1.5","lock_file":"l","removed":true,"parts":2,"parts_sum":"s"}`

// What an earlier version stored is read as that version read it, with encoding/json, and
// written in the same form.
func TestStoredWorkspace(t *testing.T) {
	t.Parallel()
	var want Workspace
	if err := json.Unmarshal([]byte(storedWorkspace), &want); err != nil {
		t.Fatal(err)
	}
	fields := reflect.ValueOf(want)
	for i := range fields.NumField() {
		if fields.Field(i).IsZero() {
			t.Errorf("the item has no field %s", fields.Type().Field(i).Name)
		}
	}
	var got Workspace
	err := decode(Item{Key: Key{PK: "record", SK: "WS#tokyo"}, Value: []byte(storedWorkspace)}, &got)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("read %+v, want %+v, %v", got, want, err)
	}
	if written, err := encode(got); err != nil || string(written) != storedWorkspace {
		t.Errorf("written: %s, want %s, %v", written, storedWorkspace, err)
	}
}

// The earlier version stored the whole approval with a workspace. Such an item is read.
func TestApprovalOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	const now = `"approval":{"digest":"d",`
	const before = `"approval":{"schema":1,"workspace":"tokyo","expires":1,"comment":{"pull_request":7,"id":1,"user":9,"hash":"h"},"digest":"d",`
	var ws Workspace
	err := decode(Item{Key: Key{PK: "record", SK: "WS#tokyo"}, Value: []byte(strings.Replace(storedWorkspace, now, before, 1))}, &ws)
	if written, _ := encode(ws); err != nil || string(written) != storedWorkspace {
		t.Errorf("read %s, %v", written, err)
	}
}

// The earlier version stored a workspace's inputs in its attempt and in the inputs of its
// waiting plan as well. Such an item is read, and the next write drops these copies.
func TestWorkspaceOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	const before = `{"schema":1,"rev":4,"name":"tokyo","path":"env/tokyo","identity":"s3://b/k","trace":{"env/tokyo":"040000:1"},` +
		`"attempt":{"trace":{"env/tokyo":"040000:2"},"commit":"c2","run":"r"},"waiting":{"env/tokyo":"040000:2","//gate":"g"},"outcome":"failed"}`
	var ws Workspace
	err := decode(Item{Key: Key{PK: "record", SK: "WS#tokyo"}, Value: []byte(before)}, &ws)
	if err != nil || ws.Attempt == nil || ws.Attempt.Commit != "c2" || ws.Trace["env/tokyo"] != "040000:1" || len(ws.PendingInputs) != 2 {
		t.Fatalf("read: %+v, %v", ws, err)
	}
	ws.PendingInputs = nil
	ops, _, err := New(nil, "record", Options{}).workspaceOps(ws)
	if err != nil || len(ops) != 1 || strings.Contains(string(ops[0].Put), "040000:2") {
		t.Errorf("written: %s, %v", ops[0].Put, err)
	}
}
