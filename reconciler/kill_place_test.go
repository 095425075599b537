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

	"reconcile/reconciler"
	"reconcile/reconciler/source"
	"reconcile/reconciler/terraform"
	"reconcile/state"
	"reconcile/state/dynamodb"
	"reconcile/state/dynamodb/dynamodbtest"
	"reconcile/state/embedded"
	"reconcile/state/snapshot"
	"reconcile/state/snapshot/s3test"
)

// place is where the parts of a world lie, so that several processes can work
// in it: what a child process is told, as JSON.
type place struct {
	Repo string // the bare repository
	Home string // record, local states and snapshots, unless in AWS
	Work string // the work folder

	Endpoint, Table string // of DynamoDB; "": the record is embedded
	S3              string // endpoint; "": states and snapshots are files

	// Hook is a shell script that the estate's applies source, if it is there.
	Hook string

	server *s3test.Server // behind S3, in the test's own process
}

// Bucket holds the states and the snapshots of a place with S3.
const bucketName = "estate"

// placeKind is what a world is made of.
type placeKind string

const (
	files placeKind = "files" // embedded record, local states
	cloud placeKind = "cloud" // record in DynamoDB, states and snapshots in S3
)

// newPlace makes an empty place of a kind.
func newPlace(t *testing.T, kind placeKind, repo string) place {
	t.Helper()
	home := t.TempDir()
	p := place{Repo: repo, Home: home, Work: filepath.Join(home, "work"), Hook: filepath.Join(home, "hook.sh")}
	if kind == cloud {
		p.Endpoint = dynamodbtest.Endpoint(t)
		p.Table = dynamodbtest.Table(t, dynamodbtest.Client(p.Endpoint))
		p.server = s3test.Start(t)
		p.server.Bucket(t, bucketName)
		p.S3 = p.server.URL
	}
	return p
}

// env is the environment of Terraform in the place. Only what reconcile lets
// through reaches the hook: a locale is let through.
func (p place) env() []string {
	env := append(os.Environ(), "LC_HOOK="+p.Hook)
	if p.S3 != "" {
		env = append(env,
			"AWS_ENDPOINT_URL_S3="+p.S3, "AWS_REGION="+s3test.Region,
			"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true")
	}
	return env
}

func (p place) store() (state.Store, error) {
	if p.Table != "" {
		return dynamodb.New(dynamodbtest.Client(p.Endpoint), p.Table), nil
	}
	return embedded.Open(filepath.Join(p.Home, "state"))
}

func (p place) aws() aws.Config {
	return aws.Config{
		Region: s3test.Region, BaseEndpoint: &p.S3,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

func (p place) s3() *s3.Client {
	return s3.NewFromConfig(p.aws(), func(o *s3.Options) { o.UsePathStyle = true })
}

func (p place) snapshots(ctx context.Context) (*snapshot.Store, error) {
	if p.S3 != "" {
		return snapshot.Open(ctx, "s3://"+bucketName+"/snapshots", p.aws())
	}
	return snapshot.Open(ctx, filepath.Join(p.Home, "snapshots"), aws.Config{})
}

// config opens everything in the place, with a record in store.
func (p place) config(ctx context.Context, store state.Store, log *slog.Logger, options state.Options) (reconciler.Config, error) {
	repo, err := source.Open(ctx, source.Options{URL: p.Repo, Branch: "main", Cache: filepath.Join(p.Work, "git")})
	snapshots, serr := p.snapshots(ctx)
	config := reconciler.Config{
		Repo: "https://example.com/test.git", Branch: "main", Name: "test", // one address, wherever a copy of it lies
		Source: repo, Record: state.New(store, "test", options), Snapshots: snapshots, Parcels: snapshots,
		Terraform: func(ctx context.Context) (reconciler.Terraform, error) {
			tf, err := terraform.New(ctx, terraform.Options{Work: p.Work, Env: p.env})
			if err != nil {
				return nil, err
			}
			return reconciler.Engine(tf), nil
		},
		DigestKey: func(context.Context) (string, []byte, error) { return "k1", []byte("key"), nil },
		Variable:  func(string) (string, bool) { return "", false },
		Work:      p.Work, LocalState: filepath.Join(p.Home, "tfstate"),
		Parallelism: 4, Wait: time.Minute,
		Log: log,
	}
	if p.Table != "" {
		config.LocalState = ""
	}
	return config, errors.Join(err, serr)
}

// pass runs an undisturbed pass in this process.
func (p place) pass(t *testing.T, trigger string) (*reconciler.Result, error) {
	t.Helper()
	store, err := p.store()
	if err != nil {
		t.Fatal(err)
	}
	config, err := p.config(t.Context(), store, testLogger(t), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return reconciler.New(config).Pass(t.Context(), t.Context(), reconciler.Options{Trigger: trigger})
}

// converge runs undisturbed passes until one has nothing to do, which must be
// the second.
func (p place) converge(t *testing.T) {
	t.Helper()
	result, err := p.pass(t, reconciler.Schedule)
	if err != nil {
		t.Fatalf("an undisturbed pass: %v", err)
	}
	if result.Exit != reconciler.ExitOK {
		t.Errorf("an undisturbed pass ends with %d: %+v", result.Exit, result.Workspaces)
	}
	result, err = p.pass(t, reconciler.Schedule)
	if err != nil {
		t.Fatalf("the pass after it: %v", err)
	}
	if result.Outcome != reconciler.OutcomeInSync || result.Snapshot != "" {
		t.Errorf("the pass after it had work: %+v", result)
	}
}

func testLogger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// copyTo brings what lasts of a place, all but its work folder, to an empty
// one of the same kind.
func (p place) copyTo(t *testing.T, to place) {
	t.Helper()
	ctx := t.Context()
	if p.S3 == "" {
		if err := os.CopyFS(to.Home, lasting{os.DirFS(p.Home)}); err != nil {
			t.Fatal(err)
		}
		return
	}
	from, err := p.store()
	if err != nil {
		t.Fatal(err)
	}
	into, err := to.store()
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
	objects := p.objects(t)
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		_, err := to.s3().PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String(bucketName), Key: &key, Body: strings.NewReader(objects[key]),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func passOf(t *testing.T, config reconciler.Config) (*reconciler.Result, error) {
	t.Helper()
	return reconciler.New(config).Pass(t.Context(), t.Context(), reconciler.Options{Trigger: reconciler.Schedule})
}
