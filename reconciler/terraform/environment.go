package terraform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"reconcile/internal/lazyregexp"
	"reconcile/internal/runid"
	"reconcile/reconciler/terraform/roles"
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
var envDeny = []string{"TF_CLI_ARGS*", cliWorkspaceVariable, "TF_DATA_DIR"}

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

// renewBefore is how long credentials must still work to be used for another command or
// request. They last an hour, so STS may fail for half an hour before one fails with it.
const renewBefore = 30 * time.Minute

// sessionRole is a role as a session uses it.
type sessionRole struct {
	mu          sync.Mutex
	credentials roles.Credentials
	server      *roles.Server // nil: not started
}

// assumeRole returns environment variables with which a command has the credentials of a
// role, or nil if there is none. Code that nobody has approved gets credentials that end soon.
// Others ask a server: one database can take longer than the hour of a role's session.
func (s *Session) assumeRole(ctx context.Context, arn string) (map[string]string, error) {
	if arn == "" {
		return nil, nil
	}
	role := s.roles[arn]
	if role == nil {
		role = &sessionRole{}
		s.roles[arn] = role
	}
	credentials, err := s.credentialsOf(ctx, arn, role)
	if err != nil {
		return nil, err
	}
	if s.spec.Untrusted {
		return credentials.Environment(), nil
	}
	if role.server == nil {
		get := func(ctx context.Context) (roles.Credentials, error) { return s.credentialsOf(ctx, arn, role) }
		if role.server, err = roles.NewServer(get); err != nil {
			return nil, err
		}
		s.log.AddSecrets(role.server.Environment()["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
	}
	return role.server.Environment(), nil
}

// credentialsOf returns credentials of a role that do not end soon. It is safe for
// concurrent use.
func (s *Session) credentialsOf(ctx context.Context, arn string, role *sessionRole) (roles.Credentials, error) {
	role.mu.Lock()
	defer role.mu.Unlock()
	assume, left := s.tf.opts.AssumeRole, time.Until(role.credentials.EndsAt)
	if s.spec.Untrusted { // its credentials are short-lived
		assume, left = s.tf.opts.AssumeRestrictedRole, 0
	}
	if left > renewBefore {
		return role.credentials, nil
	}
	if assume == nil {
		return roles.Credentials{}, fmt.Errorf("cannot assume role %s: AWS is not configured", arn)
	}
	credentials, err := assume(ctx, arn, sessionName(s.spec.RunID, s.spec.Name))
	if err != nil && left > 0 {
		s.tf.opts.Log.Warn("could not assume the role; using earlier credentials", "workspace", s.spec.Name, "role", arn, "error", err)
		return role.credentials, nil
	}
	if err != nil {
		return roles.Credentials{}, fmt.Errorf("assume role %s (check that it exists and trusts the role that reconcile runs as): %w", arn, err)
	}
	for _, value := range credentials.Environment() {
		s.log.AddSecrets(value)
	}
	role.credentials = credentials
	return credentials, nil
}

// closeRoles ends the servers of the session's roles.
func (s *Session) closeRoles() error {
	var err error
	for _, role := range s.roles {
		if role.server != nil {
			err = errors.Join(err, role.server.Close())
		}
	}
	return err
}

var invalidSessionChars = lazyregexp.New(`[^\w+=,.@-]`)

// sessionName returns a role session name that AWS accepts: at most 64 characters of a
// small set.
func sessionName(run runid.ID, workspace string) string {
	name := invalidSessionChars().ReplaceAllString("reconcile-"+string(run)+"-"+workspace, "-")
	return name[:min(len(name), 64)]
}
