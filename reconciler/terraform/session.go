package terraform

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Spec is one workspace at one commit.
type Spec struct {
	Name  string // of the workspace
	RunID string // id of the pass, for the names of assumed roles' sessions
	// PreviousRuns are the passes that had the right to work on this state before,
	// and ended without giving it back. What they left running is ended.
	PreviousRuns []string
	Dir          string // absolute path of the workspace in the checkout
	Root         string // absolute path of the checkout

	VarFiles      []string          // absolute paths
	BackendConfig string            // absolute path of a file with backend settings; "": none
	Vars          map[string]string // values of TF_VAR_NAME, by NAME
	HasLockFile   bool              // the commit has a .terraform.lock.hcl for this workspace

	// LocalState is the absolute path of the state where the workspace has no
	// backend of its own; "": it has one.
	LocalState string

	// Sensitive are what must not be printed although Terraform does not know.
	Sensitive Fingerprints

	PlanRole, ApplyRole string    // ARNs; "": our own credentials
	Log                 io.Writer // takes what Terraform prints, redacted; nil: nobody does

	// InitKey is all that init depends on and that the checkout holds: ids of
	// the files with module calls, required providers and the backend.
	InitKey []string
	// NoProviders: the configuration needs none but the one that is part of
	// Terraform.
	NoProviders bool

	// CheckBackend judges what Terraform says of its backend after init, where
	// LocalState is not set; nil: nobody does.
	CheckBackend func(kind string, config map[string]string) error

	// AllowedProviders names the providers that may run, as a dependency lock file does but
	// without the host of the default registry; nil: any.
	AllowedProviders []string

	// ReadOnly: whoever opens the session has no right to work on the state.
	// It can plan: a local state is copied for it, Terraform's lock is not taken,
	// and what a killed run left is neither moved nor ended.
	ReadOnly bool

	// Untrusted is code that nobody has approved. It runs in the sandbox, if
	// there is one, and what it leaves behind is kept apart from what passes use.
	Untrusted bool
	// SandboxRoot is where the sandbox shows Root; "": at Root itself.
	SandboxRoot string
	// WritableDirs are directories below Root, as paths from there, that the sandbox
	// lets be written beside the workspace's own.
	WritableDirs []string
	// Offline: neither the state nor those that it reads are on the network.
	Offline bool
}

// Session is a job being worked on. Its methods must not be called at the
// same time. While it is open, nothing else may work in Job.Dir.
type Session struct {
	tf                *Terraform
	spec              Spec
	killCtx           context.Context
	tag               string
	log               *redactor
	tempDir           string // directory of this session, outside the checkout
	dataDir           string // that .terraform is a link to
	generatedFiles    []string
	creds             map[string]roleCredentials
	stateRole         string // whose credentials the state was last used with
	generatedLockFile []byte // the lock file that init made
	initSkipped       bool   // init was not run
	stateCopy         string // the copy of a local state that only looks are made at; "": none

	sensitive map[string]bool // Job.Sensitive.Sums
	warnings  []string
}

type roleCredentials struct {
	env      map[string]string
	issuedAt time.Time
}

// Open begins work on a job. When hard is done, every process of the session
// is killed at once; a context given to a method that is done interrupts
// Terraform, which may then take Options.Grace to end. Close must be called.
func (t *Terraform) Open(killCtx context.Context, spec Spec) *Session {
	if spec.Log == nil {
		spec.Log = io.Discard
	}
	s := &Session{
		tf: t, spec: spec, killCtx: killCtx,
		tag:       sessionTagPrefix(spec) + rand.Text(),
		log:       newRedactor(spec.Log),
		stateRole: spec.PlanRole,
		creds:     map[string]roleCredentials{},

		sensitive: map[string]bool{},
	}
	for _, sum := range spec.Sensitive.Sums {
		s.sensitive[sum] = true
	}
	s.log.addSecrets(t.opts.Secrets...)
	s.log.addSecrets(t.secretValues()...)
	return s
}

// start makes the session ready for its first command.
func (s *Session) start() error {
	if s.tempDir != "" {
		return nil
	}
	if err := s.killOrphans(); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(s.tf.runDir, "session-") // 0700
	if err != nil {
		return err
	}
	s.tempDir = temp
	return nil
}

// workDir is where what the session makes is kept for the next one.
func (s *Session) workDir() string {
	if s.spec.Untrusted {
		return filepath.Join(s.tf.opts.WorkDir, "preview")
	}
	return s.tf.opts.WorkDir
}

// Close ends every process that the session left, and removes its plan and
// generated files. An error means that a process could not be ended: what
// the session worked on may still be changing. All else is only told.
func (s *Session) Close() error {
	err := s.kill()
	cleanupErr := s.log.Close()
	for _, path := range s.generatedFiles {
		cleanupErr = errors.Join(cleanupErr, removeIfExists(path))
	}
	if s.tempDir != "" {
		cleanupErr = errors.Join(cleanupErr, os.RemoveAll(s.tempDir))
	}
	if cleanupErr != nil {
		s.tf.opts.Log.Warn("not all could be tidied up after terraform", "workspace", s.spec.Name, "error", cleanupErr)
	}
	return err
}

func removeIfExists(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// addWarning adds to what the plan tells people; once.
func (s *Session) addWarning(text string) {
	if !slices.Contains(s.warnings, text) {
		s.warnings = append(s.warnings, text)
	}
}

func (s *Session) path(name string) string { return filepath.Join(s.spec.Dir, name) }
