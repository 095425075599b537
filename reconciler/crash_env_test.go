package reconciler_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reconcile/reconciler"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
	"reconcile/state/statetest"
)

// newConfig returns the configuration of passes in this process.
func newConfig(t *testing.T, p reconcilertest.Spec) run.Config {
	t.Helper()
	store, err := p.OpenStore()
	if err != nil {
		t.Fatal(err)
	}
	config, err := p.NewConfig(t.Context(), store, reconcilertest.NewLogger(t), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// runPassIn runs an undisturbed pass in this process.
func runPassIn(t *testing.T, p reconcilertest.Spec, trigger string) (*run.Result, error) {
	t.Helper()
	return reconciler.New(newConfig(t, p)).Pass(t.Context(), t.Context(), run.Options{Trigger: trigger})
}

// converge runs undisturbed passes until one has nothing to do. That must be the second.
func converge(t *testing.T, p reconcilertest.Spec) {
	t.Helper()
	result, err := runPassIn(t, p, run.TriggerSchedule)
	if err != nil {
		t.Fatalf("an undisturbed pass: %v", err)
	}
	if result.Exit != run.ExitOK {
		t.Errorf("an undisturbed pass ends with %d: %+v", result.Exit, result.Workspaces)
	}
	result, err = runPassIn(t, p, run.TriggerSchedule)
	if err != nil {
		t.Fatalf("the pass after it: %v", err)
	}
	if result.Outcome != run.OutcomeInSync || result.Snapshot != "" {
		t.Errorf("the pass after it had work: %+v", result)
	}
}

// copyEnv copies the lasting parts of an environment, without its work directory, to an
// empty one of the same kind.
func copyEnv(t *testing.T, p, to reconcilertest.Spec) {
	t.Helper()
	ctx := t.Context()
	if p.S3 == "" {
		if err := os.CopyFS(to.Home, homeFS{os.DirFS(p.Home)}); err != nil {
			t.Fatal(err)
		}
		return
	}
	from, err := p.OpenStore()
	if err != nil {
		t.Fatal(err)
	}
	into, err := to.OpenStore()
	if err != nil {
		t.Fatal(err)
	}
	for _, pk := range []string{"test", state.LeasePartition} {
		items, err := statetest.ListItems(ctx, from, pk, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			if err := into.Write(ctx, state.Op{Key: item.Key, Put: item.Value}); err != nil {
				t.Fatal(err)
			}
		}
	}
	objects := readObjects(t, p)
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		_, err := to.S3Client().PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String(reconcilertest.Bucket), Key: &key, Body: strings.NewReader(objects[key]),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func runPassWith(t *testing.T, config run.Config) (*run.Result, error) {
	t.Helper()
	return reconciler.New(config).Pass(t.Context(), t.Context(), run.Options{Trigger: run.TriggerSchedule})
}
