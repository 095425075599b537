package env_test

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"reconcile/env/awstest/rights"
)

// enforcer checks every call of the account's roles against the policies that bootstrap
// created. It caches decisions, because plans repeat the same calls.
type enforcer struct {
	t          testing.TB
	simulator  *iamSimulator
	identities *identities

	mu        sync.Mutex
	decisions map[string]map[string]bool // by role and query: whether it is allowed
}

// enforceIAM makes the account refuse what its roles may not do, and runs reconcile with
// one of them. The denials are reported when the test ends.
func (a *account) enforceIAM() {
	a.t.Helper()
	var state struct {
		Resources []struct {
			Mode, Type string
			Instances  []struct{ Attributes attributes }
		}
	}
	a.readState("bootstrap", &state)
	var resources []resource
	for _, r := range state.Resources {
		for _, instance := range r.Instances {
			if r.Mode == "managed" {
				resources = append(resources, resource{r.Type, instance.Attributes})
			}
		}
	}
	c := &enforcer{t: a.t, simulator: newIAMSimulator(a.t), identities: readIdentities(a.t, resources), decisions: map[string]map[string]bool{}}
	a.aws.Enforce(a.t, rights.NewServiceReference(a.t), c.isAllowed)
	a.t.Cleanup(c.reportDenials)
	a.assumeRole("reconcile-task", tokyo)
	a.personEnv = envOf(a.assumeRoleAs(a.aws.Config(tokyo), "approvers"))
}

// assumeRole runs reconcile with a role of the control plane from now on. Terraform of
// people still uses the account itself.
func (a *account) assumeRole(role, region string) {
	a.t.Helper()
	a.roleEnv = envOf(a.assumeRoleAs(a.aws.Config(region), role))
}

// assumeRoleAs returns credentials of a role of the control plane, for the caller of the
// configuration.
func (a *account) assumeRoleAs(caller aws.Config, role string) *types.Credentials {
	a.t.Helper()
	got, err := sts.NewFromConfig(caller).AssumeRole(a.t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + a.site.Account + ":role/reconcile/" + role), RoleSessionName: &role,
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return got.Credentials
}

// envOf returns the credentials as environment variables.
func envOf(c *types.Credentials) []string {
	return []string{"AWS_ACCESS_KEY_ID=" + *c.AccessKeyId, "AWS_SECRET_ACCESS_KEY=" + *c.SecretAccessKey, "AWS_SESSION_TOKEN=" + *c.SessionToken}
}

// asOperator returns the account with the credentials of an operator who has assumed the
// apply role of a workspace of the drill.
func (a *account) asOperator(workspace string) *account {
	a.t.Helper()
	operator := a.aws.Config(osaka)
	c := a.assumeRoleAs(operator, "operators")
	operator.Credentials = credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	sub := *a
	sub.env = slices.Concat(a.env, envOf(a.assumeRoleAs(operator, "apply-"+workspace)))
	return &sub
}

func (c *enforcer) isAllowed(arn string, query rights.AuthzQuery) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := path.Base(arn)
	allowed, cached := c.decisions[name][query.String()]
	if cached {
		return allowed
	}
	if c.decisions[name] == nil {
		c.decisions[name] = map[string]bool{}
	}
	if role := c.identities.roles[name]; role != nil {
		allowed = c.simulator.isAllowed(c.t, c.identities, role, query)
	}
	c.decisions[name][query.String()] = allowed
	return allowed
}

// reportDenials fails the test for each denied query, and for each workspace role that
// was never used. It logs permissions that were never used.
func (c *enforcer) reportDenials() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(c.identities.roles)) {
		ofWorkspace := strings.HasPrefix(name, "plan-") || strings.HasPrefix(name, "apply-")
		if ofWorkspace && c.decisions[name] == nil {
			c.t.Errorf("role %s was never used: are its calls still checked?", name)
		}
		used := map[string]bool{}
		for _, query := range slices.Sorted(maps.Keys(c.decisions[name])) {
			if !c.decisions[name][query] {
				c.t.Errorf("%s may not %s", name, query)
			}
			action, _, _ := strings.Cut(query, " ")
			used[action] = true
		}
		if ofWorkspace {
			idle := slices.DeleteFunc(c.identities.roles[name].allowedActions(c.t), func(action string) bool { return used[action] })
			c.t.Logf("%s: %d queries were checked; never used: %s", name, len(c.decisions[name]), strings.Join(idle, " "))
		}
	}
}

// allowedActions returns the actions that a role's policies allow, sorted.
func (r *role) allowedActions(t testing.TB) (actions []string) {
	for _, p := range r.policies {
		var policy struct {
			Statement []struct {
				Effect string
				Action []string
			}
		}
		if err := json.Unmarshal(p.Policy, &policy); err != nil {
			t.Fatal(err)
		}
		for _, s := range policy.Statement {
			if s.Effect == "Allow" {
				actions = append(actions, s.Action...)
			}
		}
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}
