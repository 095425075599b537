package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/doctor"
	"reconcile/cmd/reconcile/internal/scaffold"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/preview"
	"reconcile/reconciler/run"
)

// jsonKeys are the names of all fields of -o json. One thing has one name in all commands.
var jsonKeys = strings.Fields(`
	a action actions active add address affected after alarms allowed apply approval approvals arn
	at attempt b backend base before_merge began_at behind_since branch broken by change changes check checks
	column comment comment_id commit conflicts created criss_cross depends_on destroy detail differs digest drift
	drift_at drift_changes drift_digest drift_run drift_withheld drifted duration_ms end_ms
	ended_at entries epoch error errors exit file findings from from_snapshot gate generation go guard
	head help hint hold host identity ignored ignored_files inputs kind lease line location maybe
	name new next next_at number ok on_alarm opener order orphaned_state others outcome outputs
	overtaken path patterns permission_changes phase phases pid plan platform problem progressive pull_request
	pull_requests quiet readers reasons refused removed renamed replace repo retry_at
	rewritten risk risks rollout roots rows rule run settled severity shares since size skipped
	snapshot soak soak_ends stale start_ms started_at state steps subject suspended target
	teardown text tip tip_error title to top trigger undone unjudged unsure until updated_at valid values
	var_files variable verdicts version waiting warnings while_serving why withheld workspace
	workspaces
`)

// privateKeys are fields of the record that nobody outside needs.
var privateKeys = []string{"schema", "expires", "parts", "rev", "id"}

// TestJSONKeys checks the names of the fields that commands print.
func TestJSONKeys(t *testing.T) {
	for _, value := range []any{
		run.Result{}, inspect.Status{}, inspect.Graph{}, inspect.Changed{}, inspect.Validation{},
		preview.Round{}, scaffold.Findings{}, doctor.Result{}, runJSON{}, snapshotJSON{}, versionJSON{}, riskReport{},
	} {
		eachKey(reflect.TypeOf(value), map[reflect.Type]bool{}, func(of reflect.Type, key string) {
			switch {
			case slices.Contains(privateKeys, key):
				t.Errorf("%s has the private field %q", of, key)
			case !slices.Contains(jsonKeys, key):
				t.Errorf("%s has the field %q, which is not in the list", of, key)
			}
		})
	}
}

// eachKey calls visit for each field of a type, and of the types in it.
func eachKey(of reflect.Type, seen map[reflect.Type]bool, visit func(of reflect.Type, key string)) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Map {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || seen[of] || of.PkgPath() == "time" {
		return
	}
	seen[of] = true
	for field := range of.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		visit(of, key)
		eachKey(field.Type, seen, visit)
	}
}

// TestEveryCommandHasJSON checks that each command that prints a result prints JSON, too.
func TestEveryCommandHasJSON(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		outputs := c.Annotations[annotationOutputs]
		if c.Name() != "quickstart" && outputs != "" && !strings.Contains(outputs, "json") {
			t.Errorf("%s has no JSON", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRootCommand(newApp()))
}
