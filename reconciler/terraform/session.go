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

// Job is one workspace at one commit.
type Job struct {
	Name string // of the workspace
	Run  string // id of the pass, for the names of assumed roles' sessions
	// Dead are the passes that had the right to work on this state before,
	// and ended without giving it back. What they left running is ended.
	Dead []string
	Dir  string // absolute path of the workspace in the checkout
	Root string // absolute path of the checkout

	VarFiles      []string          // absolute paths
	BackendConfig string            // absolute path of a file with backend settings; "": none
	Vars          map[string]string // values of TF_VAR_NAME, by NAME
	LockFile      bool              // the commit has a .terraform.lock.hcl for this workspace

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

	// Only names the providers that may run, as a dependency lock file does but
	// without the host of the default registry; nil: any.
	Only []string

	// ReadOnly: whoever opens the session has no right to work on the state.
	// It can plan: a local state is copied for it, Terraform's lock is not taken,
	// and what a killed run left is neither moved nor ended.
	ReadOnly bool

	// Untrusted is code that nobody has approved. It runs in the sandbox, if
	// there is one, and what it leaves behind is kept apart from what passes use.
	Untrusted bool
	// At is where the sandbox shows Root; "": at Root itself.
	At string
	// Modules are directories below Root, as paths from there, that the sandbox
	// lets be written beside the workspace's own.
	Modules []string
	// Offline: neither the state nor those that it reads are on the network.
	Offline bool
}

// Session is a job being worked on. Its methods must not be called at the
// same time. While it is open, nothing else may work in Job.Dir.
type Session struct {
	t       *Terraform
	job     Job
	hard    context.Context
	mark    string
	log     *redactor
	temp    string // directory of this session, outside the checkout
	dataDir string // that .terraform is a link to
	made    []string
	creds   map[string]assumed
	role    string // whose credentials the state was last used with
	lock    []byte // the lock file that init made
	skipped bool   // init was not run
	copied  string // the copy of a local state that only looks are made at; "": none

	sensitive map[string]bool // Job.Sensitive.Sums
	warnings  []string
}

type assumed struct {
	env map[string]string
	at  time.Time
}

// Open begins work on a job. When hard is done, every process of the session
// is killed at once; a context given to a method that is done interrupts
// Terraform, which may then take Options.Grace to end. Close must be called.
func (t *Terraform) Open(hard context.Context, job Job) *Session {
	if job.Log == nil {
		job.Log = io.Discard
	}
	s := &Session{
		t: t, job: job, hard: hard,
		mark:  sessionMark(job) + rand.Text(),
		log:   newRedactor(job.Log),
		role:  job.PlanRole,
		creds: map[string]assumed{},

		sensitive: map[string]bool{},
	}
	for _, sum := range job.Sensitive.Sums {
		s.sensitive[sum] = true
	}
	s.log.hide(t.opts.Redact...)
	s.log.hide(t.secrets()...)
	return s
}

// start makes the session ready for its first command.
func (s *Session) start() error {
	if s.temp != "" {
		return nil
	}
	if err := s.endOrphans(); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(s.t.run, "session-") // 0700
	if err != nil {
		return err
	}
	s.temp = temp
	return nil
}

// work is where what the session makes is kept for the next one.
func (s *Session) work() string {
	if s.job.Untrusted {
		return filepath.Join(s.t.opts.Work, "preview")
	}
	return s.t.opts.Work
}

// Close ends every process that the session left, and removes its plan and
// generated files. An error means that a process could not be ended: what
// the session worked on may still be changing. All else is only told.
func (s *Session) Close() error {
	err := s.kill()
	tidied := s.log.Close()
	for _, path := range s.made {
		tidied = errors.Join(tidied, removeIfThere(path))
	}
	if s.temp != "" {
		tidied = errors.Join(tidied, os.RemoveAll(s.temp))
	}
	if tidied != nil {
		s.t.opts.Log.Warn("not all could be tidied up after terraform", "workspace", s.job.Name, "error", tidied)
	}
	return err
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// warn adds to what the plan tells people; once.
func (s *Session) warn(text string) {
	if !slices.Contains(s.warnings, text) {
		s.warnings = append(s.warnings, text)
	}
}

func (s *Session) path(name string) string { return filepath.Join(s.job.Dir, name) }
