package reconciler

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

// gate decides by the workspace's settings whether a non-empty plan may be applied. It
// returns "" or why not. All rules about risk and approval belong here.
func gate(c settings.Config, _ *terraform.Plan) string {
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

// pendingInputs returns the inputs of a run that failed or was blocked. Its result
// stays valid while they do not change.
func pendingInputs(entry *workspaceEntry, trace state.Trace) state.Trace {
	c := entry.config
	text, _ := json.Marshal([]any{c.Apply, c.Protect, c.AllowUnlocked, c.PlanRole, c.ApplyRole}) // strings always encode
	sum := sha256.Sum256(text)
	return state.Trace{keyInputs: inputsID(trace), keyGate: hex.EncodeToString(sum[:8])}
}

func (v *workspaceRun) checkPlan(plan *terraform.Plan) error {
	if why := gate(v.entry.config, plan); why != "" {
		return &run.BlockedError{Reason: fmt.Sprintf("%s waits: %s", formatChanges(plan.Changes), why)}
	}
	return nil
}

func formatChanges(c terraform.Changes) string {
	s := state.Changes(c)
	return fmt.Sprintf("%d to add, %d to change, %d to replace, %d to destroy", s.Add, s.Change, s.Replace, s.Destroy)
}

// checkVersion refuses a Terraform of an older minor version than the one that wrote
// the state: it might not read the state, or might plan by older rules.
func (v *workspaceRun) checkVersion(tf run.Terraform) error {
	product, last, ok := strings.Cut(v.record.TerraformVersion, " ")
	if !ok {
		return nil
	}
	if product != tf.Product() {
		v.result.Warnings = append(v.result.Warnings, fmt.Sprintf("last applied with %s, now with %s", v.record.TerraformVersion, tf.Product()))
		return nil
	}
	then, err := version.NewVersion(last)
	if err != nil {
		return fmt.Errorf("the record of %s names %s %q: %w", v.entry.dir.Name, product, last, err)
	}
	now, err := version.NewVersion(tf.Version())
	if err != nil {
		return fmt.Errorf("%s reports version %q: %w", product, tf.Version(), err)
	}
	a, b := now.Segments(), then.Segments()
	if slices.Compare(a[:2], b[:2]) < 0 {
		return fmt.Errorf("%s was last applied with %s %s, and this is %s: use that version or a newer one", v.entry.dir.Name, product, then, now)
	}
	return nil
}
