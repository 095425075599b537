// Package gate decides whether a plan may be applied: by the risk of its changes, the
// workspace's settings and the approvals of people, by the version of Terraform, and by the
// state that the plan was made against. It judges values; it reads and writes nothing.
package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"

	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

// keyGate is the key, in PendingInputs, of the settings that decide what may be
// applied. They are not inputs, but when they change the workspace must be checked
// again.
const keyGate = "//gate"

// keyInputs is the key there for the inputs, which may be many.
const keyInputs = "//inputs"

// keyApprovals is the key there for the approvals of a workspace that has some.
const keyApprovals = "//approvals"

// keyProgressive is the key of how the workspace is applied in steps.
const keyProgressive = "//progressive"

// PendingInputs returns the inputs of a run that failed or was blocked. Its result
// stays valid while they do not change. loosest is the operator's gate. The approvals are
// those of a blocked workspace.
func PendingInputs(c settings.Config, loosest settings.ApplyMode, trace state.Trace, approvals []state.Approval) state.Trace {
	text, _ := json.Marshal([]any{effectiveMode(c, loosest), c.Protect, c.MaxDestroy, c.AllowUnlocked, c.PlanRole, c.ApplyRole}) // plain values always encode
	pending := state.Trace{keyInputs: HashInputs(trace), keyGate: shortHash(text)}
	if c.Progressive != nil {
		text, _ = json.Marshal(c.Progressive)
		pending[keyProgressive] = shortHash(text)
	}
	if len(approvals) > 0 {
		text, _ = json.Marshal(approvals)
		pending[keyApprovals] = shortHash(text)
	}
	return pending
}

// HashInputs returns a short hash of pending inputs.
func HashInputs(waiting state.Trace) string {
	text, _ := json.Marshal(waiting) // strings always encode, with sorted keys
	return shortHash(text)
}

func shortHash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func formatChanges(c terraform.Changes) string {
	s := state.Changes(c)
	return fmt.Sprintf("%d to add, %d to change, %d to replace, %d to destroy", s.Add, s.Change, s.Replace, s.Destroy)
}

// CheckVersion refuses a Terraform of an older minor version than the one that wrote
// the state: it might not read the state, or might plan by older rules. It warns of
// another product.
func CheckVersion(rec state.Workspace, tf run.Terraform) (warning string, err error) {
	product, last, ok := strings.Cut(rec.TerraformVersion, " ")
	if !ok {
		return "", nil
	}
	if product != tf.Product() {
		return fmt.Sprintf("last applied with %s, now with %s", rec.TerraformVersion, tf.Product()), nil
	}
	if last == tf.Version() {
		return "", nil
	}
	then, err := version.NewVersion(last)
	if err != nil {
		return "", fmt.Errorf("the record of %s names %s %q: %w", rec.Name, product, last, err)
	}
	now, err := version.NewVersion(tf.Version())
	if err != nil {
		return "", fmt.Errorf("%s reports version %q: %w", product, tf.Version(), err)
	}
	a, b := now.Segments(), then.Segments()
	if slices.Compare(a[:2], b[:2]) < 0 {
		return "", fmt.Errorf("%s was last applied with %s %s, and this is %s: use that version or a newer one", rec.Name, product, then, now)
	}
	return "", nil
}
