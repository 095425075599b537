package config

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/secret"
	"reconcile/internal/similar"
)

const envPrefix = "RECONCILE_"

// Variables without a flag. Every process of the machine could read a password in a
// command line.
const (
	envGitUsername  = envPrefix + "GIT_USERNAME"
	envGitPassword  = envPrefix + "GIT_PASSWORD"
	envBacklogKey   = envPrefix + "BACKLOG_API_KEY"
	envWebhookToken = envPrefix + "WEBHOOK_TOKEN"

	envSlackURL      = envPrefix + "SLACK_URL"
	envTeamsURL      = envPrefix + "TEAMS_URL"
	envChatworkToken = envPrefix + "CHATWORK_TOKEN"
	envNotifySecret  = envPrefix + "NOTIFY_SECRET"

	// envTestCache is where `make test` keeps emulators; nothing here reads it.
	envTestCache = envPrefix + "TEST_CACHE"
)

// envName returns the environment variable of a flag: --git-credentials is
// RECONCILE_GIT_CREDENTIALS.
func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// ApplyEnvironment sets the flags of c that were not given from their
// environment variables, else from the file of --config. An empty variable counts as not set.
func (s *Settings) ApplyEnvironment(c *cobra.Command) error {
	if err := checkVariables(c.Root(), os.Environ()); err != nil {
		return err
	}
	s.GitUsername = os.Getenv(envGitUsername)
	s.GitPassword = takeSecret(envGitPassword)
	for _, v := range serviceSecrets {
		*v.field(s) = takeSecret(v.variable)
	}
	inFile, err := s.readConfigFile(c)
	if err != nil {
		return err
	}
	var setErr error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		name, values := envName(f.Name), []string{os.Getenv(envName(f.Name))}
		if values[0] == "" {
			name, values = f.Name+" in the file of --config", inFile[f.Name]
		}
		if f.Changed || setErr != nil || f.Name == "help" {
			return
		}
		for _, value := range values {
			if err := f.Value.Set(value); err != nil {
				setErr = usage.Errorf("it takes what --"+f.Name+" takes: "+f.Usage, "%s=%s: %w", name, value, err)
				return
			}
		}
	})
	return setErr
}

// takeSecret removes a secret from our environment, so that programs that we start do
// not inherit it.
func takeSecret(name string) secret.Text {
	value := os.Getenv(name)
	_ = os.Unsetenv(name) // fails only for invalid names
	return secret.Text(value)
}

// activeHelp is a variable that the completion scripts of cobra set; that of fish always does.
const activeHelp = envPrefix + "ACTIVE_HELP"

// checkVariables refuses unknown RECONCILE_* variables: a misspelt setting would
// otherwise silently have its default.
func checkVariables(root *cobra.Command, environ []string) error {
	known := knownVariables(root)
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || value == "" || known[name] || name == activeHelp {
			continue
		}
		return usage.Errorf(fmt.Sprintf("did you mean %s? Else unset it", findNearest(name, known)), "%s is not a setting", name)
	}
	return nil
}

func knownVariables(root *cobra.Command) map[string]bool {
	known := map[string]bool{envGitUsername: true, envGitPassword: true, envTestCache: true}
	for _, v := range serviceSecrets {
		known[v.variable] = true
	}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		add := func(f *pflag.Flag) { known[envName(f.Name)] = true }
		c.PersistentFlags().VisitAll(add)
		c.Flags().VisitAll(add)
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	delete(known, envName("help"))
	return known
}

// findNearest returns the candidate that is most similar to name.
func findNearest(name string, candidates map[string]bool) string {
	byName := map[string]string{}
	for candidate := range candidates {
		byName[strings.TrimPrefix(candidate, envPrefix)] = candidate
	}
	return byName[similar.FindNearest(strings.TrimPrefix(name, envPrefix), slices.Collect(maps.Keys(byName)))]
}
