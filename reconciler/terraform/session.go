package terraform

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"reconcile/internal/files"
	"reconcile/internal/redact"
	"reconcile/internal/runid"
)

// Spec describes one workspace at one commit.
type Spec struct {
	Name  string   // of the workspace
	RunID runid.ID // id of the pass, used in role session names
	// PreviousRuns lists passes that had the right to work on this state and ended
	// without returning it. Processes that they left are killed.
	PreviousRuns []runid.ID
	Dir          string // absolute path of the workspace in the checkout
	Root         string // absolute path of the checkout

	// CLIWorkspace is the Terraform CLI workspace that every command is in; "": the default.
	CLIWorkspace string

	VarFiles      []string          // absolute paths
	KeepOutputs   []string          // names of outputs whose values are not only hashed
	BackendConfig string            // absolute path of a file with backend settings; "": none
	Vars          map[string]string // values of TF_VAR_NAME, by NAME
	HasLockFile   bool              // the commit has a .terraform.lock.hcl for this workspace
	Variable      Variable          // passed last, so that it wins over all files

	// LocalState is the absolute path of the state of a workspace without a backend;
	// "": it has a backend.
	LocalState string

	// Sensitive recognises values that must not be printed although Terraform does not
	// mark them.
	Sensitive Fingerprints
	// SensitiveNow returns what Sensitive would be now. It is called after each command that reads
	// other states, before anything of it is told, because others write these states meanwhile;
	// nil: they do not.
	SensitiveNow func(ctx context.Context) Fingerprints

	// DigestKey returns the key of plan digests, with its id. It is called for a plan that
	// is not empty; nil: the digest has no key.
	DigestKey func(ctx context.Context) (id string, key []byte, err error)

	PlanRole, ApplyRole string    // ARNs; "": reconcile's own credentials
	Log                 io.Writer // receives Terraform's output, redacted; nil: discard

	// InitKey holds everything in the checkout that init depends on: the ids of the
	// files with module calls, required providers and the backend.
	InitKey []string
	// NoProviders means that the configuration needs no provider except Terraform's
	// built-in one.
	NoProviders bool

	// CheckBackend checks the backend that Terraform reports after init. It is not
	// called if LocalState is set; nil: no check.
	CheckBackend func(kind string, config map[string]string) error

	// AllowedProviders lists the providers that may run, as in a dependency lock file
	// but without the host of the default registry; nil: any.
	AllowedProviders []string
	// Registries are the hosts, with their ports, that init in the sandbox may reach in
	// addition to the default registry.
	Registries []string

	// ReadOnly means that the caller has no right to work on the state. The session can
	// plan: it copies a local state and does not take Terraform's lock. It neither
	// moves nor kills what a killed run left.
	ReadOnly bool

	// Untrusted means that the code is not approved. It runs in the sandbox if there is
	// one, and its caches are separate from the passes' caches.
	Untrusted bool
	// SandboxRoot is the path of Root inside the sandbox; "": the same path.
	SandboxRoot string
	// WritableDirs lists further directories that the sandbox may write, relative to
	// Root.
	WritableDirs []string
	// Offline means that neither this state nor the states that it reads are on the
	// network.
	Offline bool
}

// Fingerprints recognises secret values without storing them: the sensitive outputs of
// other workspaces. When Terraform reads a state, it loses the mark that an output is
// sensitive.
type Fingerprints struct {
	Key  []byte   // the key given to Session.Outputs
	Sums []string // from Outputs.Sensitive
	// Uncertain names the workspaces that may have outputs by now that Sums does not know. If there
	// is one, all that is read from other states counts as secret.
	Uncertain []string
	// Former names the workspaces that are gone or have left a state that this one reads or has
	// read, and whose outputs there Sums may not know. They count as those of Uncertain do.
	Former []string
}

// isUncertain reports whether all that is read from other states counts as secret.
func (f Fingerprints) isUncertain() bool { return len(f.Uncertain)+len(f.Former) > 0 }

// Variable is a variable of the root module, with the text of its value. Name "": none.
type Variable struct{ Name, Value string }

// option returns the option of plan and apply that sets the variable.
func (v Variable) option() []string {
	if v.Name == "" {
		return nil
	}
	return []string{"-var=" + v.Name + "=" + v.Value}
}

// SetVariable replaces the Spec's Variable for the plans that follow. The apply of a plan
// gets the variable that the plan was made with.
func (s *Session) SetVariable(v Variable) { s.spec.Variable = v }

// Session is the work on one Spec. Its methods must not be called concurrently. While
// it is open, nothing else may work in Spec.Dir.
type Session struct {
	tf                *Terraform
	spec              Spec
	killCtx           context.Context
	tag               string
	log               *redact.Writer
	tempDir           string // private directory of this session, outside the checkout
	dataDir           string // target of the link .terraform
	generatedFiles    []string
	roles             map[string]*sessionRole // by ARN
	stateRole         string                  // role that was last used for the state
	generatedLockFile []byte                  // the lock file that init created
	initSkipped       bool                    // terraform init was not run
	mayQuote          []string                // workspaces whose unknown secrets the error of the last plan may have
	stateCopy         string                  // copy of a local state for a read-only session; "": none
	stateWasMissing   bool                    // prepareState created the file of the local state
	warnings          []string
}

// Open starts a session for a Spec. When killCtx is done, every process of the session
// is killed at once. When the context of a method is done, Terraform is interrupted and
// may take Options.GracePeriod to end. Close must be called.
func (t *Terraform) Open(killCtx context.Context, spec Spec) *Session {
	if spec.Log == nil {
		spec.Log = io.Discard
	}
	s := &Session{
		tf: t, spec: spec, killCtx: killCtx,
		tag:       sessionTagPrefix(spec) + rand.Text(),
		log:       redact.New(spec.Log, spec.Sensitive.Key, spec.Sensitive.Sums),
		stateRole: spec.PlanRole,
		roles:     map[string]*sessionRole{},
	}
	s.log.AddSecrets(t.secretValues()...)
	return s
}

// start prepares the session for its first command.
func (s *Session) start() error {
	if s.tempDir != "" {
		return nil
	}
	if err := s.killOrphans(); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(s.tf.runDir, "session-") // mode 0700
	if err != nil {
		return err
	}
	s.tempDir = temp
	return nil
}

// workDir returns the directory with the caches for later sessions.
func (s *Session) workDir() string {
	if s.spec.Untrusted {
		return filepath.Join(s.tf.opts.WorkDir, "preview")
	}
	return s.tf.opts.WorkDir
}

// Close kills every remaining process of the session and removes its plan and generated
// files. It returns an error only if a process could not be killed: that process may
// still change the workspace. Other problems are only logged.
func (s *Session) Close() error {
	err := s.kill()
	cleanupErr := errors.Join(s.closeRoles(), s.log.Close())
	if err == nil { // else a process may still write to it
		cleanupErr = errors.Join(cleanupErr, s.removeEmptyState())
	}
	for _, path := range s.generatedFiles {
		cleanupErr = errors.Join(cleanupErr, files.RemoveIfExists(path))
	}
	if s.tempDir != "" {
		cleanupErr = errors.Join(cleanupErr, os.RemoveAll(s.tempDir))
	}
	if cleanupErr != nil {
		s.tf.opts.Log.Warn("could not clean up after terraform", "workspace", s.spec.Name, "error", cleanupErr)
	}
	return err
}

// addWarning adds text to the plan's warnings, once.
func (s *Session) addWarning(text string) {
	if !slices.Contains(s.warnings, text) {
		s.warnings = append(s.warnings, text)
	}
}

func (s *Session) path(name string) string { return filepath.Join(s.spec.Dir, name) }
