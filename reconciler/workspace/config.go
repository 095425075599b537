package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// ApplyMode says which plans of a workspace are applied without asking.
type ApplyMode string

// The values of apply in the settings.
const (
	ApplyAlways   ApplyMode = "always"    // every plan
	ApplyPlanOnly ApplyMode = "plan-only" // none
	ApplySafe     ApplyMode = "safe"      // up to risk "update"
	ApplyApproved ApplyMode = "approve"   // those that a person approved
)

// Config is the settings as they hold for one workspace.
type Config struct {
	DependsOn     []string // names of workspaces, beside what is inferred
	Apply         ApplyMode
	VarFiles      []string // repository paths, in the order in which later ones win
	BackendConfig string   // repository path of a partial backend configuration; "" for none
	Env           []string // names of the TF_VAR_* that are passed on, sorted
	Protect       []string // addresses, as globs, never destroyed or replaced without approval
	Prune         bool     // destroy when the directory is removed
	PlanRole      string   // ARN assumed for plans
	ApplyRole     string   // ARN assumed for applies
	AllowUnlocked bool     // run although the state's backend cannot lock

	// Err is what is wrong with the settings of this workspace. What is wrong is
	// left out of the rest, so that nothing must be done by it.
	Err error `json:"-"`
}

// Digest is a hash of the settings that change what Terraform would do, and
// of no others: how a plan is gated is not an input.
func (c Config) Digest() string {
	// A struct of strings and lists always encodes.
	text, _ := json.Marshal([]any{c.DependsOn, c.VarFiles, c.BackendConfig, c.Env})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// StaleInputs says in words which inputs of trace that are no paths of the
// workspace's own have changed: its settings, or the rules of discovery. It
// is the other half of the function Stale.
func (c Config) StaleInputs(trace map[string]string) []string {
	var stale []string
	if c.Err != nil || trace[SettingsInput] != c.Digest() {
		stale = append(stale, "settings")
	}
	if trace[RulesInput] != RulesVersion {
		stale = append(stale, "discovery rules")
	}
	return stale
}
