package reconcilertest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reconcile/internal/testtier"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/terraform/sandbox"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
	"reconcile/state/dynamodb"
	"reconcile/state/dynamodb/dynamodbtest"
	"reconcile/state/embedded"
	"reconcile/state/snapshot"
	"reconcile/state/snapshot/s3test"
)

// Spec names the parts of a test environment, so that several processes can work in
// it. A child process receives it as JSON.
type Spec struct {
	Repo string // the bare repository
	Home string // record, local states and snapshots, unless in AWS
	Work string // the work directory

	Endpoint, Table string // of DynamoDB; "": the record is embedded
	S3              string // endpoint; "": states and snapshots are files

	// Hook is a shell script that the applies in the repository source, if it exists.
	Hook string

	Server *s3test.Server `json:"-"` // serves S3, in the test's own process
}

// Bucket holds the states and the snapshots of an environment with S3.
const Bucket = "estate"

// Kind is the kind of a test environment.
type Kind string

// Kinds of environments.
const (
	Files Kind = "files" // embedded record, local states
	Cloud Kind = "cloud" // record in DynamoDB, states and snapshots in S3
)

// NewSpec makes an empty environment of a kind.
func NewSpec(t *testing.T, kind Kind, repo string) Spec {
	t.Helper()
	testtier.Needs(t, testtier.Terraform)
	home := t.TempDir()
	p := Spec{Repo: repo, Home: home, Work: filepath.Join(home, "work"), Hook: filepath.Join(home, "hook.sh")}
	if kind == Cloud {
		p.Endpoint = dynamodbtest.Endpoint(t)
		p.Table = dynamodbtest.CreateTable(t, dynamodbtest.NewClient(p.Endpoint))
		p.Server = s3test.Start(t)
		p.Server.CreateBucket(t, Bucket)
		p.S3 = p.Server.URL
	}
	return p
}

// environ returns Terraform's environment. Only variables that reconcile passes on reach
// the hook; it passes on a locale.
func (p Spec) environ() []string {
	env := append(os.Environ(), "LC_HOOK="+p.Hook)
	if p.S3 != "" {
		env = append(env,
			"AWS_ENDPOINT_URL_S3="+p.S3, "AWS_REGION="+s3test.Region,
			"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true")
	}
	return env
}

// OpenStore opens the store of the record.
func (p Spec) OpenStore() (state.Store, error) {
	if p.Table != "" {
		return dynamodb.New(dynamodbtest.NewClient(p.Endpoint), p.Table), nil
	}
	return embedded.Open(filepath.Join(p.Home, "state"))
}

func (p Spec) awsConfig() aws.Config {
	return aws.Config{
		Region: s3test.Region, BaseEndpoint: &p.S3,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

// S3Client returns a client of the environment's S3.
func (p Spec) S3Client() *s3.Client {
	return s3.NewFromConfig(p.awsConfig(), func(o *s3.Options) { o.UsePathStyle = true })
}

// OpenSnapshots opens the store of snapshots.
func (p Spec) OpenSnapshots(ctx context.Context) (*snapshot.Store, error) {
	if p.S3 != "" {
		return snapshot.Open(ctx, "s3://"+Bucket+"/snapshots", p.awsConfig())
	}
	return snapshot.Open(ctx, filepath.Join(p.Home, "snapshots"), aws.Config{})
}

// NewConfig opens all parts of the environment, with the record in store.
func (p Spec) NewConfig(ctx context.Context, store state.Store, log *slog.Logger, options state.Options) (run.Config, error) {
	repo, err := source.Open(ctx, source.Options{URL: p.Repo, Branch: "main", CacheDir: filepath.Join(p.Work, "git")})
	snapshots, serr := p.OpenSnapshots(ctx)
	config := run.Config{
		Repo: "https://example.com/test.git", Branch: "main", RecordName: "test", // one address, for every copy of it
		Source: repo, Record: state.New(store, "test", options), Snapshots: snapshots, PlanBundles: snapshots,
		Terraform: func(ctx context.Context) (run.Terraform, error) { return p.openTerraform(ctx, nil) },
		DigestKey: func(context.Context) (string, []byte, error) { return "k1", []byte("key"), nil },
		LookupEnv: func(string) (string, bool) { return "", false },
		WorkDir:   p.Work, LocalState: filepath.Join(p.Home, "tfstate"),
		Parallelism: 4, Wait: time.Minute,
		Gate: settings.ApplyAlways, // tests of the gate set another
		Log:  log,
	}
	if p.Table != "" {
		config.LocalState = ""
	}
	return config, errors.Join(err, serr)
}

// openTerraform returns Terraform for the environment; without a sandbox if it is nil.
func (p Spec) openTerraform(ctx context.Context, in *sandbox.Sandbox) (run.Terraform, error) {
	tf, err := terraform.New(ctx, terraform.Options{WorkDir: p.Work, Env: p.environ, Sandbox: in})
	if err != nil {
		return nil, err
	}
	return run.AdaptTerraform(tf), nil
}
