// Package gate decides whether a plan may be applied: by the workspace's settings, by the
// version of Terraform, and by the state that the plan was made against. It judges
// values; it reads and writes nothing.
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

// Explain decides by the workspace's settings whether a non-empty plan may be
// applied. It returns "" or why not. All rules about risk and approval belong here.
func Explain(c settings.Config, _ *terraform.Plan) string {
	switch {
	case c.Apply == settings.ApplyPlanOnly:
		return "apply = \"plan-only\": apply it by hand, or change the setting"
	case c.Apply != settings.ApplyAlways:
		return fmt.Sprintf("apply = %q is not known to this version and acts as plan-only", c.Apply)
	case len(c.Protect) > 0:
		return "protect is not known to this version, so the workspace acts as plan-only"
	}
	return ""
}

// keyGate is the key, in PendingInputs, of the settings that decide what may be
// applied. They are not inputs, but when they change the workspace must be checked
// again.
const keyGate = "//gate"

// keyInputs is the key there for the inputs, which may be many.
const keyInputs = "//inputs"

// PendingInputs returns the inputs of a run that failed or was blocked. Its result
// stays valid while they do not change.
func PendingInputs(c settings.Config, trace state.Trace) state.Trace {
	text, _ := json.Marshal([]any{c.Apply, c.Protect, c.AllowUnlocked, c.PlanRole, c.ApplyRole}) // strings always encode
	sum := sha256.Sum256(text)
	return state.Trace{keyInputs: HashInputs(trace), keyGate: hex.EncodeToString(sum[:8])}
}

// HashInputs returns a short hash of pending inputs.
func HashInputs(waiting state.Trace) string {
	text, _ := json.Marshal(waiting) // strings always encode, with sorted keys
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// CheckPlan returns why a non-empty plan must wait for a person.
func CheckPlan(c settings.Config, plan *terraform.Plan) error {
	if why := Explain(c, plan); why != "" {
		return &run.BlockedError{Reason: fmt.Sprintf("%s waits: %s", formatChanges(plan.Changes), why)}
	}
	return nil
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
