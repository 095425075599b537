package terraform

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/internal/files"
	"reconcile/reconciler/terraform/internal/planjson"
)

// All that a session hides it learns in this file: from its settings, credentials, plan and
// state.

// secretEnv lists the secret ones among ownCredentials.
var secretEnv = []string{"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"}

// secretValues returns values that no session may print. Own credentials are secret
// because a provisioner can print its environment. Sensitive outputs are secret because
// Terraform treats them as plain when another workspace reads them.
func (t *Terraform) secretValues() []string {
	values := slices.Clone(t.opts.Secrets)
	for name, value := range t.environ(nil) {
		if slices.Contains(secretEnv, name) {
			values = append(values, value)
		}
		values = append(values, proxyPassword(value))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.AppendSeq(values, maps.Keys(t.sensitiveValues))
}

// proxyPassword returns the password in a variable such as HTTPS_PROXY, whose scheme may be
// missing; "" if there is none.
func proxyPassword(value string) string {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil {
		return ""
	}
	password, _ := u.User.Password()
	return password
}

func (t *Terraform) rememberSensitive(values ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, value := range values {
		if t.sensitiveValues == nil {
			t.sensitiveValues = map[string]bool{}
		}
		t.sensitiveValues[value] = true
	}
}

// learnPlan learns what a plan marks, and what it read of the values that were passed on
// without their mark.
func (s *Session) learnPlan(plan *tfjson.Plan, text []byte) {
	s.log.AddSecrets(s.secretsOf(planjson.SensitiveInPlan(plan, text))...)
	s.log.AddMatches(planjson.ValuesRead(plan)...)
	if plan.PriorState != nil {
		s.learnReadStates(plan.PriorState.Values)
	}
	s.learnReadStates(plan.PlannedValues)
}

// learnReadStates learns what was read from other states, if some of it may be a secret that
// has no known fingerprint.
func (s *Session) learnReadStates(values *tfjson.StateValues) {
	if s.spec.Sensitive.Incomplete && values != nil {
		s.log.AddSecrets(planjson.RemoteOutputs(values.RootModule)...)
	}
}

// learnStateTimeout bounds learnState, also after a signal: the error must still be recorded.
const learnStateTimeout = 10 * time.Second

// learnState learns what the state marks, such as a password that an apply has just
// generated, or that was there before a plan failed. It is called before an output or an
// error is told.
func (s *Session) learnState(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), learnStateTimeout)
	defer cancel()
	args := []string{"show", "-json", "-no-color"}
	file := s.stateCopy
	if _, err := os.Lstat(s.path(erroredFile)); err == nil && !s.spec.Untrusted {
		file = s.path(erroredFile) // is newer than what Terraform could write; a plan writes none
	}
	var readPaths []string
	if file != "" {
		args, readPaths = append(args, file), []string{file}
	}
	text, err := s.commandOutput(ctx, command{step: "show", role: s.stateRole, args: args, readPaths: readPaths})
	state := new(tfjson.State)
	state.UseJSONNumber(true)
	if err == nil {
		err = json.Unmarshal(text, state)
	}
	if err != nil {
		return err
	}
	s.log.AddSecrets(s.secretsOf(planjson.SensitiveInState(state))...)
	s.learnReadStates(state.Values)
	return nil
}

// learnOutput learns an output of the state and returns what is secret in it: all of a
// sensitive one, and of others what was passed on without its mark.
func (s *Session) learnOutput(value any, isSensitive bool) []string {
	found := planjson.SensitiveValue(value)
	secrets := s.secretsOf(found)
	if !isSensitive {
		s.log.AddMatches(append(secrets, found.Values...)...)
		secrets = slices.DeleteFunc(secrets, func(v string) bool { return s.log.Text(v) == v })
	}
	s.log.AddSecrets(secrets...)
	s.tf.rememberSensitive(secrets...)
	return secrets
}

// secretsOf returns the values, and those of the keys that are not names: a name is an
// identifier in the configuration, or is shown elsewhere.
func (s *Session) secretsOf(found planjson.Sensitive) []string {
	secrets := slices.Clone(found.Values)
	var names map[string]bool
	for _, key := range found.Keys {
		if names == nil {
			names = s.readNames()
		}
		if !found.Names[key] && !names[key] {
			secrets = append(secrets, key)
		}
	}
	return secrets
}

// readNames returns the identifiers in the configuration of the workspace and its modules.
func (s *Session) readNames() map[string]bool {
	names := map[string]bool{}
	for _, dir := range s.configurationDirs() {
		for _, pattern := range []string{"*.tf", "*.tofu"} {
			found, _ := filepath.Glob(filepath.Join(dir, pattern))
			for _, file := range found {
				text, _ := files.ReadRegular(file, files.MaxConfig) // Terraform reports what cannot be read
				tokens, _ := hclsyntax.LexConfig(text, file, hcl.InitialPos)
				for _, token := range tokens {
					if token.Type == hclsyntax.TokenIdent {
						names[string(token.Bytes)] = true
					}
				}
			}
		}
	}
	return names
}

// configurationDirs returns the directories of the workspace and of the modules that init
// found.
func (s *Session) configurationDirs() []string {
	dirs := []string{s.spec.Dir}
	text, err := os.ReadFile(filepath.Join(s.dataDir, "modules", "modules.json"))
	if err != nil {
		return dirs // no modules
	}
	var manifest struct{ Modules []struct{ Dir string } }
	_ = json.Unmarshal(text, &manifest)
	for _, module := range manifest.Modules {
		dirs = append(dirs, s.path(module.Dir))
	}
	return dirs
}
