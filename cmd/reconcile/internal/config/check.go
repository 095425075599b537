package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/ownership"
	"reconcile/reconciler/notify/catalog"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

// check refuses settings that are wrong or contradict each other, naming the
// setting and what would be right.
func (s *Settings) check() error {
	for _, check := range []func() error{
		s.checkLocations, s.checkFolders, s.checkOwners, s.checkCredentials, s.checkBacklog, s.checkGate, s.checkApprovers, s.checkNumbers, s.checkExecutor, s.checkNotify, s.checkPage, s.CheckTelemetry,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Settings) checkPage() error {
	if s.PageURL != "" && !IsHTTP(s.PageURL) {
		return usage.Errorf("--page-url takes an address such as https://reconcile.example.com", "--page-url %s is no address", s.PageURL)
	}
	return nil
}

func (s *Settings) checkGate() error {
	if s.Gate != "" && !slices.Contains(settings.ApplyModes, settings.ApplyMode(s.Gate)) {
		return usage.Errorf("--gate takes always, safe, approve or plan-only", "--gate %s is not known", s.Gate)
	}
	return nil
}

// DoctorPartition is the partition of the record's table that the command doctor writes
// to, so no record may have that name.
const DoctorPartition = "DOCTOR"

func (s *Settings) checkLocations() error {
	if s.Branch == "" {
		return usage.Errorf("give the name of a branch, such as main", "--branch is empty")
	}
	if s.Record == state.LeasePartition || s.Record == DoctorPartition || strings.HasPrefix(s.Record, state.PreviewPartitionPrefix) {
		return usage.Errorf("choose another name", "--record %s is reserved", s.Record)
	}
	for _, location := range []struct {
		name, right string
		schemes     []string
		value       *string
	}{
		{"--state", "dynamodb://TABLE or a directory", []string{SchemeDynamoDB}, &s.State},
		{"--snapshots", "s3://BUCKET/PREFIX or a directory", []string{SchemeS3}, &s.Snapshots},
		{"--digest-key", "secretsmanager://NAME or a file", []string{schemeSecret}, &s.DigestKey},
		{"--work", "a directory", nil, &s.Work},
		{"--page", "s3://BUCKET/PREFIX or a directory", []string{SchemeS3}, &s.Page},
		{"--signers", "a file", nil, &s.Signers},
	} {
		if err := checkLocation(location.name, location.right, location.schemes, location.value); err != nil {
			return err
		}
	}
	return nil
}

// checkLocation checks a setting that is a URL of one of the schemes, or a path,
// which it makes absolute.
func checkLocation(name, right string, schemes []string, value *string) error {
	if *value == "" {
		return nil // what is missing is said where it is used
	}
	for _, scheme := range schemes {
		if rest, ok := strings.CutPrefix(*value, scheme); ok {
			if rest == "" || strings.HasPrefix(rest, "/") {
				return usage.Errorf(name+" takes "+right, "%s %s has no name", name, *value)
			}
			return nil
		}
	}
	if strings.Contains(*value, "://") {
		return usage.Errorf(name+" takes "+right, "%s %s: this scheme is not known", name, *value)
	}
	abs, err := filepath.Abs(*value)
	if err != nil {
		return err
	}
	*value = abs
	return nil
}

func (s *Settings) checkFolders() error {
	switch {
	case s.State == "":
		return usage.Errorf("set --state DIRECTORY (or RECONCILE_STATE)", "no home directory to keep the state in")
	case s.Work == "":
		return usage.Errorf("set --work DIRECTORY (or RECONCILE_WORK)", "no cache directory to work in")
	}
	return nil
}

// RequireSnapshots refuses a record in DynamoDB without --snapshots: the default is next to
// an embedded state, and a container's disk is lost.
func (s *Settings) RequireSnapshots() error {
	if s.Snapshots == "" {
		return usage.Errorf("add --snapshots s3://BUCKET/PREFIX (or RECONCILE_SNAPSHOTS)", "--state %s needs a place for snapshots", s.State)
	}
	return nil
}

// RequireDigestKey refuses a record in DynamoDB without --digest-key, as RequireSnapshots does.
func (s *Settings) RequireDigestKey() error {
	if s.DigestKey == "" {
		return usage.Errorf("add --digest-key secretsmanager://NAME (or RECONCILE_DIGEST_KEY)", "--state %s needs a place for the digest key", s.State)
	}
	return nil
}

// checkOwners refuses directories and files of this machine that another user owns or may
// write: programs run from them, states, records and signers in them are trusted, and a page
// is written over what lies there.
func (s *Settings) checkOwners() error {
	for _, place := range []struct {
		flag, path string
		check      func(path string) error
	}{
		{"--work", s.Work, ownership.CheckDir}, {"--state", s.State, ownership.CheckDir}, {"--snapshots", s.Snapshots, ownership.CheckDir},
		{"--page", s.Page, ownership.CheckDir}, {"--signers", s.Signers, ownership.CheckFilePath}, {"--digest-key", s.DigestKey, ownership.CheckFilePath},
	} {
		if !filepath.IsAbs(place.path) { // a URL
			continue
		}
		err := place.check(place.path)
		var refused *ownership.Error
		switch {
		case errors.As(err, &refused):
			return usage.Errorf(refused.Help, "%s %s is not safe to use: %s %s", place.flag, place.path, refused.Path, refused.Reason)
		case err != nil && !errors.Is(err, fs.ErrNotExist): // a file that is missing is told where it is used
			return fmt.Errorf("%s: %w", place.flag, err)
		}
	}
	return nil
}

func (s *Settings) checkCredentials() error {
	const right = "--git-credentials takes secretsmanager://NAME, env or ssh-key:FILE"
	value := s.GitCredentials
	ssh, http := isSSH(s.Repo), IsHTTP(s.Repo)
	switch {
	case (s.GitUsername == "") != (s.GitPassword == ""):
		return usage.Errorf("set both RECONCILE_GIT_USERNAME and RECONCILE_GIT_PASSWORD, or neither",
			"one of RECONCILE_GIT_USERNAME and RECONCILE_GIT_PASSWORD is missing")
	case value == "":
		return nil
	case value == "env":
		if s.GitUsername == "" {
			return usage.Errorf("set RECONCILE_GIT_USERNAME and RECONCILE_GIT_PASSWORD", "--git-credentials env, but they are not in the environment")
		}
		if ssh {
			return usage.Errorf("use ssh-key:FILE, secretsmanager://NAME or the agent for ssh, or an https URL",
				"--git-credentials env is a user name and a password, but --repo %s is reached by ssh", StripUserinfo(s.Repo))
		}
		return nil
	case strings.HasPrefix(value, prefixSSHKey):
		if value == prefixSSHKey {
			return usage.Errorf(right, "--git-credentials %s names no file", value)
		}
		if http {
			return usage.Errorf("use env or secretsmanager://NAME for https, or an ssh URL",
				"--git-credentials %s is for ssh, but --repo %s is not", value, StripUserinfo(s.Repo))
		}
		return nil
	case strings.HasPrefix(value, schemeSecret) && value != schemeSecret:
		return nil
	}
	return usage.Errorf(right, "--git-credentials has a value that is not known") // which may be a password
}

func (s *Settings) checkNumbers() error {
	if s.Parallelism < 1 {
		return usage.Errorf("--parallelism takes 1 or more", "--parallelism %d", s.Parallelism)
	}
	if s.Wait < 0 {
		return usage.Errorf("--wait takes a duration such as 0s, 30s or 5m", "--wait %s", s.Wait)
	}
	return nil
}

// IsHTTP reports whether a repository or a channel of --notify is an http or https URL.
func IsHTTP(location string) bool {
	return strings.HasPrefix(location, "https://") || strings.HasPrefix(location, "http://")
}

// isSSH reports whether repo is an ssh remote: ssh://host/path or user@host:path.
func isSSH(repo string) bool {
	if strings.HasPrefix(repo, "ssh://") {
		return true
	}
	host, _, ok := strings.Cut(repo, ":")
	return ok && !strings.ContainsAny(host, `/\`) && !strings.Contains(repo, "://") && len(host) > 1
}

// StripUserinfo removes what may be a user name and password from an address: all up to
// its last @, since a password may have a slash. The user of an ssh address stays.
func StripUserinfo(repo string) string {
	scheme, rest, isURL := strings.Cut(repo, "://")
	if !isURL {
		scheme, rest = "", repo
	}
	user, host, ok := cutLast(rest, "@")
	switch {
	case !ok, !isURL && !strings.Contains(user, ":"):
		return repo
	case !isURL:
		return host
	}
	return scheme + "://" + host
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return "", text, false
	}
	return text[:i], text[i+len(separator):], true
}

// checkBacklog refuses wrong settings. Each command decides whether it needs Backlog.
func (s *Settings) checkBacklog() error {
	if err := s.CheckLang(); err != nil {
		return err
	}
	switch value := s.BacklogCredentials; {
	case value == "", strings.HasPrefix(value, schemeSecret) && value != schemeSecret:
		return nil
	case value != "env":
		return usage.Errorf("--backlog-credentials takes secretsmanager://NAME or env", "--backlog-credentials has a value that is not known") // which may be the key
	case s.BacklogAPIKey == "":
		return usage.Errorf("set "+envBacklogKey, "--backlog-credentials env, but there is none in the environment")
	}
	return nil
}

// CheckLang refuses a language that the program does not have.
func (s *Settings) CheckLang() error {
	if s.Lang != "" && !slices.Contains(catalog.Languages(), s.Lang) {
		return usage.Errorf("--lang takes "+strings.Join(catalog.Languages(), " or "), "--lang %s is not known", s.Lang)
	}
	return nil
}
