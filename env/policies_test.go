package env_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reconcile/modules/tftest"
)

// acceptedFindings are findings of parliament, a linter of IAM policies, that we accept,
// with the reason. An unused entry is an error.
var acceptedFindings = []struct{ policy, finding, why string }{
	{`/(estate-)?boundary$`, `^RESOURCE_STAR `, "a ceiling grants nothing: it names services, of everything"},
	{`/look-`, `^RESOURCE_STAR (cloudwatch|ec2|elasticfilesystem|logs|rds):(Describe|Search)`, "a plan asks before it knows any id, or asks for all"},
	{`/apply-`, `^RESOURCE_MISMATCH elasticloadbalancing:.* arn:\*:elasticloadbalancing:\*:\*:listener(-rule)?/net/`, "the estate's balancers are of applications; parliament wants an ARN of each kind"},
	{`/apply-`, `^RESOURCE_MISMATCH rds:CreateDBInstanceReadReplica arn:\*:rds:\*:\*:(cluster|og|pg|subgrp):`, "its replicas are of instances, whose source stands alone; parliament wants an ARN of each kind"},
	{`.`, `^RESOURCE_POLICY_PRIVILEGE_ESCALATION .*:example-(access|balancer|flow)-logs-`, "who makes a bucket says who may use it; what is in these, a lock keeps for 400 days"},
	{`/reconcile-webhook$`, `^UNKNOWN_CONDITION_FOR_ACTION .* codebuild:environment.environmentVariables.name `, "CodeBuild's guide has it, and so has iam-simulate's list of AWS's (TestRights)"},
	{`/(guard|apply-common)$`, `^MISMATCHED_TYPE_BUT_USABLE .*String(Not)?Equals .* Arn$`, "IAM's guide compares iam:PermissionsBoundary so"},
}

// TestPolicies lints every policy of a role.
func TestPolicies(t *testing.T) {
	t.Parallel()
	tf := tftest.New(t, map[string]string{"env": ".", "modules": modulesDir})
	used := make([]bool, len(acceptedFindings))
	var found int
	for _, name := range listWorkspaces(t) {
		policies := readIdentityPolicies(t, tf, name)
		if len(policies) == 0 {
			continue
		}
		found += len(policies)
		checkSizes(t, policies)
		if name == "bootstrap" {
			checkStateReads(t, policies)
		}
		for _, f := range lint(t, policies) {
			i := slices.IndexFunc(acceptedFindings, func(a struct{ policy, finding, why string }) bool {
				return regexp.MustCompile(a.policy).MatchString(f.policy) && regexp.MustCompile(a.finding).MatchString(f.text)
			})
			if i < 0 {
				t.Errorf("%s: %s", f.policy, f.text)
				continue
			}
			used[i] = true
		}
	}
	if found < 30 {
		t.Errorf("found only %d policies", found)
	}
	for i, a := range acceptedFindings {
		if !used[i] {
			t.Errorf("accepted finding is not used any more: %s of %s: %s", a.finding, a.policy, a.why)
		}
	}
}

// checkSizes: "IAM and STS quotas" of the IAM User Guide allow 6,144 characters for a managed
// policy, and 10,240 for all inline policies of a role, without white space.
func checkSizes(t *testing.T, policies map[string]string) {
	t.Helper()
	sizes, largest := map[string]int{}, map[bool]string{}
	for name, policy := range policies {
		of := name
		if isInline := !strings.HasPrefix(name, "/"); isInline {
			of, _, _ = strings.Cut(name, "/")
		}
		sizes[of] += len(strings.Join(strings.Fields(policy), ""))
	}
	for name, size := range sizes {
		isManaged := strings.HasPrefix(name, "/")
		if limit := map[bool]int{true: 6144, false: 10240}[isManaged]; size > limit {
			t.Errorf("%s has %d characters, and IAM allows %d", name, size, limit)
		}
		if size > sizes[largest[isManaged]] {
			largest[isManaged] = name
		}
	}
	for _, name := range largest {
		t.Logf("the largest: %s with %d characters", name, sizes[name])
	}
}

// checkStateReads compares the states that plan roles may read with those that the
// workspaces read, according to reconcile.
func checkStateReads(t *testing.T, policies map[string]string) {
	t.Helper()
	for _, n := range loadGraph(t, newEstateRepo(t)) {
		var policy struct {
			Statement []struct {
				Sid      string
				Resource any
			}
		}
		if err := json.Unmarshal([]byte(policies["plan-"+n.Name+"/plan-"+n.Name]), &policy); err != nil {
			t.Fatalf("the policy of plan-%s: %v", n.Name, err)
		}
		var reads []string
		for _, s := range policy.Statement {
			if s.Sid == "State" {
				for _, match := range regexp.MustCompile(`/([^/ ]+)/terraform\.tfstate`).FindAllStringSubmatch(fmt.Sprint(s.Resource), -1) {
					reads = append(reads, match[1])
				}
			}
		}
		want := append([]string{n.Name}, n.DependsOn...)
		slices.Sort(reads)
		slices.Sort(want)
		if !slices.Equal(reads, want) {
			t.Errorf("plan-%s may read the states of %v, and its workspace reads %v: see workspaces.tf", n.Name, reads, want)
		}
	}
}

// readIdentityPolicies plans a workspace with the mocks of its tests and returns its
// roles' policies, by path and name. A workspace that creates no role is not planned.
func readIdentityPolicies(t *testing.T, tf *tftest.Terraform, name string) map[string]string {
	t.Helper()
	if !slices.ContainsFunc(reachableModules(t, name), func(dir string) bool {
		return slices.ContainsFunc(tftest.LoadConfiguration(t, dir)["resource"], func(b tftest.Block) bool {
			return strings.HasPrefix(b.Labels[0], "aws_iam_")
		})
	}) {
		return nil
	}
	content, err := os.ReadFile(filepath.Join(name, "tests", name+".tftest.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	mocks, _, _ := strings.Cut(string(content), "\nrun ")
	dir := filepath.Join("env", name)
	tf.Write(t, filepath.Join(dir, "policies", "policies.tftest.hcl"), mocks+"\nrun \"policies\" {\n  command = plan\n}\n")
	tf.Run(t, dir, "get")
	out := tf.Run(t, dir, "test", "-json", "-verbose", "-test-directory=policies")

	policies := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var event struct {
			Plan struct {
				Changes []struct {
					Type   string
					Change struct{ After json.RawMessage }
				} `json:"resource_changes"`
			} `json:"test_plan"`
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatal(err)
		}
		for _, c := range event.Plan.Changes {
			if c.Type != "aws_iam_policy" && c.Type != "aws_iam_role_policy" {
				continue
			}
			var p struct{ Path, Role, Name, Policy string }
			if err := json.Unmarshal(c.Change.After, &p); err != nil {
				t.Fatal(err)
			}
			if p.Policy == "" { // the planner's policy contains addresses that are unknown in a plan; the module's tests check it
				continue
			}
			policies[p.Path+p.Role+"/"+p.Name] = p.Policy
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return policies
}

// reachableModules returns the folder of a workspace, and of every module that it calls
// directly or indirectly.
func reachableModules(t *testing.T, name string) []string {
	t.Helper()
	reached := []string{name}
	for i := 0; i < len(reached); i++ {
		for dir := range moduleCalls(t, reached[i]) {
			if !slices.Contains(reached, dir) {
				reached = append(reached, dir)
			}
		}
	}
	return reached
}

// finding is a finding of parliament about a policy.
type finding struct{ policy, text string }

func lint(t *testing.T, policies map[string]string) (findings []finding) {
	t.Helper()
	dir := t.TempDir()
	names := slices.Sorted(maps.Keys(policies))
	for i, name := range names {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.json", i)), []byte(policies[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), tftest.FindTool(t, "parliament"), "--json", "--directory", dir).Output()
	if _, ended := err.(*exec.ExitError); err != nil && !ended { // it exits with an error if it has findings
		t.Fatal(err)
	}
	for line := range bytes.Lines(out) {
		var issue struct {
			Issue    string
			Detail   json.RawMessage
			Location struct{ Filepath string }
		}
		if err := json.Unmarshal(line, &issue); err != nil {
			t.Fatalf("parliament says: %s", line)
		}
		i, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(issue.Location.Filepath), ".json"))
		if err != nil {
			t.Fatalf("parliament says: %s", line)
		}
		for _, about := range splitDetails(issue.Detail) {
			findings = append(findings, finding{names[i], issue.Issue + " " + about})
		}
	}
	return findings
}

// splitDetails returns the details of a finding: a text, a list of actions, or a list of
// actions with the ARNs that they need.
func splitDetails(raw json.RawMessage) (texts []string) {
	var actions []json.RawMessage
	if json.Unmarshal(raw, &actions) != nil {
		actions = []json.RawMessage{raw}
	}
	for _, a := range actions {
		var text string
		var wanted struct {
			Action string `json:"action"`
			Format string `json:"required_format"`
		}
		switch {
		case json.Unmarshal(a, &text) == nil:
		case json.Unmarshal(a, &wanted) == nil:
			text = fmt.Sprintf("%s %s", wanted.Action, wanted.Format)
		default:
			text = string(a)
		}
		texts = append(texts, text)
	}
	return texts
}
