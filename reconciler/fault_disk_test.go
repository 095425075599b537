package reconciler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"reconcile/internal/testtier"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source/gittest"
)

// bigState makes a state of more than a quarter of a megabyte.
const bigState = `
-- env/tokyo/main.tf --
resource "terraform_data" "big" {
  input = join("", [for i in range(1000) : format("%0400d", i)])
}
-- env/osaka/main.tf --
resource "terraform_data" "small" {}
`

// fullDiskVariable is the maximum size of a file on the disk of a child, in bytes.
const fullDiskVariable = "RECONCILE_TEST_FULL"

// TestChildOnAFullDisk is no test: it is TestChild in a process that can make no file
// longer than the limit. Terraform fails there.
func TestChildOnAFullDisk(t *testing.T) {
	text, ok := os.LookupEnv(fullDiskVariable)
	if !ok {
		return
	}
	limit, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ) // so that writes fail instead
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		t.Fatal(err)
	}
	TestChild(t)
}

// When the disk is full, for all files or for long ones, nothing wrong is recorded. When
// there is room again, the next pass completes the work.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.CommitTxtar("first", bigState)
	limits := []int{0, 4 << 10, 64 << 10}
	if testtier.IsWhole(t) {
		limits = append(limits, 512, 16<<10, 256<<10)
	}
	for _, limit := range limits {
		t.Run(fmt.Sprintf("%d bytes", limit), func(t *testing.T) {
			t.Parallel()
			p := reconcilertest.NewSpec(t, reconcilertest.Files, repo.Dir)
			text, err := json.Marshal(childSpec{Spec: p})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), childTimeout)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestChildOnAFullDisk$")
			cmd.Env = append(cmd.Environ(), fmt.Sprintf("%s=%d", fullDiskVariable, limit), childSpecVariable+"="+string(text))
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Errorf("the pass on a full disk succeeds: %s", out)
			}
			t.Logf("%v: %s", err, out)
			if rec, _, err := openRecord(t, p).Workspace(t.Context(), "tokyo"); err != nil || rec.Trace != nil {
				t.Errorf("%v: the record is %+v", err, rec)
			}
			holds, err := openRecord(t, p).Holds(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if hold, held := holds["tokyo"]; held {
				// Not even the state that Terraform leaves found room.
				if !strings.Contains(hold.Help, "truncated") {
					t.Errorf("the hold: %+v", hold)
				}
				if _, err := openRecord(t, p).RemoveHold(t.Context(), "tokyo"); err != nil {
					t.Fatal(err)
				}
			}
			// A manual run, because after a failure a scheduled one would wait for its
			// retry time.
			if result, err := runPassIn(t, p, run.TriggerManual); err != nil || result.Exit != run.ExitOK {
				t.Errorf("the pass with room again ends with %v: %+v", err, result)
			}
			converge(t, p)
			for _, name := range []string{"tokyo", "osaka"} {
				if rec, _, err := openRecord(t, p).Workspace(t.Context(), name); err != nil || rec.Trace == nil || rec.Attempt != nil {
					t.Errorf("%v: the record is %+v", err, rec)
				}
			}
		})
	}
}
