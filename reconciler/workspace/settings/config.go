package settings

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// ApplyMode says which plans of a workspace are applied without approval.
type ApplyMode string

// The values of apply in the settings.
const (
	ApplyAlways   ApplyMode = "always"    // every plan
	ApplyPlanOnly ApplyMode = "plan-only" // none
	ApplySafe     ApplyMode = "safe"      // up to risk "update"
	ApplyApproved ApplyMode = "approve"   // plans that a person approved
)

// Dir is the directory of a workspace.
type Dir struct {
	Name string // its path below the pattern's fixed part, shown to users
	Path string // in the repository
}

// Config is the settings of one workspace.
type Config struct {
	DependsOn     []string // names of workspaces, in addition to inferred ones
	Apply         ApplyMode
	VarFiles      []string // repository paths; later files override earlier ones
	BackendConfig string   // repository path of a partial backend configuration; "" for none
	Env           []string // names of the TF_VAR_* variables to pass on, sorted
	Protect       []string // address patterns (globs) of resources that are destroyed or replaced only after approval
	Prune         bool     // destroy the resources when the directory is removed
	PlanRole      string   // ARN of the role for plans
	ApplyRole     string   // ARN of the role for applies
	AllowUnlocked bool     // run even if the state's backend cannot lock

	// Err holds the mistakes in the settings of this workspace. The other fields omit the
	// wrong values, so that no run can act on them.
	Err error `json:"-"`
}

// Digest returns a hash of exactly those settings that change what Terraform would do. How
// a plan is approved is not an input.
func (c Config) Digest() string {
	// Encoding strings and lists never fails.
	text, _ := json.Marshal([]any{c.DependsOn, c.VarFiles, c.BackendConfig, c.Env})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
