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
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"reconcile/env/awstest"
	"reconcile/env/awstest/rights"
)

// court judges all that the roles of an account do, as bootstrap made them.
// What was judged once is so for good: plans ask the same again and again.
type court struct {
	t          testing.TB
	judge      *judge
	identities *identities

	mu    sync.Mutex
	known map[string]map[string]bool // by role, what it asked for, and whether it may
}

// judged makes the account refuse its roles what they may not do, and what runs
// reconcile here one of them. What they lacked is told when the test ends.
func (a *account) judged() {
	a.t.Helper()
	var state struct {
		Resources []struct {
			Mode, Type string
			Instances  []struct{ Attributes attributes }
		}
	}
	a.state("bootstrap", &state)
	var all []resource
	for _, r := range state.Resources {
		for _, instance := range r.Instances {
			if r.Mode == "managed" {
				all = append(all, resource{r.Type, instance.Attributes})
			}
		}
	}
	c := &court{t: a.t, judge: newJudge(a.t), identities: readIdentities(a.t, all), known: map[string]map[string]bool{}}
	a.aws.Judged(a.t, rights.NewLists(a.t), c.may)
	a.t.Cleanup(c.told)
	a.become("reconcile-task", tokyo)
}

// become runs reconcile as a role of the control plane from here on; what people
// run stays the account's.
func (a *account) become(role, region string) {
	a.t.Helper()
	got, err := sts.NewFromConfig(a.aws.Config(region)).AssumeRole(a.t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + awstest.Account + ":role/reconcile/" + role), RoleSessionName: &role,
	})
	if err != nil {
		a.t.Fatal(err)
	}
	a.role = []string{
		"AWS_ACCESS_KEY_ID=" + *got.Credentials.AccessKeyId, "AWS_SECRET_ACCESS_KEY=" + *got.Credentials.SecretAccessKey,
		"AWS_SESSION_TOKEN=" + *got.Credentials.SessionToken,
	}
}

func (c *court) may(arn string, ask rights.Ask) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := path.Base(arn)
	may, judged := c.known[name][ask.String()]
	if judged {
		return may
	}
	if c.known[name] == nil {
		c.known[name] = map[string]bool{}
	}
	if role := c.identities.roles[name]; role != nil {
		may = c.judge.allows(c.t, c.identities, role, ask)
	}
	c.known[name][ask.String()] = may
	return may
}

// told fails the test for every right that a role lacked, and for roles of
// workspaces that nobody was; and tells what those may and never did.
func (c *court) told() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(c.identities.roles)) {
		ofWorkspace := strings.HasPrefix(name, "plan-") || strings.HasPrefix(name, "apply-")
		if ofWorkspace && c.known[name] == nil {
			c.t.Errorf("nobody was %s: are its calls still judged?", name)
		}
		asked := map[string]bool{}
		for _, ask := range slices.Sorted(maps.Keys(c.known[name])) {
			if !c.known[name][ask] {
				c.t.Errorf("%s may not %s", name, ask)
			}
			action, _, _ := strings.Cut(ask, " ")
			asked[action] = true
		}
		if ofWorkspace {
			idle := slices.DeleteFunc(c.identities.roles[name].granted(c.t), func(action string) bool { return asked[action] })
			c.t.Logf("%s was judged %d times, and never used %s", name, len(c.known[name]), strings.Join(idle, " "))
		}
	}
}

// granted are the actions that a role's policies allow, sorted.
func (r *role) granted(t testing.TB) (actions []string) {
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
