package env_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"reconcile/env/awstest"
	"reconcile/modules/tftest"
	"reconcile/reconciler/source/gittest"
)

const databaseConfig = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
  backend "s3" {
    bucket       = "states"
    key          = "shop/terraform.tfstate"
    region       = "ap-northeast-1"
    use_lockfile = true
  }
}
provider "aws" {
  region = "ap-northeast-1"
}
resource "aws_db_instance" "shop" {
  identifier              = "shop"
  engine                  = "postgres"
  engine_version          = "17"
  instance_class          = "db.t4g.small"
  allocated_storage       = 20
  username                = "shop"
  password                = "not-a-secret"
  backup_retention_period = 7
  skip_final_snapshot     = true
}
`

// TestDigestOfTheRealProvider plans one change with the real AWS provider: on another machine,
// in another directory, at another time, when AWS has moved values by itself. The digest
// stays. It is another for another change, and when somebody else has changed the database.
func TestDigestOfTheRealProvider(t *testing.T) {
	t.Parallel()
	w := newDigestWorld(t)
	first, second := w.newMachine("a"), w.newMachine("b")
	w.aws.SetRestorableTime(time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC))
	if got := first.run("now"); got.Outcome != "applied" {
		t.Fatalf("%+v", got)
	}
	w.change("db.t4g.small", "db.t4g.medium")
	digest := first.run("plan").Digest
	if !strings.HasPrefix(digest, "2:") {
		t.Fatalf("digest %q", digest)
	}
	w.aws.SetRestorableTime(time.Date(2026, 5, 3, 17, 30, 0, 0, time.UTC))
	for _, m := range []*machine{second, first, w.newMachine("c")} {
		if got := m.run("plan"); got.Digest != digest || got.Changes.Change != 1 {
			t.Errorf("on machine %s: %+v, want the digest %s", m.name, got, digest)
		}
	}
	w.change("db.t4g.medium", "db.m8g.large")
	if got := second.run("plan").Digest; got == digest || got == "" {
		t.Errorf("another change has the digest %q", got)
	}
	w.change("db.m8g.large", "db.t4g.medium")
	if got := second.run("plan").Digest; got != digest {
		t.Errorf("the change again has the digest %s, want %s", got, digest)
	}
	w.aws.CallQuery(t, "rds", tokyo, url.Values{
		"Action": {"ModifyDBInstance"}, "Version": {"2014-10-31"}, "DBInstanceIdentifier": {"shop"},
		"BackupRetentionPeriod": {"1"}, "ApplyImmediately": {"true"},
	})
	if got := first.run("plan"); got.Digest == digest || got.Digest == "" {
		t.Errorf("with drift that the plan reverts: %+v", got)
	}
}

// digestEnv is a repository with one workspace, and an account.
type digestEnv struct {
	t           *testing.T
	aws         *awstest.Server
	dir, binary string
	env         []string
}

// machine is a machine with a clone and a record of its own.
type machine struct {
	world     *digestEnv
	name, dir string
}

func newDigestWorld(t *testing.T) *digestEnv {
	t.Helper()
	config, _ := tftest.FindMirror(t)
	w := &digestEnv{t: t, binary: buildReconcile(t), aws: awstest.Start(t), dir: t.TempDir()}
	w.env = append(w.aws.Env(), "PATH="+os.Getenv("PATH"), "TF_CLI_CONFIG_FILE="+config, "CHECKPOINT_DISABLE=1",
		"RECONCILE_TERRAFORM="+makeFastTerraform(t), "RECONCILE_DIGEST_KEY=secretsmanager://digest-key")
	files := s3.NewFromConfig(w.aws.Config(tokyo), func(o *s3.Options) { o.UsePathStyle = true })
	bucket, name, value := "states", "digest-key", "dGhpcyBpcyBub3QgYSBzZWNyZXQgYXQgYWxsLg=="
	region := &types.CreateBucketConfiguration{LocationConstraint: tokyo}
	_, err := files.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket, CreateBucketConfiguration: region})
	if err == nil {
		_, err = secretsmanager.NewFromConfig(w.aws.Config(tokyo)).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value})
	}
	if err != nil {
		t.Fatal(err)
	}
	gittest.Git(t, w.dir, "init", "-q", "-b", "main")
	if err := os.MkdirAll(filepath.Join(w.dir, "env", "shop"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.write(databaseConfig)
	return w
}

// write commits the configuration of the workspace.
func (w *digestEnv) write(config string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "env", "shop", "main.tf"), []byte(config), 0o600); err != nil {
		w.t.Fatal(err)
	}
	gittest.Git(w.t, w.dir, "add", "-A")
	gittest.Git(w.t, w.dir, "commit", "-q", "-m", "change")
}

// change replaces one text of the configuration by another.
func (w *digestEnv) change(from, to string) {
	w.t.Helper()
	config, err := os.ReadFile(filepath.Join(w.dir, "env", "shop", "main.tf"))
	if err != nil || !strings.Contains(string(config), from) {
		w.t.Fatalf("no %s, %v", from, err)
	}
	w.write(strings.ReplaceAll(string(config), from, to))
}

func (w *digestEnv) newMachine(name string) *machine {
	w.t.Helper()
	m := &machine{w, name, filepath.Join(w.t.TempDir(), name)}
	gittest.Git(w.t, w.dir, "clone", "-q", w.dir, filepath.Join(m.dir, "clone of "+name))
	return m
}

// run runs a command of reconcile on the machine, at the newest commit.
func (m *machine) run(command string) workspaceResult {
	t := m.world.t
	t.Helper()
	clone := filepath.Join(m.dir, "clone of "+m.name)
	gittest.Git(t, clone, "pull", "-q")
	cmd := exec.CommandContext(t.Context(), m.world.binary, command, "-o", "json")
	cmd.Dir = m.dir
	cmd.Env = slices.Concat(m.world.env, []string{"HOME=" + m.dir, "RECONCILE_REPO=" + clone, "RECONCILE_STATE=" + filepath.Join(m.dir, "state"), "RECONCILE_WORK=" + filepath.Join(m.dir, "work")})
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var result passResult
	if err := json.Unmarshal(out, &result); err != nil || len(result.Workspaces) != 1 {
		t.Fatalf("reconcile %s on machine %s: %v\n%s%s", command, m.name, err, out, stderr.Bytes())
	}
	return result.Workspaces[0]
}
