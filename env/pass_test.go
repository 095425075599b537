package env_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// passResult is the output of `reconcile now` or `reconcile drift`.
type passResult struct {
	Run        string
	Workspaces []workspaceResult
}

type workspaceResult struct {
	Name, Outcome, Error string
	Digest               string // of the plan
	Approval             *struct{ By string }
	Changes              struct{ Add, Change, Destroy, Replace int }
}

// isApplied reports whether the plan was applied, by the gate alone or by an approval.
func (w workspaceResult) isApplied() bool { return w.Outcome == "applied" }

// outcomes returns the outcomes of the workspaces, without the unchanged ones. What was
// applied because a person approved it is "approved".
func (p *passResult) outcomes() map[string]string {
	outcomes := map[string]string{}
	for _, w := range p.Workspaces {
		switch {
		case w.isApplied() && w.Approval != nil:
			outcomes[w.Name] = "approved"
		case w.Outcome != "unchanged":
			outcomes[w.Name] = w.Outcome
		}
	}
	return outcomes
}

// add adds the results of a later pass. What was applied stays, if the later pass had
// nothing to do.
func (p *passResult) add(later *passResult) {
	p.Run = later.Run
	for _, w := range later.Workspaces {
		i := slices.IndexFunc(p.Workspaces, func(earlier workspaceResult) bool { return earlier.Name == w.Name })
		switch {
		case i < 0:
			p.Workspaces = append(p.Workspaces, w)
		case w.Outcome != "unchanged" && (w.Outcome != "no-changes" || !p.Workspaces[i].isApplied()):
			p.Workspaces[i] = w
		}
	}
}

// settle runs a pass, and further ones until no plan waits and no rollout is under way. It
// approves each plan that waits, once, as a person does who has read it.
func (a *account) settle(args ...string) *passResult {
	a.t.Helper()
	p, approved := &passResult{}, map[string]bool{}
	for {
		pass := a.runPass(args...)
		p.add(pass)
		isRolling := slices.ContainsFunc(pass.Workspaces, func(w workspaceResult) bool { return w.Outcome == "rolling" })
		if !a.approveWaiting(pass, approved) && !isRolling {
			return p
		}
		args = nil
	}
}

// approveWaiting approves the plans that wait, and reports whether there was one. A plan that
// was approved before is left out.
func (a *account) approveWaiting(p *passResult, approved map[string]bool) (any bool) {
	a.t.Helper()
	for _, w := range p.Workspaces {
		if w.Outcome == "blocked" && w.Digest != "" && !approved[w.Digest] {
			a.runAsPerson("approve", w.Name, w.Digest, "--why", "the drill")
			approved[w.Digest], any = true, true
		}
	}
	return any
}

// runAsPerson runs a command of reconcile on a person's machine, with the person's role, which
// may not read the credentials of Git.
func (a *account) runAsPerson(args ...string) {
	a.t.Helper()
	cmd := exec.CommandContext(a.t.Context(), a.binary, args...)
	cmd.Dir, cmd.Env = a.t.TempDir(), slices.Concat(a.env, a.personEnv, []string{"RECONCILE_GIT_CREDENTIALS="})
	if out, err := cmd.CombinedOutput(); err != nil {
		a.t.Fatalf("reconcile %v: %v\n%s", args, err, out)
	}
}

func (a *account) runPass(args ...string) *passResult {
	a.t.Helper()
	return a.runReconcile("now", args...)
}

func (a *account) runReconcile(command string, args ...string) *passResult {
	a.t.Helper()
	cmd := exec.CommandContext(a.t.Context(), a.binary, append([]string{command, "-o", "json"}, args...)...)
	cmd.Dir, cmd.Env = a.t.TempDir(), slices.Concat(a.env, a.roleEnv)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		a.t.Fatal(err)
	}
	p := &passResult{}
	if err := json.Unmarshal(out, p); err != nil {
		a.t.Fatalf("reconcile %s %v: %v\n%s%s", command, args, err, out, stderr.Bytes())
	}
	for _, w := range p.Workspaces {
		if w.Error != "" {
			a.t.Logf("%s: %s", w.Name, w.Error)
		}
	}
	return p
}

// commitAndCheck commits, runs passes until no plan waits, and compares the outcomes of
// the workspaces. Workspaces that are not in want must be unchanged.
func (a *account) commitAndCheck(message string, want map[string]string) {
	a.t.Helper()
	a.commit(message)
	a.passAndCheck(message, want)
}

// passAndCheck does what commitAndCheck does, without a commit.
func (a *account) passAndCheck(message string, want map[string]string) {
	a.t.Helper()
	if got := a.settle().outcomes(); !maps.Equal(got, want) {
		a.t.Fatalf("%s: %v, want %v", message, got, want)
	}
}

// countResources counts the resource instances in a workspace's state, by type.
func (a *account) countResources(workspace string) map[string]int {
	a.t.Helper()
	var state struct {
		Resources []struct {
			Mode, Type string
			Instances  []json.RawMessage
		}
	}
	a.readState(workspace, &state)
	count := map[string]int{}
	for _, r := range state.Resources {
		if r.Mode == "managed" {
			count[r.Type] += len(r.Instances)
		}
	}
	return count
}

// readOutput reads an output of a workspace from its state.
func (a *account) readOutput(workspace, name string, into any) {
	a.t.Helper()
	var state struct {
		Outputs map[string]struct{ Value json.RawMessage }
	}
	a.readState(workspace, &state)
	if err := json.Unmarshal(state.Outputs[name].Value, into); err != nil {
		a.t.Fatalf("output %s of %s: %v", name, workspace, err)
	}
}

func (a *account) readState(workspace string, into any) {
	a.t.Helper()
	bucket, region := a.site.statesBucket(workspace)
	client := s3.NewFromConfig(a.aws.Config(region), func(o *s3.Options) { o.UsePathStyle = true })
	got, err := client.GetObject(a.t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String(workspace + "/terraform.tfstate")})
	if err != nil {
		a.t.Fatal(err)
	}
	defer got.Body.Close()
	if err := json.NewDecoder(got.Body).Decode(into); err != nil {
		a.t.Fatal(err)
	}
}

// checkSynced expects another pass to find nothing to do.
func (a *account) checkSynced() {
	a.t.Helper()
	if got := a.runPass().outcomes(); len(got) > 0 {
		a.t.Errorf("another pass: %v", got)
	}
}

// checkUnchanged plans workspaces again, and expects every plan to be empty.
func (a *account) checkUnchanged(workspaces ...string) {
	a.t.Helper()
	want := map[string]string{}
	for _, name := range workspaces {
		want[name] = "no-changes"
	}
	p := a.runPass(append([]string{"--replan"}, workspaces...)...)
	if got := p.outcomes(); !maps.Equal(got, want) {
		a.t.Fatalf("planned again: %v, want no changes anywhere:\n%s", got, a.plannedResources(p))
	}
}

// plannedResources lists the resources in a pass's plans.
func (a *account) plannedResources(p *passResult) string {
	a.t.Helper()
	cmd := exec.CommandContext(a.t.Context(), a.binary, "runs", p.Run)
	cmd.Dir, cmd.Env = a.t.TempDir(), slices.Concat(a.env, a.roleEnv)
	out, err := cmd.CombinedOutput()
	if err != nil {
		a.t.Fatalf("reconcile runs: %v\n%s", err, out)
	}
	return strings.Join(regexp.MustCompile(`(?m)^ *# .*$`).FindAllString(string(out), -1), "\n")
}
