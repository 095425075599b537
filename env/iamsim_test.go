package env_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"reconcile/env/awstest"
	"reconcile/env/awstest/rights"
	"reconcile/modules/tftest"
)

// iamSimulator decides whether a request is allowed, as IAM would. It runs iam-simulate,
// which knows boundaries, conditions, NotResource, trust policies, the policies of
// buckets and keys, and AWS's lists of actions, resources and context keys. moto's own
// check knows none of these: it would let every role read every state (NotResource), and
// let nobody assume a role (trust policies). So moto creates the roles, but does not
// decide what they may do.
type iamSimulator struct {
	in  io.Writer
	out *bufio.Scanner
}

func newIAMSimulator(t *testing.T) *iamSimulator {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tftest.FindTool(t, "iam-simulate"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait() // the end of the test may have killed it
	})
	return &iamSimulator{in: in, out: bufio.NewScanner(out)}
}

type namedPolicy struct {
	Name   string          `json:"name"`
	Policy json.RawMessage `json:"policy"`
}

// isAllowed reports whether the role may make the request.
func (j *iamSimulator) isAllowed(t testing.TB, a *identities, r *role, q rights.AuthzQuery) bool {
	t.Helper()
	if arn, ok := a.arns[q.Resource]; ok {
		q.Resource = arn
	}
	contextVariables := map[string][]string{"aws:PrincipalArn": {r.arn}} // in every signed request (IAM User Guide, "Global condition keys")
	if a.vpc != "" {
		contextVariables["aws:SourceVpc"] = []string{a.vpc} // the source, unless the query has one
	}
	maps.Copy(contextVariables, q.Context)
	request, err := json.Marshal(map[string]any{
		"request": map[string]any{
			"principal": r.arn, "action": q.Action, "contextVariables": contextVariables,
			"resource": map[string]string{"resource": q.Resource, "accountId": accountOf(r.arn)},
		},
		"identityPolicies":           r.policies,
		"permissionBoundaryPolicies": r.boundary,
		"resourcePolicy":             a.policyOf(q.Resource),
		"serviceControlPolicies":     []any{},
		"resourceControlPolicies":    []any{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(j.in, "%s\n", request); err != nil {
		t.Fatal(err)
	}
	if !j.out.Scan() {
		t.Fatalf("iam-simulate ended: %v", j.out.Err())
	}
	switch answer := j.out.Text(); answer {
	case "Allowed":
		return true
	case "ImplicitlyDenied", "ExplicitlyDenied":
		return false
	default:
		t.Errorf("%s, query %s: %s", path.Base(r.arn), q, answer)
		return false
	}
}

// identities are the roles and policies after bootstrap.
type identities struct {
	roles     map[string]*role           // by name
	resources map[string]json.RawMessage // policies of buckets and keys, and trust policies of roles, by ARN
	// ARNs of keys and secrets as AWS generated them, by the same ARN with our own
	// name.
	arns map[string]string
	// vpc is the VPC of passes and planners.
	vpc string
}

type role struct {
	arn                string
	policies, boundary []namedPolicy
}

// estateKeyPolicy returns the policy of the KMS keys that bootstrap does not create. Like
// every key of modules/kms, they delegate to the account's IAM policies.
func estateKeyPolicy(account string) json.RawMessage {
	return json.RawMessage(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::` + account + `:root"}, "Action": "kms:*", "Resource": "*"}]}`)
}

func accountOf(arn string) string { return strings.Split(arn, ":")[4] }

func (a *identities) policyOf(arn string) json.RawMessage {
	if policy, ok := a.resources[arn]; ok {
		return policy
	}
	parts := strings.SplitN(arn, ":", 6)
	switch {
	case len(parts) < 6:
	case parts[2] == "kms":
		return estateKeyPolicy(parts[4])
	case parts[2] == "s3":
		bucket, _, _ := strings.Cut(arn, "/")
		return a.resources[bucket]
	}
	return nil
}

// applyIdentities applies the roles of bootstrap, with the committed values and previews
// enabled, and returns the result.
func applyIdentities(t *testing.T) *identities {
	t.Helper()
	for _, e := range awstest.Start(t).Env() {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	tf := tftest.New(t, map[string]string{"env": ".", "modules": modulesDir})
	dir := "env/bootstrap"
	for _, b := range tftest.Parse(t, "bootstrap/versions.tf") {
		for _, backend := range b.NestedBlocks("backend") { // docs/bootstrap.md: the first state is local
			tf.Write(t, dir+"/versions.tf", string(b.Source[:backend.TypeRange.Start.Byte])+string(b.Source[backend.CloseBraceRange.End.Byte:]))
		}
	}
	values := tftest.LoadValues(t, "bootstrap/terraform.tfvars")
	tf.Write(t, dir+"/previews.auto.tfvars", "reconciler = "+strings.Replace(values["reconciler"], "{", "{\n  preview = true", 1)+"\n")
	tf.Run(t, dir, "get")
	apply := []string{"apply", "-auto-approve", "-refresh=false"}
	for _, target := range []string{
		"module.plan_role", "module.apply_role", "module.build_role", "module.webhook_role", "module.connect_role", "module.operators_role", "module.approvers_role", "module.snapshots_role",
		"module.reconciler.aws_iam_role_policy.this", "module.reconciler.aws_iam_role_policy_attachment.task",
		"module.standby.aws_iam_role_policy.this", "module.standby.aws_iam_role_policy_attachment.task",
		"module.states_tokyo.aws_iam_role_policy.replication", "module.states_tokyo.aws_s3_bucket_policy.this",
		"module.states_osaka.aws_iam_role_policy.replication", "module.states_osaka.aws_s3_bucket_policy.this",
	} {
		apply = append(apply, "-target="+target)
	}
	tf.Run(t, dir, apply...)
	var shown struct {
		Values struct {
			Root module `json:"root_module"`
		}
	}
	if err := json.Unmarshal(tf.Run(t, dir, "show", "-json"), &shown); err != nil {
		t.Fatal(err)
	}
	return readIdentities(t, shown.Values.Root.allResources())
}

// resource is a resource in Terraform's output, from which identities are read.
type resource struct {
	Type   string
	Values attributes
}

type attributes struct {
	ID, ARN, Name, Policy, Role, Bucket string
	PolicyARN                           string `json:"policy_arn"`
	Trust                               string `json:"assume_role_policy"`
	Boundary                            string `json:"permissions_boundary"`
	Tags                                map[string]string
}

type module struct {
	Resources []resource
	Children  []module `json:"child_modules"`
}

func (m module) allResources() []resource {
	resources := m.Resources
	for _, child := range m.Children {
		resources = append(resources, child.allResources()...)
	}
	return resources
}

func readIdentities(t testing.TB, resources []resource) *identities {
	t.Helper()
	a := &identities{roles: map[string]*role{}, resources: map[string]json.RawMessage{}, arns: map[string]string{}}
	managed := map[string]namedPolicy{}
	for _, r := range resources {
		switch v := r.Values; r.Type {
		case "aws_iam_policy":
			managed[v.ARN] = namedPolicy{v.Name, json.RawMessage(v.Policy)}
		case "aws_iam_role":
			a.roles[v.Name] = &role{arn: v.ARN}
			a.resources[v.ARN] = json.RawMessage(v.Trust)
		case "aws_vpc":
			if v.Tags["Name"] == "reconcile" {
				a.vpc = v.ID
			}
		case "aws_kms_key":
			a.resources[v.ARN] = json.RawMessage(v.Policy)
			service, _, _ := strings.Cut(v.ARN, "/")
			a.arns[service+"/"+v.Tags["Name"]] = v.ARN
		case "aws_secretsmanager_secret":
			service, _, _ := strings.Cut(v.ARN, ":secret:")
			a.arns[service+":secret:"+v.Name] = v.ARN
		case "aws_s3_bucket_policy":
			a.resources["arn:aws:s3:::"+v.Bucket] = json.RawMessage(v.Policy)
		}
	}
	for _, r := range resources {
		switch v := r.Values; r.Type {
		case "aws_iam_role":
			boundary, ok := managed[v.Boundary]
			if !ok {
				t.Errorf("%s has no boundary", v.Name)
			}
			a.roles[v.Name].boundary = []namedPolicy{boundary}
		case "aws_iam_role_policy":
			a.roles[v.Role].policies = append(a.roles[v.Role].policies, namedPolicy{"inline " + v.Name, json.RawMessage(v.Policy)})
		case "aws_iam_role_policy_attachment":
			policy, ok := managed[v.PolicyARN]
			switch {
			case strings.HasPrefix(v.PolicyARN, "arn:aws:iam::aws:"):
				continue // an AWS managed policy of a service's role; not simulated
			case !ok:
				t.Fatalf("%s has an unknown policy: %s", v.Role, v.PolicyARN)
			}
			a.roles[v.Role].policies = append(a.roles[v.Role].policies, policy)
		}
	}
	return a
}

// matchRoles returns the roles that match the patterns, sorted.
func (a *identities) matchRoles(t *testing.T, patterns string) (names []string) {
	t.Helper()
	for _, pattern := range strings.Fields(patterns) {
		var found bool
		for name := range a.roles {
			if ok, _ := path.Match(pattern, name); ok {
				names, found = append(names, name), true
			}
		}
		if !found {
			t.Errorf("no role matches %s", pattern)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
