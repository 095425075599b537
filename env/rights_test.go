package env_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"reconcile/env/awstest/rights"
)

// TestRights asks for every role of bootstrap whether it may what the tables
// say: those that they name may, and all others may not. So a row without
// names is an attempt to become more, which nobody may succeed with.
func TestRights(t *testing.T) {
	a := bootstrapped(t)
	j := newJudge(t)
	if len(a.roles) < 25 {
		t.Errorf("there are %d roles: are they still found?", len(a.roles))
	}
	for _, table := range []struct {
		name string
		rows []right
	}{
		{"roles", rolesAndPeople}, {"start", whatStarts}, {"keys", keysAndSecrets}, {"control plane", controlPlane},
		{"pull requests", pullRequests}, {"names", firewallOfNames}, {"evidence", evidenceKept}, {"estate", estateThings}, {"states", statesOf(a)},
	} {
		t.Run(table.name, func(t *testing.T) {
			for _, row := range table.rows {
				want := a.those(t, row.who)
				for name, role := range a.roles {
					may := j.allows(t, a, role, row.Ask)
					switch {
					case may && !slices.Contains(want, name):
						t.Errorf("%s may %s", name, row.Ask)
					case !may && slices.Contains(want, name):
						t.Errorf("%s may not %s", name, row.Ask)
					}
				}
			}
		})
	}
	t.Run("bites", func(t *testing.T) { loosened(t, j, a) })
}

// right is a request, and who alone may make it.
type right struct {
	who string // roles, by patterns
	rights.Ask
}

// may is a right; the context is keys and values in turn.
func may(who, action, resource string, context ...string) right {
	r := right{who, rights.Ask{Action: action, Resource: resource, Context: map[string][]string{}}}
	for pair := range slices.Chunk(context, 2) {
		r.Context[pair[0]] = pair[1:]
	}
	return r
}

const nobody = ""

// statesOf are the rights to states: a workspace reads its own and those that
// it reads outputs of; its apply writes its own; nobody deletes one.
func statesOf(a *identities) (rows []right) {
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
		apply, both := "", "plan-"+name
		if a.roles["apply-"+name] != nil {
			apply = "apply-" + name
			both += " " + apply
		}
		var read []string
		for _, reader := range reads {
			read = append(read, "plan-"+reader)
			if a.roles["apply-"+reader] != nil {
				read = append(read, "apply-"+reader)
			}
		}
		rows = append(rows,
			may(strings.Join(read, " "), "s3:GetObject", state),
			may(apply, "s3:PutObject", state, "s3:x-amz-server-side-encryption", "aws:kms"),
			may(nobody, "s3:PutObject", state, "s3:x-amz-server-side-encryption", "AES256"),
			may(nobody, "s3:DeleteObject", state),
			may(nobody, "s3:DeleteObjectVersion", state),
			may(both, "s3:GetObject", state+".tflock"),
			may(both, "s3:PutObject", state+".tflock"),
			may(both, "s3:DeleteObject", state+".tflock"),
			may(nobody, "s3:DeleteObjectVersion", state+".tflock"),
			may(strings.TrimPrefix(bucket, "arn:aws:s3:::")+"-replication", "s3:GetObjectVersionForReplication", state),
		)
	}
	return rows
}

// loosened takes away what keeps somebody off, and sees the attempt succeed:
// each is denied by that, and the judge judges what it is given.
func loosened(t *testing.T, j *judge, a *identities) {
	everything := named{"everything", json.RawMessage(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`)}
	for _, c := range []struct {
		role    string
		gets    []named
		loses   string // a statement, by its Sid, or
		ceiling bool   // its boundary
		attempt right
	}{
		{role: "plan-tokyo", gets: []named{everything}, loses: "OtherObjects",
			attempt: may("", "s3:GetObject", "arn:aws:s3:::example-states-123456789012/bootstrap/terraform.tfstate")},
		{role: "apply-common", gets: []named{everything}, loses: "Unbounded",
			attempt: may("", "iam:CreateRole", "arn:aws:iam::123456789012:role/estate/x")},
		{role: "apply-tokyo", gets: []named{everything}, loses: "OwnRoles",
			attempt: may("", "iam:DeleteRolePolicy", "arn:aws:iam::123456789012:role/reconcile/plan-tokyo")},
		{role: "apply-tokyo", gets: []named{everything}, loses: "BareKeys",
			attempt: may("", "kms:Decrypt", "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555")},
		{role: "apply-tokyo", gets: []named{everything}, ceiling: true,
			attempt: may("", "cloudformation:CreateStack", "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/x/y")},
	} {
		r := a.roles[c.role]
		given := &role{r.arn, append(slices.Clone(r.policies), c.gets...), r.boundary}
		if j.allows(t, a, given, c.attempt.Ask) {
			t.Errorf("%s may %s although nothing was taken away", c.role, c.attempt.Ask)
		}
		if c.ceiling {
			given.boundary = nil
		}
		for i, p := range given.policies {
			given.policies[i].Policy = without(t, p.Policy, c.loses)
		}
		if !j.allows(t, a, given, c.attempt.Ask) {
			t.Errorf("%s may not %s, whatever is taken away", c.role, c.attempt.Ask)
		}
	}
}

// without returns the policy without a statement.
func without(t *testing.T, policy json.RawMessage, sid string) json.RawMessage {
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
