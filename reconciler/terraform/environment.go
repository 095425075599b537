package terraform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"reconcile/internal/runid"
)

// envAllow lists the variables of this process's environment that Terraform receives. A
// trailing "*" matches every name with that prefix.
var envAllow = []string{
	"PATH", "HOME", "TMPDIR", "USER", "LOGNAME",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
	"http_proxy", "https_proxy", "no_proxy", "all_proxy",
	"LANG", "LANGUAGE", "LC_*", "TZ",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
	"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE", "AWS_ENDPOINT_URL*",
	"AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_S3_USE_PATH_STYLE",
	envCLIConfig,
}

// ownCredentials are passed to Terraform only if no role is set.
var ownCredentials = []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE",
	"AWS_CONTAINER_CREDENTIALS_*", "AWS_CONTAINER_AUTHORIZATION_TOKEN*",
	"AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
	"AWS_EC2_METADATA_*", "AWS_SDK_LOAD_CONFIG",
}

// envDeny lists variables that change what Terraform does although the record does not
// show them.
var envDeny = []string{"TF_CLI_ARGS*", "TF_WORKSPACE", "TF_DATA_DIR"}

func checkEnvironment(environ []string) error {
	for _, pair := range environ {
		if name, value, _ := strings.Cut(pair, "="); value != "" && matchesAny(envDeny, name) {
			return fmt.Errorf("%s is set in the environment; it would change what Terraform does and the record would not show it: unset it", name)
		}
	}
	return nil
}

// environ returns the environment of a command: the allowed variables and the
// credentials of a role. If role is nil it passes reconcile's own credentials.
func (t *Terraform) environ(role map[string]string) map[string]string {
	env := map[string]string{"CHECKPOINT_DISABLE": "1"}
	for _, pair := range t.opts.Env() {
		name, value, _ := strings.Cut(pair, "=")
		if matchesAny(envAllow, name) || role == nil && matchesAny(ownCredentials, name) {
			env[name] = value
		}
	}
	if role != nil {
		// Terraform must not fall back to the credentials of the machine.
		env["AWS_EC2_METADATA_DISABLED"] = "true"
		env["AWS_SHARED_CREDENTIALS_FILE"] = os.DevNull
		env["AWS_CONFIG_FILE"] = os.DevNull
	}
	for name, value := range role {
		env[name] = value
	}
	if isMissing(env[envCLIConfig]) {
		// OpenTofu warns of it on stdout, before the document that it is asked for.
		env[envCLIConfig] = os.DevNull
	}
	return env
}

func isMissing(path string) bool {
	_, err := os.Stat(path)
	return path != "" && errors.Is(err, fs.ErrNotExist)
}

// envCLIConfig names the settings of the program itself.
const envCLIConfig = "TF_CLI_CONFIG_FILE"

func matchesAny(names []string, name string) bool {
	return slices.ContainsFunc(names, func(pattern string) bool {
		prefix, isPrefix := strings.CutSuffix(pattern, "*")
		return name == pattern || isPrefix && strings.HasPrefix(name, prefix)
	})
}

// maxCredentialAge is how long credentials are used for new commands. They last an
// hour, and a long apply must start with fresh ones.
const maxCredentialAge = 10 * time.Minute

// maxFallbackCredentialAge is how long they are used if assuming the role again fails.
const maxFallbackCredentialAge = 50 * time.Minute

type roleCredentials struct {
	env      map[string]string
	issuedAt time.Time
}

// assumeRole returns the credentials of a role, or nil if role is empty.
func (s *Session) assumeRole(ctx context.Context, role string) (map[string]string, error) {
	if role == "" {
		return nil, nil
	}
	assume := s.tf.opts.AssumeRole
	cached, ok := s.creds[role]
	if s.spec.Untrusted { // its credentials are short-lived
		assume, ok = s.tf.opts.AssumeRestrictedRole, false
	}
	if ok && time.Since(cached.issuedAt) < maxCredentialAge {
		return cached.env, nil
	}
	if assume == nil {
		return nil, fmt.Errorf("cannot assume role %s: AWS is not configured", role)
	}
	env, err := assume(ctx, role, sessionName(s.spec.RunID, s.spec.Name))
	if err != nil && ok && time.Since(cached.issuedAt) < maxFallbackCredentialAge {
		s.tf.opts.Log.Warn("assuming the role failed; using earlier credentials", "workspace", s.spec.Name, "role", role, "error", err)
		return cached.env, nil
	}
	if err != nil {
		return nil, fmt.Errorf("assume role %s (check that it exists and trusts the role that reconcile runs as): %w", role, err)
	}
	for _, value := range env {
		s.log.AddSecrets(value)
	}
	s.creds[role] = roleCredentials{env: env, issuedAt: time.Now()}
	return env, nil
}

var invalidSessionChars = regexp.MustCompile(`[^\w+=,.@-]`)

// sessionName returns a role session name that AWS accepts: at most 64 characters of a
// small set.
func sessionName(run runid.ID, workspace string) string {
	name := invalidSessionChars.ReplaceAllString("reconcile-"+string(run)+"-"+workspace, "-")
	return name[:min(len(name), 64)]
}
