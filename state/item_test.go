package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
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
	v, err := decode[T](item)
	if err != nil {
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
	decoded, err := decode[T](Item{Key: item.Key, Value: first})
	if err != nil {
		t.Fatalf("encoded, but not decoded: %v", err)
	}
	if second, err := encode(decoded); err != nil || !bytes.Equal(first, second) {
		t.Fatalf("encoded otherwise: %s and %s, %v", first, second, err)
	}
}

// FuzzScan checks that scan reads what encoding/json reads.
func FuzzScan(f *testing.F) {
	whole := Workspace{
		Schema: 1, Rev: 2, Name: "tokyo", Path: "env/tokyo", Identity: "s3://b/k", Reads: []string{"s3://b/c", ""}, DependsOn: []string{"common"},
		Trace: Trace{"env/tokyo": "040000:1", "//rules": "1"}, Epoch: 1, Commit: "c", Run: "r", OutcomeAt: time.Unix(1, 5).UTC(),
		Attempt: &Attempt{Commit: "日本", Process: Process{PID: 7}, State: &TerraformState{}}, State: &TerraformState{Lineage: "l", Serial: 3}, Outcome: Failed, Error: "e", Changes: Changes{1, 2, 3, -4},
		Risk: "loss", PlanDigest: "d", PendingInputs: Trace{}, OutputsDigest: "k:1", ApplyCount: 123456789012345678,
		Drift: &Drift{CheckedAt: time.Unix(3, 0).UTC(), Found: true, Changes: Changes{Change: 1}, PlanDigest: "p", Run: "s"}, Failures: 1, RetryAt: time.Unix(2, 0).UTC(),
		TerraformVersion: "1.5", LockFileID: "l", Removed: true, Parts: 2, PartsSum: "s",
	}
	data, err := json.Marshal(whole)
	if err != nil {
		f.Fatal(err)
	}
	var scanned Workspace
	if !scanned.scan(data) {
		f.Fatalf("not scanned: %s", data)
	}
	for _, seed := range []string{
		string(data), `{}`, `{"trace":{}}`, `{"reads":[]}`, `{"reads":["a","b"],"name":"x"}`, `{"rev":01}`, `{"rev":-0}`, `{"name":"\u0041"}`,
		`{"at":"2026-11-23T12:00:00Z"}`, `{"at":"2026-11-23T12:00:00,5Z"}`, `{"at":"2026-1-2T12:00:00Z"}`, `{"removed":false}`, `{"drift":null}`, `{"drift":{"found":true},"drift":{"run":"r"}}`, `{"attempt":null}`, `{"state":null}`, `{"state":{"lineage":"l"},"state":{"serial":1}}`, `{"changes":{"add":1}}`,
		`{"name":"a",}`, `{"name":"a"}}`, `{ "name":"a"}`, `{"trace":{"a":"1","a":"2"}}`, `{"name":"a","name":"b"}`, `{"trace":{"a":"1"},"trace":{"b":"1"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var scanned, read Workspace
		if !scanned.scan(data) {
			return
		}
		if err := json.Unmarshal(data, &read); err != nil || !reflect.DeepEqual(scanned, read) {
			t.Fatalf("%q: scanned %+v, want %+v, %v", data, scanned, read, err)
		}
	})
}

// The earlier version stored a workspace's inputs in its attempt and in the inputs of its
// waiting plan as well. Such an item is read, and the next write drops these copies.
func TestWorkspaceOfTheVersionBefore(t *testing.T) {
	const before = `{"schema":1,"rev":4,"name":"tokyo","path":"env/tokyo","identity":"s3://b/k","trace":{"env/tokyo":"040000:1"},` +
		`"attempt":{"trace":{"env/tokyo":"040000:2"},"commit":"c2","run":"r"},"waiting":{"env/tokyo":"040000:2","//gate":"g"},"outcome":"failed"}`
	ws, err := decode[Workspace](Item{Key: Key{PK: "record", SK: "WS#tokyo"}, Value: []byte(before)})
	if err != nil || ws.Attempt == nil || ws.Attempt.Commit != "c2" || ws.Trace["env/tokyo"] != "040000:1" || len(ws.PendingInputs) != 2 {
		t.Fatalf("read: %+v, %v", ws, err)
	}
	ws.PendingInputs = nil
	ops, _, err := New(nil, "record", Options{}).workspaceOps(ws)
	if err != nil || len(ops) != 1 || strings.Contains(string(ops[0].Put), "040000:2") {
		t.Errorf("written: %s, %v", ops[0].Put, err)
	}
}
