// Package config is what a command line and its environment say: settings with their
// defaults, checked against each other, and the secrets that they name. It opens nothing
// else, and knows no command.
package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/telemetry"
	"reconcile/internal/files"
	"reconcile/internal/secret"
	"reconcile/reconciler/run"
	"reconcile/reconciler/workspace/settings"
)

// Settings holds one field per flag. Each flag has an environment variable (see
// env.go).
type Settings struct {
	Repo               string
	Branch             string
	State              string
	Record             string
	Snapshots          string
	GitCredentials     string
	Signers            string
	DigestKey          string
	Terraform          string
	Environment        string
	SettingsFile       string
	Gate               string
	Approvers          string
	Executor           string
	Metrics            string
	Traces             string
	Backlog            string
	BacklogCredentials string
	Lang               string
	Notify             []string
	NotifyIssues       string
	Page               string
	PageURL            string
	Parallelism        int
	Wait               time.Duration
	Work               string
	Output             string
	LogFormat          string
	NoColor            bool
	Quiet              bool
	ConfigFile         string
	Pins               []string // NAME=VALUE; see ApplyPins

	// Only from the environment: every process can read a command line.
	GitUsername   string
	GitPassword   secret.Text
	BacklogAPIKey secret.Text
	WebhookToken  secret.Text // or where it is: secretsmanager://NAME
	SlackURL      secret.Text // the same
	TeamsURL      secret.Text // the same
	ChatworkToken secret.Text // the same
	NotifySecret  secret.Text // the same
}

// Schemes of settings that are not paths.
const (
	SchemeDynamoDB = "dynamodb://"
	SchemeS3       = "s3://"
	SchemeSSM      = "ssm://"
	schemeSecret   = "secretsmanager://"
	prefixSSHKey   = "ssh-key:"
)

// Formats of logs.
const (
	LogAuto = "auto"
	LogText = "text"
	LogJSON = "json"
)

// DefaultWait is the record's default lease: how long `now` waits for another run.
const DefaultWait = time.Minute

// Bind defines the flags and sets the defaults that need no other setting.
func (s *Settings) Bind(f *pflag.FlagSet) {
	f.StringVar(&s.Repo, "repo", "", "repository: an https, ssh or file URL, or a path (default: the current directory's)")
	f.StringVar(&s.Branch, "branch", "main", "watched branch")
	f.StringVar(&s.State, "state", "", "record: dynamodb://TABLE, or a directory (default: "+abbrevHome(defaultStateDir())+")")
	f.StringVar(&s.Record, "record", "", "name of the record in the store (default: from host, path and branch)")
	f.StringVar(&s.Snapshots, "snapshots", "", "snapshots: s3://BUCKET/PREFIX, or a directory (default: next to the state)")
	f.StringVar(&s.GitCredentials, "git-credentials", "", "secretsmanager://NAME, env or ssh-key:FILE (default: RECONCILE_GIT_USERNAME and _PASSWORD, else the SSH agent)")
	f.StringVar(&s.Signers, "signers", "", "file of allowed SSH signers or PGP public keys; one of them must have signed the tip")
	f.StringVar(&s.DigestKey, "digest-key", "", "key of outputs digests: secretsmanager://NAME, or a file (default: next to the state)")
	f.StringVar(&s.Terraform, "terraform", "", "terraform or tofu binary (default: from PATH, else installed once)")
	f.StringVar(&s.Environment, "environment", "", "environment of reconcile.hcl to run")
	f.StringVar(&s.SettingsFile, "settings", "", "file of settings to try instead of the repository's reconcile.hcl; not for commands that apply")
	f.StringVar(&s.Gate, "gate", string(settings.ApplySafe), "loosest apply that reconcile.hcl may choose, and what counts without one: always, safe, approve or plan-only")
	f.StringVar(&s.Approvers, "approvers", "", "who may approve plans: ssm://PARAMETER, or a file outside of the repository (default: who can write the record, on the command line)")
	f.StringVar(&s.Executor, "executor", ExecutorLocal, "where workspaces are applied: local, codebuild://PROJECT, or ecs://CLUSTER/TASK_DEFINITION?subnets=…&security_groups=…")
	f.StringVar(&s.Backlog, "backlog", "", "Backlog space, such as https://SPACE.backlog.com (default: that of the repository)")
	f.StringVar(&s.BacklogCredentials, "backlog-credentials", "", "secretsmanager://NAME or env (default: RECONCILE_BACKLOG_API_KEY)")
	f.StringVar(&s.Lang, "lang", "", "language of what people read: en or ja (default: that of the locale; on Backlog, that of the space)")
	f.StringSliceVar(&s.Notify, "notify", nil, "notification channels: log, backlog (a comment on the merged pull request), sns://TOPIC_ARN, slack, teams, chatwork://ROOM, https://ADDRESS (a signed POST)")
	f.StringVar(&s.NotifyIssues, "notify-issues", "", "name of the issue type of Backlog to open for workspaces that fail or drift (default: open no issues)")
	f.StringVar(&s.Page, "page", "", "static pages of what is applied and what waits: s3://BUCKET/PREFIX, or a directory (default: none)")
	f.StringVar(&s.PageURL, "page-url", "", "where people open the pages of --page, such as https://reconcile.example.com; notices link to it")
	f.StringVar(&s.Metrics, "metrics", telemetry.None, "metrics of each pass: none, otlp (OTEL_EXPORTER_OTLP_ENDPOINT says where to), or emf (lines for CloudWatch on stderr)")
	f.StringVar(&s.Traces, "traces", telemetry.None, "a trace of each pass: none or otlp")
	f.IntVar(&s.Parallelism, "parallelism", 4, "number of workspaces at once")
	f.DurationVar(&s.Wait, "wait", DefaultWait, "how long to wait for a lease that another run holds")
	f.StringVar(&s.Work, "work", "", "caches and checkout (default: "+abbrevHome(defaultWorkDir())+")")
	f.StringArrayVar(&s.Pins, pinFlag, nil, "pin a setting, as NAME=VALUE: a flag or variable with another value is refused. For the entry point of a task or image")
	f.StringVar(&s.ConfigFile, configFlag, "", "file with values of flags, as NAME = VALUE in TOML; a flag or a variable wins (default: "+abbrevHome(defaultConfigFile())+")")
	f.StringVar(&s.LogFormat, "log-format", LogAuto, "logs on stderr: text, json, or auto (text on a terminal, else JSON; no results where the command prints them)")
	f.BoolVar(&s.NoColor, "no-color", false, "no colours, also on a terminal (or NO_COLOR)")
	f.BoolVarP(&s.Quiet, "quiet", "q", false, "no progress, and only errors in the logs")
	f.StringVarP(&s.Output, "output", "o", "text", "text or json")
}

// maxSettingsFile bounds the file of --settings, in bytes.
const maxSettingsFile = 1 << 20

// ReadSettingsFile reads the file of --settings; nil without one.
func (s *Settings) ReadSettingsFile() (*run.SettingsFile, error) {
	if s.SettingsFile == "" {
		return nil, nil
	}
	text, err := files.ReadRegular(s.SettingsFile, maxSettingsFile)
	if err != nil {
		return nil, usage.Errorf("--settings names a file of this machine", "%w", err)
	}
	return &run.SettingsFile{Name: s.SettingsFile, Text: text}, nil
}

// IsEmbedded reports whether the record is in a directory of this machine.
func (s *Settings) IsEmbedded() bool { return !strings.HasPrefix(s.State, SchemeDynamoDB) }

// Resolve sets the defaults and refuses wrong or contradictory settings. It reads the
// file system only to find the repository around the current directory and to check
// who owns the directories that are used.
func (s *Settings) Resolve() error {
	if s.Repo == "" {
		repo, err := FindRepository()
		if err != nil {
			return err
		}
		s.Repo = repo
	}
	if s.State == "" {
		s.State = defaultStateDir()
	}
	if s.Work == "" {
		s.Work = defaultWorkDir()
	}
	if s.IsEmbedded() {
		if s.Snapshots == "" {
			s.Snapshots = filepath.Join(s.State, "snapshots")
		}
		if s.DigestKey == "" {
			s.DigestKey = filepath.Join(s.State, "digest.key")
		}
	}
	return s.check()
}

// FindRepository returns the top of the Git repository around the current directory.
func FindRepository() (string, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("the current directory: %w", err)
	}
	top, found := FindWorkTree(cwd)
	if !found {
		return "", usage.Errorf("run it in a Git repository, or say which: --repo URL (or RECONCILE_REPO)",
			"%s is not inside a Git repository", cwd)
	}
	return top, nil
}

// FindWorkTree returns the top of the Git work tree around an absolute path; the path itself and
// false outside of one.
func FindWorkTree(path string) (top string, found bool) {
	for dir := path; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir, true
		}
		if dir == filepath.Dir(dir) {
			return path, false
		}
	}
}

// defaultStateDir returns a directory under the user's XDG state home (on macOS too,
// so that the documentation is the same).
func defaultStateDir() string {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "reconcile")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "state", "reconcile")
}

func defaultWorkDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "reconcile")
}

// abbrevHome writes a path below the home directory with a tilde.
func abbrevHome(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || path == "" {
		return path
	}
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok {
		return "~/" + rest
	}
	return path
}

// Confinement holds the settings that restrict the code of pull requests.
type Confinement struct {
	AllowUnconfined bool
	Networks        []string
	Memory          int // MiB
}

// Bind defines the flags of a command that plans pull requests.
func (o *Confinement) Bind(c *cobra.Command) {
	c.Flags().BoolVar(&o.AllowUnconfined, "allow-unconfined", false, "plan even without a sandbox: only for a machine or task that holds nothing that a pull request must not read")
	c.Flags().StringSliceVar(&o.Networks, "plan-from", nil, "where plans run: VPCs (vpc-…) and public addresses or ranges; AWS refuses the credentials of plan roles from elsewhere (default: valid anywhere)")
	c.Flags().IntVar(&o.Memory, "memory", 4096, "memory limit of each process that plans a pull request, in MiB (Linux only)")
}
