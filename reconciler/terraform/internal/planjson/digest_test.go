package planjson_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/internal/plandigest"
	"reconcile/reconciler/terraform/internal/planjson"
)

// database is a plan that changes a database in place. The arguments are what a refresh
// moves, and the new class.
const database = `{
  "address": "aws_db_instance.this", "mode": "managed", "type": "aws_db_instance", "name": "this", "provider_name": "registry.terraform.io/hashicorp/aws",
  "change": {
    "actions": ["update"],
    "before": {"id": "db-1", "instance_class": "a", "latest_restorable_time": %[1]q, "replicas": ["r1", {"at": %[1]q}], "password": "s", "status": "up"},
    "after": {"id": "db-1", "instance_class": %[2]q, "latest_restorable_time": %[1]q, "replicas": ["r1", {"at": %[1]q}], "password": "t"},
    "after_unknown": {"status": true, "replicas": [false, {}]},
    "before_sensitive": {"password": true}, "after_sensitive": {"password": true}
  }
}`

var basis = planjson.Basis{KeyID: "k1", Key: []byte("key"), Lineage: "a", ApplyRole: "apply"}

func parse(t *testing.T, changes ...string) *tfjson.Plan {
	t.Helper()
	plan := new(tfjson.Plan)
	plan.UseJSONNumber(true)
	if err := json.Unmarshal([]byte(`{"format_version": "1.2", "resource_changes": [`+strings.Join(changes, ",")+`]}`), plan); err != nil {
		t.Fatal(err)
	}
	return plan
}

func digest(plan *tfjson.Plan) plandigest.Digest {
	return planjson.FindDifference(plan, planjson.RootModule{}).Digest(basis)
}

// A value that a refresh moved is in every plan of the resource. It is no effect.
func TestDigestLeavesOutWhatARefreshMoved(t *testing.T) {
	t.Parallel()
	first := digest(parse(t, fmt.Sprintf(database, "10:00", "b")))
	if later := digest(parse(t, fmt.Sprintf(database, "10:05", "b"))); later != first {
		t.Errorf("five minutes later %s is %s", first, later)
	}
	if other := digest(parse(t, fmt.Sprintf(database, "10:00", "c"))); other == first {
		t.Error("another class has the same digest")
	}
	for name, b := range map[string]planjson.Basis{
		"key": {KeyID: "k1", Key: []byte("other"), Lineage: "a", ApplyRole: "apply"}, "key's id": {KeyID: "k2", Key: basis.Key, Lineage: "a", ApplyRole: "apply"},
		"lineage": {KeyID: "k1", Key: basis.Key, Lineage: "b", ApplyRole: "apply"}, "role": {KeyID: "k1", Key: basis.Key, Lineage: "a"},
	} {
		if planjson.FindDifference(parse(t, fmt.Sprintf(database, "10:00", "b")), planjson.RootModule{}).Digest(b) == first {
			t.Errorf("another %s has the same digest", name)
		}
	}
	move := `{"address": "aws_x.b", "previous_address": "aws_x.a", "change": {"actions": ["no-op"], "before": {"id": "1", "at": %[1]q}, "after": {"id": "1", "at": %[1]q}}}`
	if digest(parse(t, fmt.Sprintf(move, "10:00"))) != digest(parse(t, fmt.Sprintf(move, "10:05"))) {
		t.Error("a move has two digests")
	}
	remove := `{"address": "aws_x.a", "change": {"actions": ["delete"], "before": {"id": "1", "at": %q}, "after": null}}`
	if digest(parse(t, fmt.Sprintf(remove, "10:00"))) != digest(parse(t, fmt.Sprintf(remove, "10:05"))) {
		t.Error("a removal has two digests")
	}
}

// effects are changes that no two have the same effect.
var effects = map[string]string{
	"create":              `{"address": "x", "change": {"actions": ["create"], "before": null, "after": {"a": 1, "l": ["p"]}, "after_unknown": {"id": true}}}`,
	"create, id known":    `{"address": "x", "change": {"actions": ["create"], "before": null, "after": {"a": 1, "l": ["p"], "id": "1"}, "after_unknown": {}}}`,
	"create elsewhere":    `{"address": "y", "change": {"actions": ["create"], "before": null, "after": {"a": 1, "l": ["p"]}, "after_unknown": {"id": true}}}`,
	"by another provider": `{"address": "x", "provider_name": "evil/aws", "change": {"actions": ["create"], "before": null, "after": {"a": 1, "l": ["p"]}, "after_unknown": {"id": true}}}`,
	"part unknown":        `{"address": "x", "change": {"actions": ["create"], "before": null, "after": {"a": 1, "l": []}, "after_unknown": {"id": true, "l": [true]}}}`,
	"null":                `{"address": "x", "change": {"actions": ["create"], "before": null, "after": {"a": 1, "l": null}, "after_unknown": {"id": true}}}`,
	"empty":               `{"address": "x", "change": {"actions": ["create"], "before": null, "after": {"a": 1, "l": []}, "after_unknown": {"id": true}}}`,
	"delete":              `{"address": "x", "change": {"actions": ["delete"], "before": {"id": "1", "a": 1}, "after": null}}`,
	"delete another":      `{"address": "x", "change": {"actions": ["delete"], "before": {"id": "2", "a": 1}, "after": null}}`,
	"deposed":             `{"address": "x", "deposed": "d", "change": {"actions": ["delete"], "before": {"id": "1", "a": 1}, "after": null}}`,
	"forget":              `{"address": "x", "change": {"actions": ["forget"], "before": {"id": "1", "a": 1}, "after": null}}`,
	"replace":             `{"address": "x", "change": {"actions": ["delete", "create"], "before": {"id": "1", "a": 1}, "after": {"a": 2}, "after_unknown": {"id": true}, "replace_paths": [["a"]]}}`,
	"replace, other way":  `{"address": "x", "change": {"actions": ["create", "delete"], "before": {"id": "1", "a": 1}, "after": {"a": 2}, "after_unknown": {"id": true}, "replace_paths": [["a"]]}}`,
	"replace another":     `{"address": "x", "change": {"actions": ["delete", "create"], "before": {"id": "2", "a": 1}, "after": {"a": 2}, "after_unknown": {"id": true}, "replace_paths": [["a"]]}}`,
	"replace, other path": `{"address": "x", "change": {"actions": ["delete", "create"], "before": {"id": "1", "a": 1}, "after": {"a": 2}, "after_unknown": {"id": true}, "replace_paths": [["b"]]}}`,
	"replace, other new":  `{"address": "x", "change": {"actions": ["delete", "create"], "before": {"id": "1", "a": 1}, "after": {"a": 3}, "after_unknown": {"id": true}, "replace_paths": [["a"]]}}`,
	"import":              `{"address": "x", "change": {"actions": ["no-op"], "before": {"id": "1"}, "after": {"id": "1"}, "importing": {"id": "1"}}}`,
	"move":                `{"address": "x", "previous_address": "w", "change": {"actions": ["no-op"], "before": {"id": "1"}, "after": {"id": "1"}}}`,
	"update":              `{"address": "x", "change": {"actions": ["update"], "before": {"id": "1", "l": ["p", "q"]}, "after": {"id": "1", "l": ["q", "p"]}}}`,
	"shorter":             `{"address": "x", "change": {"actions": ["update"], "before": {"id": "1", "l": ["p", "q"]}, "after": {"id": "1", "l": ["p"]}}}`,
	"emptied":             `{"address": "x", "change": {"actions": ["update"], "before": {"id": "1", "l": ["q"]}, "after": {"id": "1", "l": []}}}`,
	"nullified":           `{"address": "x", "change": {"actions": ["update"], "before": {"id": "1", "l": ["q"]}, "after": {"id": "1", "l": null}}}`,
	"unknown":             `{"address": "x", "change": {"actions": ["update"], "before": {"id": "1", "l": ["q"]}, "after": {"id": "1"}, "after_unknown": {"l": true}}}`,
	"update of another":   `{"address": "x", "change": {"actions": ["update"], "before": {"id": "2", "l": ["q"]}, "after": {"id": "2", "l": []}}}`,
	"number":              `{"address": "x", "change": {"actions": ["update"], "before": {"id": "1", "n": 12345678901234567890}, "after": {"id": "1", "n": 12345678901234567891}}}`,
	"text":                `{"address": "x", "change": {"actions": ["update"], "before": {"id": "1", "n": 12345678901234567890}, "after": {"id": "1", "n": "12345678901234567891"}}}`,
	"hidden":              `{"address": "x", "change": {"actions": ["update"], "before": {"id": "1"}, "after": {"id": "1"}, "before_sensitive": {}, "after_sensitive": {"id": true}}}`,
	"nothing":             `{"address": "x", "change": {"actions": ["no-op"], "before": {"id": "1"}, "after": {"id": "1"}}}`,
}

func TestDigestTellsEffectsApart(t *testing.T) {
	t.Parallel()
	seen := map[plandigest.Digest]string{}
	for _, name := range slices.Sorted(maps.Keys(effects)) {
		d := digest(parse(t, effects[name]))
		if other, known := seen[d]; known {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[d] = name
		if also := digest(parse(t, effects["nothing"], effects[name])); also != d {
			t.Errorf("%s: an unchanged resource beside it counts", name)
		}
	}
}

// TestDigestOfEveryField changes each known value of a plan, one after the other: those
// that the plan changes alter the digest.
func TestDigestOfEveryField(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf(database, "10:00", "b")
	first := digest(parse(t, text))
	for from, to := range map[string]string{
		`"address": "aws_db`: `"address": "module.m.aws_db`, `hashicorp/aws`: `other/aws`, `["update"]`: `["delete", "create"]`,
		`"id": "db-1", "instance_class": "a"`: `"id": "db-2", "instance_class": "a"`, `"instance_class": "a"`: `"instance_class": "z"`,
		`"instance_class": "b"`: `"instance_class": "z"`, `"password": "s"`: `"password": "z"`, `"password": "t"`: `"password": "z"`,
		`"status": true, `: ``, `"status": "up"`: `"status": "down"`, `[false, {}]`: `[true, {}]`, `"after": {"id": "db-1", `: `"after": {"id": "db-1", "new": 1, `,
		`"after_sensitive": {"password": true}`: `"after_sensitive": {}`,
	} {
		if !strings.Contains(text, from) {
			t.Fatalf("%s is not in the plan", from)
		}
		if digest(parse(t, strings.Replace(text, from, to, 1))) == first {
			t.Errorf("%s instead of %s has the same digest", to, from)
		}
	}
}

// Keys of addresses and paths are redacted, and stay distinct: an approval of one is none of another.
func TestDescribeRedactsKeys(t *testing.T) {
	t.Parallel()
	hide := func(text string) string { return strings.NewReplacer("word", "****", "secret", "****").Replace(text) }
	told := map[string]bool{}
	for _, address := range []string{`module.word["a.word"].x.word["x\"word"]`, `module.word["a.secret"].x.word["x\"word"]`} {
		redacted := basis.RedactAddress(address, hide)
		told[redacted] = true
		if !strings.HasPrefix(redacted, `module.word["a.**** `) || !strings.Contains(redacted, `"].x.word["x\"**** `) {
			t.Error(redacted)
		}
	}
	if len(told) != 2 || basis.RedactAddress(`a.word[0]`, hide) != `a.word[0]` {
		t.Errorf("%v", told)
	}
	plan := parse(t, fmt.Sprintf(database, "10:00", "b"))
	plan.ResourceChanges[0].Address = `a.b["word"]`
	plan.ResourceChanges[0].Change.Before.(map[string]any)["tags"] = map[string]any{"word": "old"}
	plan.ResourceChanges[0].Change.After.(map[string]any)["tags"] = map[string]any{"word": "new"}
	text, err := json.Marshal(planjson.FindDifference(plan, planjson.RootModule{}).Describe(basis, hide))
	if err != nil || bytes.Contains(text, []byte(`\"word`)) || bytes.Contains(text, []byte(".word")) || !bytes.Contains(text, []byte(`"tags.**** `)) {
		t.Errorf("%s, %v", text, err)
	}
}

// What the record keeps names every path, and no sensitive value.
func TestDescribe(t *testing.T) {
	t.Parallel()
	plan := parse(t, fmt.Sprintf(database, "10:00", "b"))
	plan.OutputChanges = map[string]*tfjson.Change{"o": {Actions: tfjson.Actions{tfjson.ActionCreate}, After: "word", BeforeSensitive: false, AfterSensitive: false}}
	kept := planjson.FindDifference(plan, planjson.RootModule{}).Describe(basis, func(text string) string { return strings.ReplaceAll(text, "word", "****") })
	var said []string
	for _, c := range kept.Changes {
		for _, a := range c.Attributes {
			said = append(said, fmt.Sprintf("%s %s: %s → %s", c.Address, a.Path, a.Before, a.After))
		}
	}
	want := []string{
		`aws_db_instance.this instance_class: "a" → "b"`, `aws_db_instance.this password: (sensitive) → (sensitive)`,
		`aws_db_instance.this status: "up" → (known after apply)`, `output.o : null → "****"`,
	}
	if !slices.Equal(said, want) {
		t.Errorf("kept\n%s", strings.Join(said, "\n"))
	}
	text, err := json.Marshal(kept)
	if err != nil || bytes.Contains(text, []byte(`"s"`)) || bytes.Contains(text, []byte(`"t"`)) {
		t.Errorf("%s, %v", text, err)
	}
}
