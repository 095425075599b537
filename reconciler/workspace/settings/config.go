package settings

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"sync"
)

// ApplyMode says which plans of a workspace are applied without approval.
type ApplyMode string

// The values of apply in the settings, and of an operator's gate. "" in the settings is
// what the gate says.
const (
	ApplyAlways   ApplyMode = "always"    // every plan
	ApplySafe     ApplyMode = "safe"      // up to risk "update"
	ApplyApproved ApplyMode = "approve"   // none: a person approves each
	ApplyPlanOnly ApplyMode = "plan-only" // none, and no approval helps
)

// ApplyModes are all modes, from the loosest to the tightest.
var ApplyModes = []ApplyMode{ApplyAlways, ApplySafe, ApplyApproved, ApplyPlanOnly}

// IsLooser reports whether m applies plans without approval that other does not. A mode
// that is not known is the tightest.
func (m ApplyMode) IsLooser(other ApplyMode) bool {
	return uint(slices.Index(ApplyModes, m)) < uint(slices.Index(ApplyModes, other)) // #nosec G115 -- not found becomes the greatest
}

// Dir is the directory of a workspace.
type Dir struct {
	Name string // its path below the pattern's fixed part, shown to users
	Path string // in the repository
}

// Config is the settings of one workspace.
type Config struct {
	// CLIWorkspace is the Terraform CLI workspace; "" if the settings say neither that nor the
	// directory, so that nobody has said that there is only the default one.
	CLIWorkspace  string
	DependsOn     []string  // names of workspaces, in addition to inferred ones
	Serving       Serving   // which output tells its share of traffic; zero: none
	Apply         ApplyMode // "": what the operator's gate says
	VarFiles      []string  // repository paths; later files override earlier ones
	BackendConfig string    // repository path of a partial backend configuration; "" for none
	Env           []string  // names of the TF_VAR_* variables to pass on, sorted
	Protect       []string  // address patterns (globs) of resources that are destroyed or replaced, and whose guards are taken away, only after approval
	MaxDestroy    *int      // how many resources one plan may destroy or replace without approval; nil: any number
	PlanRole      string    // ARN of the role for plans
	ApplyRole     string    // ARN of the role for applies
	AllowUnlocked bool      // run even if the state's backend cannot lock
	Inputs        []string  // patterns of repository paths that are inputs beside its own directory and its modules, and nothing else is; nil: they are found
	Ignore        []string  // patterns of repository paths that are no inputs

	Progressive *Progressive // how it is applied in steps; nil: at once

	// Positions says where the settings name each of DependsOn and Env: FILE:LINE:COLUMN.
	Positions map[string]string `json:"-"`
	// Err holds the mistakes in the settings of this workspace. The other fields omit the
	// wrong values, so that no run can act on them.
	Err error `json:"-"`
}

// Digest returns a hash of exactly those settings that change what Terraform would do, or
// what is an input. How a plan is approved is not an input.
func (c Config) Digest() string {
	if c.DependsOn == nil && c.VarFiles == nil && c.BackendConfig == "" && c.Env == nil && c.Inputs == nil && len(c.Ignore) == 0 && c.CLIWorkspace == "" {
		return defaultDigest() // as most have
	}
	return c.computeDigest()
}

var defaultDigest = sync.OnceValue(Config{}.computeDigest)

func (c Config) computeDigest() string {
	// Encoding strings and lists never fails.
	digested := []any{c.DependsOn, c.VarFiles, c.BackendConfig, c.Env}
	if c.Inputs != nil || len(c.Ignore) > 0 { // a record of before these settings has the hash without them
		digested = append(digested, c.Inputs, c.Ignore)
	}
	if c.CLIWorkspaceName() != DefaultCLIWorkspace {
		digested = append(digested, c.CLIWorkspace)
	}
	text, _ := json.Marshal(digested)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// CLIWorkspaceName returns the Terraform CLI workspace that every run of the workspace is in.
func (c Config) CLIWorkspaceName() string { return cmp.Or(c.CLIWorkspace, DefaultCLIWorkspace) }
