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
func (s Spec) environ() []string {
	env := append(os.Environ(), "LC_HOOK="+s.Hook)
	if s.S3 != "" {
		env = append(env,
			"AWS_ENDPOINT_URL_S3="+s.S3, "AWS_REGION="+s3test.Region,
			"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true")
	}
	return env
}

// OpenStore opens the store of the record.
func (s Spec) OpenStore() (state.Store, error) {
	if s.Table != "" {
		return dynamodb.New(dynamodbtest.NewClient(s.Endpoint), s.Table), nil
	}
	return embedded.Open(filepath.Join(s.Home, "state"))
}

func (s Spec) awsConfig() aws.Config {
	return aws.Config{
		Region: s3test.Region, BaseEndpoint: &s.S3,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

// S3Client returns a client of the environment's S3.
func (s Spec) S3Client() *s3.Client {
	return s3.NewFromConfig(s.awsConfig(), func(o *s3.Options) { o.UsePathStyle = true })
}

// OpenSnapshots opens the store of snapshots.
func (s Spec) OpenSnapshots(ctx context.Context) (*snapshot.Store, error) {
	if s.S3 != "" {
		return snapshot.Open(ctx, "s3://"+Bucket+"/snapshots", s.awsConfig())
	}
	return snapshot.Open(ctx, filepath.Join(s.Home, "snapshots"), aws.Config{})
}

// NewConfig opens all parts of the environment, with the record in store.
func (s Spec) NewConfig(ctx context.Context, store state.Store, log *slog.Logger, options state.Options) (run.Config, error) {
	repo, err := source.Open(source.Options{URL: s.Repo, Branch: "main", CacheDir: filepath.Join(s.Work, "git")})
	snapshots, serr := s.OpenSnapshots(ctx)
	config := run.Config{
		Repo: "https://example.com/test.git", Branch: "main", RecordName: "test", // one address, for every copy of it
		Source: repo, Record: state.New(store, "test", options), Snapshots: snapshots, PlanBundles: snapshots,
		Terraform: func(ctx context.Context) (run.Terraform, error) { return s.openTerraform(ctx, nil) },
		DigestKey: func(context.Context) (string, []byte, error) { return "k1", []byte("key"), nil },
		LookupEnv: func(string) (string, bool) { return "", false },
		WorkDir:   s.Work, LocalState: filepath.Join(s.Home, "tfstate"),
		Parallelism: 4, Wait: time.Minute,
		Gate: settings.ApplyAlways, // tests of the gate set another
		Log:  log,
	}
	if s.Table != "" {
		config.LocalState = ""
	}
	return config, errors.Join(err, serr)
}

// openTerraform returns Terraform for the environment; without a sandbox if it is nil.
func (s Spec) openTerraform(ctx context.Context, in *sandbox.Sandbox) (run.Terraform, error) {
	tf, err := terraform.New(ctx, terraform.Options{WorkDir: s.Work, Env: s.environ, Sandbox: in})
	if err != nil {
		return nil, err
	}
	return run.AdaptTerraform(tf), nil
}
