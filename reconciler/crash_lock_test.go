package reconciler_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reconcile/internal/waittest"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// Terraform's own lock, which a killed plan left, is released by the next pass. This
// holds even if other passes, killed earlier in their work, came in between.
func (f *fixture) testCrashWithinPlan(t *testing.T) {
	for _, c := range []struct {
		name    string
		between func(t *testing.T, p reconcilertest.Spec)
	}{
		{"the next pass", func(*testing.T, reconcilertest.Spec) {}},
		{"the next but one", func(t *testing.T, p reconcilertest.Spec) {
			if (childSpec{Spec: p, SignalAtName: "init kyoto", Signal: syscall.SIGTERM}).startChild(t).wait() == nil {
				t.Error("a pass that was told to stop was killed")
			}
		}},
		{"after another was killed too", func(t *testing.T, p reconcilertest.Spec) { f.crashWithinPlan(t, p) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := f.copy(t)
			f.crashWithinPlan(t, p)
			c.between(t, p)
			if locks := readResidue(t, p).Locks; !slices.Contains(locks, kyotoLock) {
				t.Errorf("no lock of Terraform's is there, so that nothing is tried here: %v", locks)
			}
			f.checkConverged(t, p)
		})
	}
}

const kyotoLock = "kyoto.tfstate.tflock"

// crashWithinPlan kills a pass when Terraform holds its lock on kyoto's state and is
// about to read the state. If the lock is held already, it kills the pass when Terraform
// has learned that.
func (f *fixture) crashWithinPlan(t *testing.T, p reconcilertest.Spec) {
	t.Helper()
	var locked atomic.Bool
	reached, goOn := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(goOn) })
	defer release() // the server ends only when it has answered
	p.Server.Inject(func(r *http.Request) int {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, kyotoLock) {
			locked.Store(true)
		}
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/kyoto.tfstate") && locked.CompareAndSwap(true, false) {
			close(reached)
			<-goOn
		}
		return 0
	})
	c := childSpec{Spec: p, Parallelism: 1}.startChild(t)
	waittest.Receive(t, reached, c.end)
	killTree(t, c.Process.Pid)
	c.wait()
	release()
	p.Server.Inject(nil)
}

// A Terraform lock that none of our killed runs can have left belongs to a person. It
// stays, and the workspace waits, however the last apply ended.
func (f *fixture) testManualLockStays(t *testing.T) {
	for _, c := range []struct {
		name string
		last func(t *testing.T, p reconcilertest.Spec)
	}{
		{"after an apply that failed", func(t *testing.T, p reconcilertest.Spec) {
			if err := os.WriteFile(p.Hook, []byte(`[ "$WORKSPACE" != kyoto ] || exit 1`), 0o600); err != nil {
				t.Fatal(err)
			}
			if r := (childSpec{Spec: p}).startChild(t).wait(); r == nil || r.Result.Exit != run.ExitFailed {
				t.Errorf("the apply did not fail: %+v", r)
			}
		}},
		{"long after an apply that was killed", func(t *testing.T, p reconcilertest.Spec) {
			held := holdApply(t, p, "kyoto")
			c := childSpec{Spec: p}.startChild(t)
			waittest.Receive(t, held.started, c.end)
			killTree(t, c.Process.Pid)
			c.wait()
			held.removeHook()
			// Someone has released the lock by hand, and now applies.
			_, err := p.S3Client().DeleteObject(t.Context(), &s3.DeleteObjectInput{
				Bucket: aws.String(reconcilertest.Bucket), Key: aws.String("states/" + kyotoLock),
			})
			if err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := f.copy(t)
			c.last(t, p)
			placeManualLock(t, p)
			result, err := runPassIn(t, p, run.TriggerManual)
			if err != nil {
				t.Fatal(err)
			}
			waits := func(w run.WorkspaceResult) bool {
				return w.Name == "kyoto" && w.Outcome == state.Blocked && strings.Contains(w.Error, "unlock kyoto")
			}
			if !slices.ContainsFunc(result.Workspaces, waits) || !slices.Contains(readResidue(t, p).Locks, kyotoLock) {
				t.Errorf("a person's lock was released: %+v", result.Workspaces)
			}
		})
	}
}

// placeManualLock locks kyoto's state as a person's Terraform does, on this machine, as
// this user, but later than any of our leases lasts.
func placeManualLock(t *testing.T, p reconcilertest.Spec) {
	t.Helper()
	info, err := json.Marshal(map[string]any{
		"ID": "c0ffee00-0000-4000-8000-000000000000", "Operation": "OperationTypeApply", "Info": "",
		"Who": state.CurrentProcess().User, "Version": "1.11.4", "Created": time.Now().Add(2 * time.Minute).UTC(),
		"Path": reconcilertest.Bucket + "/states/kyoto.tfstate",
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.S3Client().PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String(reconcilertest.Bucket), Key: aws.String("states/" + kyotoLock), Body: strings.NewReader(string(info)),
	})
	if err != nil {
		t.Fatal(err)
	}
}
