package terraform

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

	"reconcile/internal/excerpt"
	"reconcile/internal/files"
	"reconcile/internal/lazyregexp"
	"reconcile/internal/shell"
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
	if s.spec.Sensitive.isUncertain() && values != nil {
		s.log.AddSecrets(planjson.RemoteOutputs(values.RootModule)...)
	}
}

// learnOthers learns which outputs of other workspaces are secret now: an apply of one may have
// begun since the session was opened, and a command may have read what it wrote.
func (s *Session) learnOthers(ctx context.Context) {
	if s.spec.SensitiveNow == nil {
		return
	}
	now := s.spec.SensitiveNow(ctx)
	s.log.AddFingerprints(now.Key, now.Sums)
	known := &s.spec.Sensitive
	known.Uncertain, known.Former = mergeNames(known.Uncertain, now.Uncertain), mergeNames(known.Former, now.Former)
}

func mergeNames(a, b []string) []string {
	names := slices.Concat(a, b)
	slices.Sort(names)
	return slices.Compact(names)
}

// learnFormerReads learns the secrets that the state has of earlier reads: what stood where a
// secret is read now, or nothing is any more. No fingerprint of them is left after a rotation, and
// the plan's text may show them.
func (s *Session) learnFormerReads(file string, saved *tfjson.Plan) error {
	if known := s.spec.Sensitive; !s.log.HasFingerprints() && !known.isUncertain() {
		return nil
	}
	var former planjson.StoredState
	err := readPlanMember(file, "tfstate-prev", &former)
	if errors.Is(err, zip.ErrFormat) {
		return nil // encrypted
	}
	if err != nil {
		return s.stepError("plan", nil, fmt.Errorf("read the former state from the saved plan: %w", err))
	}
	s.log.AddSecrets(planjson.FormerSecrets(former, saved, func(value string) bool { return s.log.Text(value) != value })...)
	return nil
}

// remoteReadPattern matches the line that says that another state was read.
var remoteReadPattern = lazyregexp.New(`(?m)^(?:\S.*\.)?data\.(?:terraform_remote_state|tfe_outputs)\..*: Read complete after `)

// learnFailedPlan learns what a plan has read before it failed. Terraform saves also such a plan,
// unless it failed early or was killed. progress is what it printed.
func (s *Session) learnFailedPlan(ctx context.Context, file string, progress *excerpt.Buffer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), learnStateTimeout)
	defer cancel()
	s.learnOthers(ctx)
	_ = s.learnState(ctx) // there may be none
	if info, err := os.Stat(file); err == nil && info.Size() > 0 {
		if _, err := s.learnSavedPlan(ctx, file); err == nil {
			return
		}
	}
	if remoteReadPattern().MatchString(progress.String()) || progress.Len() > maxText {
		s.mayQuote = slices.Concat(s.spec.Sensitive.Uncertain, s.spec.Sensitive.Former)
	}
}

// concealUnknown takes Terraform's text out of the error of a plan, and out of the log, if it may
// quote secrets that could not be learned.
func (s *Session) concealUnknown(err error) error {
	var step *StepError
	if len(s.mayQuote) == 0 || !errors.As(err, &step) {
		return err
	}
	names := strings.Join(s.mayQuote, ", ")
	s.log.Drop()
	if errors.Is(err, ErrStopped) || errors.Is(err, ErrKilled) {
		step.Detail = step.Err.Error() // says it all
		return err
	}
	if place := s.placeOf(step.Detail); place != "" {
		step.Detail = fmt.Sprintf("Terraform's error at %s is not shown: it may quote sensitive outputs of %s that no record knows", place, names)
	} else {
		step.Detail = fmt.Sprintf("Terraform's error is not shown: it may quote sensitive outputs of %s that no record knows", names)
	}
	step.Hint = fmt.Sprintf("to see it, run `%s plan` there by hand", s.tf.product)
	if uncertain := s.spec.Sensitive.Uncertain; len(uncertain) > 0 {
		step.Hint = fmt.Sprintf("apply %s first (reconcile now %s): then it is shown", strings.Join(uncertain, ", "), shell.Join(uncertain))
	}
	fmt.Fprintf(s.log, "\n# %s plan\n%s\n", s.tf.product, step.Detail)
	return err
}

var placePattern = lazyregexp.New(`(?m)^  on (\S+) line (\d+)[,:]`)

// placeOf returns the place in the configuration that an error names; "" if it names none.
func (s *Session) placeOf(detail string) string {
	place := placePattern().FindStringSubmatch(detail)
	if place == nil {
		return ""
	}
	if info, err := os.Lstat(s.path(place[1])); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return place[1] + ":" + place[2]
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
	if info, err := os.Lstat(s.path(erroredFile)); err == nil && info.Mode().IsRegular() && !s.spec.Untrusted {
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
	s.log.AddMatches(planjson.ValuesInState(state)...)
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
	text, err := files.ReadRegular(filepath.Join(s.dataDir, "modules", "modules.json"), files.MaxConfig)
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
