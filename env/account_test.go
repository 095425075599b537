package env_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"reconcile/env/awstest"
	"reconcile/internal/programtest"
	"reconcile/internal/testtier"
	"reconcile/modules/tftest"
	"reconcile/reconciler/source/gittest"
)

const (
	tokyo = "ap-northeast-1"
	osaka = "ap-northeast-3"
)

// account is an AWS account with the control plane of the infrastructure, a Git server
// with this repository's infrastructure, and the runner of reconcile.
type account struct {
	t                       *testing.T
	aws                     *awstest.Server
	repo                    *gittest.Repo
	git                     *gittest.HTTP
	site                    site
	binary, terraformBinary string
	env                     []string
	roleEnv                 []string // credentials of reconcile
	personEnv               []string // credentials of who approves
	task                    string   // ARN of the task definition that operators start
}

// newAccount follows docs/bootstrap.md in the fork of another company, on an AWS emulator
// that enforces IAM for the roles created there.
func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{t: t, repo: gittest.New(t), binary: buildReconcile(t), terraformBinary: makeFastTerraform(t)}
	tftest.Copy(t, ".", filepath.Join(a.repo.Work, "env"))
	tftest.Copy(t, modulesDir, filepath.Join(a.repo.Work, "modules"))
	fork(t, filepath.Join(a.repo.Work, "env"))
	a.site = readSite(t, filepath.Join(a.repo.Work, "env", "site.auto.tfvars"))
	a.aws = awstest.StartAccount(t, a.site.Account)
	// These exist beforehand: the domain's zone, and the interfaces that the other
	// account has created.
	a.aws.CreateZone(t, a.site.ZoneID, a.site.Domain)
	for _, id := range a.site.Interfaces {
		a.aws.AddVirtualInterface(id)
	}
	config, _ := tftest.FindMirror(t)
	a.env = append(a.aws.Env(),
		"HOME="+t.TempDir(), "PATH="+os.Getenv("PATH"),
		"TF_CLI_CONFIG_FILE="+config, "CHECKPOINT_DISABLE=1",
	)
	a.commitEstate()
	a.applyBootstrap()
	a.uploadFunction()
	a.enforceIAM()
	for region, name := range map[string]string{tokyo: "reconcile", osaka: "reconcile-standby"} {
		a.putSecret(region, name+"/git", `{"username": "reconcile", "password": "of Backlog"}`)
		a.putSecret(region, name+"/digest-key", "dGhpcyBpcyBub3QgYSBzZWNyZXQgYXQgYWxsLg==")
	}
	a.git = gittest.ServeHTTP(t, a.repo)
	a.git.Username, a.git.Password = "reconcile", "of Backlog"
	a.env = append(a.env,
		"RECONCILE_REPO="+a.git.URL,
		"RECONCILE_STATE=dynamodb://reconcile",
		"RECONCILE_SNAPSHOTS=s3://"+a.site.Prefix+"-reconcile-"+a.site.Account+"/snapshots",
		"RECONCILE_GIT_CREDENTIALS=secretsmanager://reconcile/git",
		"RECONCILE_DIGEST_KEY=secretsmanager://reconcile/digest-key",
		"RECONCILE_WORK="+t.TempDir(), "RECONCILE_TERRAFORM="+a.terraformBinary,
	)
	return a
}

// commitEstate commits the infrastructure as shipped, with three changes: images are pushed
// (docs/bootstrap.md, step 5), the lock files name the provider that `make tools` built, and
// each step of a rollout is watched for a second.
func (a *account) commitEstate() {
	a.t.Helper()
	for _, digest := range []string{"image_digest", "build_image_digest", "standby_image_digest"} {
		a.edit("env/bootstrap/terraform.tfvars", `(?m)^reconciler = \{\n`, "$0  "+digest+` = "sha256:`+strings.Repeat("0f", 32)+"\"\n")
	}
	a.setSoak(`"1s"`)
	hashes := a.providerHashes()
	locks, err := filepath.Glob(filepath.Join(a.repo.Work, "env", "*", ".terraform.lock.hcl"))
	if err != nil || len(locks) == 0 {
		a.t.Fatalf("no lock files: %v", err)
	}
	for _, lock := range locks {
		name, err := filepath.Rel(a.repo.Work, lock)
		if err != nil {
			a.t.Fatal(err)
		}
		a.edit(name, hashesPattern, hashes)
	}
	a.commit("the estate")
}

const hashesPattern = `(?s)hashes = \[.*?\]`

// providerHashes returns the lock file's part with the hashes of the built provider.
func (a *account) providerHashes() string {
	a.t.Helper()
	dir := a.t.TempDir()
	required := "terraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\" }\n  }\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(required), 0o600); err != nil {
		a.t.Fatal(err)
	}
	_, mirror := tftest.FindMirror(a.t)
	a.runTerraform(dir, "providers", "lock", "-fs-mirror="+mirror)
	lock, err := os.ReadFile(filepath.Join(dir, ".terraform.lock.hcl"))
	if err != nil {
		a.t.Fatal(err)
	}
	return regexp.MustCompile(hashesPattern).FindString(string(lock))
}

// applyBootstrap applies the control plane as a person does: with a local state, which
// then moves into the new bucket.
func (a *account) applyBootstrap() {
	a.t.Helper()
	dir := a.t.TempDir()
	tftest.Copy(a.t, a.repo.Work, dir)
	dir = filepath.Join(dir, "env", "bootstrap")
	override := filepath.Join(dir, "override.tf")
	if err := os.WriteFile(override, []byte("terraform {\n  backend \"local\" {}\n}\n"), 0o600); err != nil {
		a.t.Fatal(err)
	}
	a.runTerraform(dir, "init", "-input=false")
	a.runTerraform(dir, "apply", "-input=false", "-auto-approve")
	if err := os.Remove(override); err != nil {
		a.t.Fatal(err)
	}
	a.runTerraform(dir, "init", "-input=false", "-migrate-state", "-force-copy")
}

// uploadFunction uploads the webhook function's program, which `make lambda` builds, for
// each Region.
func (a *account) uploadFunction() {
	a.t.Helper()
	path := filepath.Join(a.t.TempDir(), "webhook.zip")
	if out, err := exec.CommandContext(a.t.Context(), "go", "run", "reconcile/.ci/lambda", path).CombinedOutput(); err != nil {
		a.t.Fatalf("make lambda: %v\n%s", err, out)
	}
	zip, err := os.ReadFile(path)
	if err != nil {
		a.t.Fatal(err)
	}
	for region, bucket := range map[string]string{tokyo: "-reconcile-", osaka: "-reconcile-osaka-"} {
		client := s3.NewFromConfig(a.aws.Config(region), func(o *s3.Options) { o.UsePathStyle = true })
		if _, err := client.PutObject(a.t.Context(), &s3.PutObjectInput{
			Bucket: aws.String(a.site.Prefix + bucket + a.site.Account), Key: aws.String("webhook/webhook.zip"),
			Body: bytes.NewReader(zip), ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		}); err != nil {
			a.t.Fatal(err)
		}
	}
}

func (a *account) runTerraform(dir string, args ...string) {
	a.t.Helper()
	cmd := exec.CommandContext(a.t.Context(), a.terraformBinary, append(args, "-no-color")...)
	cmd.Dir, cmd.Env = dir, a.env
	if out, err := cmd.CombinedOutput(); err != nil {
		a.t.Fatalf("terraform %v: %v\n%s", args, err, errorsOf(out))
	}
}

// errorsOf returns Terraform's output from its first error on.
func errorsOf(out []byte) string {
	if i := bytes.Index(out, []byte("Error:")); i >= 0 {
		return string(out[i:])
	}
	return string(out)
}

// putSecret sets the value of a secret that Terraform created empty.
func (a *account) putSecret(region, name, value string) {
	a.t.Helper()
	client := secretsmanager.NewFromConfig(a.aws.Config(region))
	if _, err := client.PutSecretValue(a.t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: &value}); err != nil {
		a.t.Fatal(err)
	}
}

// edit replaces the pattern in a file of the repository; the pattern must match.
func (a *account) edit(file, pattern, replacement string) {
	a.t.Helper()
	path := filepath.Join(a.repo.Work, file)
	content, err := os.ReadFile(path)
	if err != nil {
		a.t.Fatal(err)
	}
	edited := regexp.MustCompile(pattern).ReplaceAll(content, []byte(replacement))
	if bytes.Equal(content, edited) {
		a.t.Fatalf("%s does not match %s", file, pattern)
	}
	if err := os.WriteFile(path, edited, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

func (a *account) commit(message string) {
	a.t.Helper()
	a.repo.Git("add", "-A")
	a.repo.CommitStaged(message)
}

// makeFastTerraform returns a Terraform whose AWS provider does not wait between two
// polls of a new resource. The emulator creates it at once, and databases alone would
// cost minutes. The provider has this mode for replaying its recorded tests
// (internal/retry/state.go); nothing else in it uses these variables.
func makeFastTerraform(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "terraform")
	// Less garbage collection saves a fifth of the work.
	script := "#!/bin/sh\nGOGC=400 VCR_MODE=REPLAY_ONLY VCR_PATH=/nowhere exec '" + tftest.FindTool(t, "terraform") + "' \"$@\"\n"
	programtest.Write(t, path, script)
	return path
}

func buildReconcile(t testing.TB) string {
	t.Helper()
	testtier.Needs(t, testtier.Program)
	binary := filepath.Join(t.TempDir(), "reconcile")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "reconcile/cmd/reconcile").CombinedOutput(); err != nil {
		t.Fatalf("build reconcile: %v\n%s", err, out)
	}
	return binary
}

// findGroups returns the matches of the pattern's group in a value's text.
func findGroups(text, pattern string) []string {
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}
