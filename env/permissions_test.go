package env_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"reconcile/env/awstest/rights"
)

// TestRights checks every role of bootstrap against the tables: the named roles are
// allowed, all others are not. A row without roles is an attempt at privilege escalation
// that must fail for everybody.
func TestRights(t *testing.T) {
	a := applyIdentities(t)
	j := newIAMSimulator(t)
	if len(a.roles) < 25 {
		t.Errorf("found only %d roles", len(a.roles))
	}
	for _, table := range []struct {
		name string
		rows []permission
	}{
		{"roles", rolePermissions}, {"start", startPermissions}, {"keys", keyPermissions}, {"control plane", controlPlanePermissions},
		{"pull requests", previewPermissions}, {"names", dnsFirewallPermissions}, {"evidence", evidencePermissions}, {"estate", estatePermissions}, {"states", statePermissions(a)},
	} {
		t.Run(table.name, func(t *testing.T) {
			for _, row := range table.rows {
				want := a.matchRoles(t, row.roles)
				for name, role := range a.roles {
					allowed := j.isAllowed(t, a, role, row.AuthzQuery)
					switch {
					case allowed && !slices.Contains(want, name):
						t.Errorf("%s may %s", name, row.AuthzQuery)
					case !allowed && slices.Contains(want, name):
						t.Errorf("%s may not %s", name, row.AuthzQuery)
					}
				}
			}
		})
	}
	t.Run("bites", func(t *testing.T) { checkLoosened(t, j, a) })
}

// permission is a request and the roles that may make it.
type permission struct {
	roles string // patterns of role names
	rights.AuthzQuery
}

// allow returns a permission; the context is keys and values in turn.
func allow(roles, action, resource string, context ...string) permission {
	r := permission{roles, rights.AuthzQuery{Action: action, Resource: resource, Context: map[string][]string{}}}
	for pair := range slices.Chunk(context, 2) {
		r.Context[pair[0]] = pair[1:]
	}
	return r
}

const nobody = ""

// statePermissions returns the permissions for states. A workspace reads its own state and
// those whose outputs it reads. Its apply role writes its own. Nobody deletes a state.
func statePermissions(a *identities) (rows []permission) {
	osaka := []string{"common_os", "osaka-ap", "switchover"}
	readers := map[string][]string{
		"bootstrap":  {"bootstrap"},
		"common":     {"common", "switchover", "tokyo", "tokyo-ap-A", "tokyo-ap-B"},
		"common_os":  {"common_os", "osaka-ap", "tokyo"},
		"osaka-ap":   {"osaka-ap", "switchover"},
		"switchover": {"switchover"},
		"tokyo":      {"osaka-ap", "tokyo", "tokyo-ap-A", "tokyo-ap-B"},
		"tokyo-ap-A": {"switchover", "tokyo-ap-A"},
		"tokyo-ap-B": {"switchover", "tokyo-ap-B"},
	}
	for name, reads := range readers {
		bucket := "arn:aws:s3:::example-states-123456789012"
		if slices.Contains(osaka, name) {
			bucket = "arn:aws:s3:::example-states-osaka-123456789012"
		}
		state := bucket + "/" + name + "/terraform.tfstate"
		apply, planAndApply := "", "plan-"+name
		if a.roles["apply-"+name] != nil {
			apply = "apply-" + name
			planAndApply += " " + apply
		}
		var read []string
		for _, reader := range reads {
			read = append(read, "plan-"+reader)
			if a.roles["apply-"+reader] != nil {
				read = append(read, "apply-"+reader)
			}
		}
		rows = append(rows,
			allow(strings.Join(read, " "), "s3:GetObject", state),
			allow(apply, "s3:PutObject", state, "s3:x-amz-server-side-encryption", "aws:kms"),
			allow(nobody, "s3:PutObject", state, "s3:x-amz-server-side-encryption", "AES256"),
			allow(nobody, "s3:DeleteObject", state),
			allow(nobody, "s3:DeleteObjectVersion", state),
			allow(planAndApply, "s3:GetObject", state+".tflock"),
			allow(planAndApply, "s3:PutObject", state+".tflock"),
			allow(planAndApply, "s3:DeleteObject", state+".tflock"),
			allow(nobody, "s3:DeleteObjectVersion", state+".tflock"),
			allow(strings.TrimPrefix(bucket, "arn:aws:s3:::")+"-replication", "s3:GetObjectVersionForReplication", state),
		)
	}
	return rows
}

// checkLoosened removes the protection and expects the attempt to succeed. So each
// attempt is denied by exactly that protection, and the simulator really uses its input.
func checkLoosened(t *testing.T, j *iamSimulator, a *identities) {
	everything := namedPolicy{"everything", json.RawMessage(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`)}
	for _, c := range []struct {
		role          string
		addPolicies   []namedPolicy
		dropStatement string // a Sid, or
		dropBoundary  bool
		attempt       permission
	}{
		{role: "plan-tokyo", addPolicies: []namedPolicy{everything}, dropStatement: "OtherObjects",
			attempt: allow("", "s3:GetObject", "arn:aws:s3:::example-states-123456789012/bootstrap/terraform.tfstate")},
		{role: "apply-common", addPolicies: []namedPolicy{everything}, dropStatement: "Unbounded",
			attempt: allow("", "iam:CreateRole", "arn:aws:iam::123456789012:role/estate/x")},
		{role: "apply-tokyo", addPolicies: []namedPolicy{everything}, dropStatement: "OwnRoles",
			attempt: allow("", "iam:DeleteRolePolicy", "arn:aws:iam::123456789012:role/reconcile/plan-tokyo")},
		{role: "apply-tokyo", addPolicies: []namedPolicy{everything}, dropStatement: "BareKeys",
			attempt: allow("", "kms:Decrypt", "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555")},
		{role: "apply-tokyo", addPolicies: []namedPolicy{everything}, dropBoundary: true,
			attempt: allow("", "cloudformation:CreateStack", "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/x/y")},
	} {
		r := a.roles[c.role]
		given := &role{r.arn, append(slices.Clone(r.policies), c.addPolicies...), r.boundary}
		if j.isAllowed(t, a, given, c.attempt.AuthzQuery) {
			t.Errorf("%s may %s although nothing was removed", c.role, c.attempt.AuthzQuery)
		}
		if c.dropBoundary {
			given.boundary = nil
		}
		for i, p := range given.policies {
			given.policies[i].Policy = removeStatement(t, p.Policy, c.dropStatement)
		}
		if !j.isAllowed(t, a, given, c.attempt.AuthzQuery) {
			t.Errorf("%s may not %s even without the protection", c.role, c.attempt.AuthzQuery)
		}
	}
}

// removeStatement returns the policy without a statement.
func removeStatement(t *testing.T, policy json.RawMessage, sid string) json.RawMessage {
	t.Helper()
	var p struct {
		Version   string
		Statement []map[string]any
	}
	if err := json.Unmarshal(policy, &p); err != nil {
		t.Fatal(err)
	}
	p.Statement = slices.DeleteFunc(p.Statement, func(s map[string]any) bool { return sid != "" && s["Sid"] == sid })
	changed, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}
