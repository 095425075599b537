package env_test

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"reconcile/modules/tftest"
)

// withoutGit is the one command of "Without Git" in docs/drill.md.
var withoutGit = []string{
	"now", "--adopt", "--snapshot", "latest", "osaka-ap", "switchover",
	"--values", "env/osaka-ap/dr-osaka.tfvars", "--values", "env/switchover/dr-osaka.tfvars",
}

// failOver: all of Tokyo fails, and Git with it. The standby takes over from a snapshot, using
// only what is in Osaka, and keeps that when Git is back.
func failOver(a *account) {
	var accelerator struct {
		Listener string `json:"listener_arn"`
	}
	a.readOutput("common", "accelerator", &accelerator)
	// docs/bootstrap.md requires this beforehand.
	a.edit("env/switchover/estate.auto.tfvars", `(?m)^# (listener_arn = ).*`, `${1}"`+accelerator.Listener+`"`)
	a.commitAndCheck("the listener is written down", map[string]string{"switchover": "no-changes"})
	a.aws.TrafficHistory()

	a.aws.FailRegion(tokyo)
	a.git.Fault = func(http.ResponseWriter, *http.Request, int) bool { panic(http.ErrAbortHandler) }
	a.aws.Calls()
	asked := a.git.Requests.Load()
	a.applyByHand("common_os", "-var=standby_egress=true") // the standby's network is closed
	standby := a.asStandby()
	if got, want := standby.takeOver(), map[string]string{"osaka-ap": "approved", "switchover": "approved"}; !maps.Equal(got, want) {
		a.t.Fatalf("Osaka takes over: %v, want %v", got, want)
	}
	a.checkOsakaServes()
	a.checkServedInAnyOrder(tokyo)
	for _, call := range a.aws.Calls() {
		if call.Region == tokyo {
			a.t.Errorf("Tokyo was called: %s %s", call.Service, call.Operation)
		}
	}
	if got := a.git.Requests.Load(); got != asked {
		a.t.Errorf("the Git server was asked %d times", got-asked)
	}

	// Git is back, and says the old. What reads Tokyo cannot even be planned.
	a.git.Fault = nil
	for name, outcome := range standby.runPass("osaka-ap", "switchover").outcomes() {
		if outcome != "blocked" && outcome != "failed" && outcome != "skipped" {
			a.t.Errorf("a pass over %s: %s", name, outcome)
		}
	}
	a.checkOsakaServes()
	a.commitTakeover()
	if got, want := standby.runPass("osaka-ap", "switchover").outcomes(), map[string]string{"osaka-ap": "no-changes", "switchover": "no-changes"}; !maps.Equal(got, want) {
		a.t.Errorf("the branch says what was applied: %v, want %v", got, want)
	}
	a.checkOsakaServes()
	a.openWebhook()
}

// takeOver runs the one command until nothing waits, and approves what waits. It returns the
// outcomes. An operator does both.
func (a *account) takeOver() map[string]string {
	a.t.Helper()
	whole := &passResult{}
	for approved := map[string]bool{}; ; {
		a.startTask(withoutGit...)
		pass := a.runReconcile(withoutGit[0], withoutGit[1:]...)
		whole.add(pass)
		if !a.approveWaiting(pass, approved) {
			return whole.outcomes()
		}
	}
}

// commitTakeover commits what was applied without Git.
func (a *account) commitTakeover() {
	a.t.Helper()
	values, err := os.ReadFile(filepath.Join(a.repo.Work, "env", "switchover", "dr-osaka.tfvars"))
	if err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.repo.Work, "env", "switchover", "terraform.tfvars"), values, 0o600); err != nil {
		a.t.Fatal(err)
	}
	for name, value := range tftest.LoadValues(a.t, filepath.Join(a.repo.Work, "env", "osaka-ap", "dr-osaka.tfvars")) {
		a.edit("env/osaka-ap/terraform.tfvars", `(?ms)^`+name+` += \{\n.*?^\}\n`, name+" = "+value+"\n")
	}
	a.commit("Tokyo is lost")
}

// checkOsakaServes: all traffic goes to Osaka, whose database takes writes.
func (a *account) checkOsakaServes() {
	a.t.Helper()
	a.checkWeights(osaka, map[string]string{"osaka-ap": "100"})
	a.checkWeights(tokyo, map[string]string{})
	if source := a.resourceAttributes("osaka-ap", "aws_db_instance")["replicate_source_db"]; source != "" {
		a.t.Errorf("Osaka's database follows %v", source)
	}
}

// openWebhook: it takes days, so the standby's webhook is enabled.
func (a *account) openWebhook() {
	a.t.Helper()
	a.edit("env/common_os/terraform.tfvars", `(?m)^(standby_egress|webhook)( +)= false`, "$1$2= true")
	a.commit("Osaka lets webhooks in")
	a.applyByHand("common_os")
	var door string
	if a.readOutput("common_os", "webhook_url", &door); !strings.HasSuffix(door, ".execute-api."+osaka+".amazonaws.com/hook/TOKEN") {
		a.t.Errorf("Backlog is to call %q", door)
	}
}

// asStandby returns the account with the role and the settings of the standby's task. What
// people do there, operators do.
func (a *account) asStandby() *account {
	a.t.Helper()
	got, err := ecs.NewFromConfig(a.aws.Config(osaka)).DescribeTaskDefinition(a.t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String("reconcile-standby")})
	if err != nil {
		a.t.Fatal(err)
	}
	sub := *a
	sub.task = *got.TaskDefinition.TaskDefinitionArn
	sub.env = slices.DeleteFunc(slices.Clone(a.env), func(variable string) bool { return strings.HasPrefix(variable, "RECONCILE_") })
	for _, variable := range got.TaskDefinition.ContainerDefinitions[0].Environment {
		sub.env = append(sub.env, *variable.Name+"="+*variable.Value)
	}
	sub.env = append(sub.env, "AWS_REGION="+osaka, "RECONCILE_REPO="+a.git.URL, "RECONCILE_WORK="+a.t.TempDir(), "RECONCILE_TERRAFORM="+a.terraformBinary)
	sub.assumeRole("reconcile-standby-task", osaka)
	sub.personEnv = envOf(a.assumeRoleAs(a.aws.Config(osaka), "operators"))
	return &sub
}

// startTask starts the standby's task with a command, as an operator may. The emulator runs
// nothing: runReconcile does, with the same command.
func (a *account) startTask(command ...string) {
	a.t.Helper()
	config := a.aws.Config(osaka)
	operator := a.assumeRoleAs(config, "operators")
	config.Credentials = credentials.NewStaticCredentialsProvider(*operator.AccessKeyId, *operator.SecretAccessKey, *operator.SessionToken)
	if _, err := ecs.NewFromConfig(config).RunTask(a.t.Context(), &ecs.RunTaskInput{
		Cluster: aws.String("reconcile-standby"), TaskDefinition: &a.task, LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}},
		Overrides:            &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("reconcile"), Command: command}}},
	}); err != nil {
		a.t.Fatal(err)
	}
}

// applyByHand applies a workspace as an operator does from a clone, because the
// reconciler is lost with Tokyo.
func (a *account) applyByHand(workspace string, values ...string) {
	a.t.Helper()
	clone := a.t.TempDir()
	tftest.Copy(a.t, a.repo.Work, clone)
	dir := filepath.Join(clone, "env", workspace)
	operator := a
	if workspace != "common_os" { // the simulator knows no resources of HTTP APIs
		operator = a.asOperator(workspace)
	}
	operator.runTerraform(dir, "init", "-input=false")
	operator.runTerraform(dir, append([]string{"apply", "-input=false", "-auto-approve"}, values...)...)
	operator.runTerraform(dir, append([]string{"plan", "-input=false", "-detailed-exitcode"}, values...)...) // empty, else its exit code is 2
}
