package approval_test

import (
	"strings"
	"testing"

	"reconcile/reconciler/approval"
)

const team = `
approver "Ann" {
  backlog  = 12
  identity = "arn:aws:sts::123456789012:assumed-role/operators/ann@*"
}
approver "Bob" {
  backlog = 13
}
approver "Cid" {
  identity = "cid"
}
`

func TestApprovers(t *testing.T) {
	t.Parallel()
	a, err := approval.Parse([]byte(team), "approvers.hcl")
	if err != nil || a.OpenerMayApprove {
		t.Fatalf("%+v, %v", a, err)
	}
	for id, name := range map[int]string{12: "Ann", 13: "Bob", 0: "", -1: "", 14: ""} {
		if got, ok := a.FindByBacklogID(id); got.Name != name || ok != (name != "") {
			t.Errorf("%d: %+v", id, got)
		}
	}
	for identity, name := range map[string]string{
		"arn:aws:sts::123456789012:assumed-role/operators/ann@example.com": "Ann",
		"arn:aws:sts::123456789012:assumed-role/operators/bob@example.com": "",
		"arn:aws:sts::123456789012:assumed-role/developers/ann@x":          "",
		"arn:aws:iam::1:user/cid": "",
		"cid@host":                "Cid",
		"cid":                     "Cid",
		"cidx@host":               "",
		"":                        "",
	} {
		if got, ok := a.FindByIdentity(identity); got.Name != name || ok != (name != "") {
			t.Errorf("%q: %+v", identity, got)
		}
	}
	if a, err = approval.Parse([]byte("opener_may_approve = true\n"+team), "x"); err != nil || !a.OpenerMayApprove {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestApproversRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"nothing":              {"", "nobody is named"},
		"no HCL":               {"approver {", "approvers.hcl"},
		"another word":         {`approver "Ann" { backlog_id = 1 }`, "backlog_id"},
		"neither":              {`approver "Ann" {}`, "needs backlog"},
		"an id that is a name": {`approver "Ann" { backlog = "ann" }`, "number"},
		"a part of an id":      {`approver "Ann" { backlog = 1.5 }`, "whole number"},
		"a negative id":        {`approver "Ann" { backlog = -1 }`, "numeric id"},
		"twice the id":         {`approver "Ann" { backlog = 1 }` + "\n" + `approver "Bob" { backlog = 1 }`, "no other approver has"},
		"twice the name":       {`approver "Ann" { backlog = 1 }` + "\n" + `approver "Ann" { backlog = 2 }`, "a name of its own"},
		"no name":              {`approver " " { backlog = 1 }`, "a name of its own"},
		"everybody":            {`approver "Ann" { identity = "*" }`, "everybody"},
		"too large":            {"# " + strings.Repeat("x", approval.MaxApproversSize), "bytes"},
	} {
		if a, err := approval.Parse([]byte(c.text), "approvers.hcl"); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}
