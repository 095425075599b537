package reconciler_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reconcile/internal/testtier"
	"reconcile/reconciler"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/terraform"
	"reconcile/state"
	"reconcile/state/dynamodb"
	"reconcile/state/dynamodb/dynamodbtest"
	"reconcile/state/embedded"
	"reconcile/state/snapshot"
	"reconcile/state/snapshot/s3test"
)

// envSpec names the parts of a test environment, so that several processes can work in
// it. A child process receives it as JSON.
type envSpec struct {
	Repo string // the bare repository
	Home string // record, local states and snapshots, unless in AWS
	Work string // the work directory

	Endpoint, Table string // of DynamoDB; "": the record is embedded
	S3              string // endpoint; "": states and snapshots are files

	// Hook is a shell script that the applies in the repository source, if it exists.
	Hook string

	server *s3test.Server // serves S3, in the test's own process
}

// bucketName holds the states and the snapshots of an environment with S3.
const bucketName = "estate"

// envKind is the kind of a test environment.
type envKind string

const (
	filesKind envKind = "files" // embedded record, local states
	cloudKind envKind = "cloud" // record in DynamoDB, states and snapshots in S3
)

// newEnvSpec makes an empty environment of a kind.
func newEnvSpec(t *testing.T, kind envKind, repo string) envSpec {
	t.Helper()
	testtier.Needs(t, testtier.Terraform)
	home := t.TempDir()
	p := envSpec{Repo: repo, Home: home, Work: filepath.Join(home, "work"), Hook: filepath.Join(home, "hook.sh")}
	if kind == cloudKind {
		p.Endpoint = dynamodbtest.Endpoint(t)
		p.Table = dynamodbtest.CreateTable(t, dynamodbtest.NewClient(p.Endpoint))
		p.server = s3test.Start(t)
		p.server.CreateBucket(t, bucketName)
		p.S3 = p.server.URL
	}
	return p
}

// environ returns Terraform's environment. Only variables that reconcile passes on reach
// the hook; it passes on a locale.
func (p envSpec) environ() []string {
	env := append(os.Environ(), "LC_HOOK="+p.Hook)
	if p.S3 != "" {
		env = append(env,
			"AWS_ENDPOINT_URL_S3="+p.S3, "AWS_REGION="+s3test.Region,
			"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true")
	}
	return env
}

func (p envSpec) openStore() (state.Store, error) {
	if p.Table != "" {
		return dynamodb.New(dynamodbtest.NewClient(p.Endpoint), p.Table), nil
	}
	return embedded.Open(filepath.Join(p.Home, "state"))
}

func (p envSpec) awsConfig() aws.Config {
	return aws.Config{
		Region: s3test.Region, BaseEndpoint: &p.S3,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

func (p envSpec) s3Client() *s3.Client {
	return s3.NewFromConfig(p.awsConfig(), func(o *s3.Options) { o.UsePathStyle = true })
}

func (p envSpec) openSnapshots(ctx context.Context) (*snapshot.Store, error) {
	if p.S3 != "" {
		return snapshot.Open(ctx, "s3://"+bucketName+"/snapshots", p.awsConfig())
	}
	return snapshot.Open(ctx, filepath.Join(p.Home, "snapshots"), aws.Config{})
}

// newConfig opens all parts of the environment, with the record in store.
func (p envSpec) newConfig(ctx context.Context, store state.Store, log *slog.Logger, options state.Options) (run.Config, error) {
	repo, err := source.Open(ctx, source.Options{URL: p.Repo, Branch: "main", CacheDir: filepath.Join(p.Work, "git")})
	snapshots, serr := p.openSnapshots(ctx)
	config := run.Config{
		Repo: "https://example.com/test.git", Branch: "main", RecordName: "test", // one address, for every copy of it
		Source: repo, Record: state.New(store, "test", options), Snapshots: snapshots, PlanBundles: snapshots,
		Terraform: func(ctx context.Context) (run.Terraform, error) {
			tf, err := terraform.New(ctx, terraform.Options{WorkDir: p.Work, Env: p.environ})
			if err != nil {
				return nil, err
			}
			return run.AdaptTerraform(tf), nil
		},
		DigestKey: func(context.Context) (string, []byte, error) { return "k1", []byte("key"), nil },
		LookupEnv: func(string) (string, bool) { return "", false },
		WorkDir:   p.Work, LocalState: filepath.Join(p.Home, "tfstate"),
		Parallelism: 4, Wait: time.Minute,
		Log: log,
	}
	if p.Table != "" {
		config.LocalState = ""
	}
	return config, errors.Join(err, serr)
}

// runPass runs an undisturbed pass in this process.
func (p envSpec) runPass(t *testing.T, trigger string) (*run.Result, error) {
	t.Helper()
	store, err := p.openStore()
	if err != nil {
		t.Fatal(err)
	}
	config, err := p.newConfig(t.Context(), store, newTestLogger(t), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return reconciler.New(config).Pass(t.Context(), t.Context(), run.Options{Trigger: trigger})
}

// converge runs undisturbed passes until one has nothing to do. That must be the second.
func (p envSpec) converge(t *testing.T) {
	t.Helper()
	result, err := p.runPass(t, run.Schedule)
	if err != nil {
		t.Fatalf("an undisturbed pass: %v", err)
	}
	if result.Exit != run.ExitOK {
		t.Errorf("an undisturbed pass ends with %d: %+v", result.Exit, result.Workspaces)
	}
	result, err = p.runPass(t, run.Schedule)
	if err != nil {
		t.Fatalf("the pass after it: %v", err)
	}
	if result.Outcome != run.OutcomeInSync || result.Snapshot != "" {
		t.Errorf("the pass after it had work: %+v", result)
	}
}

func newTestLogger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(testLogWriter{t}, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// copyTo copies the lasting parts of an environment, without its work directory, to an
// empty one of the same kind.
func (p envSpec) copyTo(t *testing.T, to envSpec) {
	t.Helper()
	ctx := t.Context()
	if p.S3 == "" {
		if err := os.CopyFS(to.Home, homeFS{os.DirFS(p.Home)}); err != nil {
			t.Fatal(err)
		}
		return
	}
	from, err := p.openStore()
	if err != nil {
		t.Fatal(err)
	}
	into, err := to.openStore()
	if err != nil {
		t.Fatal(err)
	}
	for _, pk := range []string{"test", state.LeasePartition} {
		items, err := from.List(ctx, pk, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			if err := into.Write(ctx, state.Op{Key: item.Key, Put: item.Value}); err != nil {
				t.Fatal(err)
			}
		}
	}
	objects := p.readObjects(t)
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		_, err := to.s3Client().PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String(bucketName), Key: &key, Body: strings.NewReader(objects[key]),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func runPassWith(t *testing.T, config run.Config) (*run.Result, error) {
	t.Helper()
	return reconciler.New(config).Pass(t.Context(), t.Context(), run.Options{Trigger: run.Schedule})
}
