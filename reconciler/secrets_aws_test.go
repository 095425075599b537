package reconciler_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reconcile/internal/awsfake"
	"reconcile/internal/testtier"
	"reconcile/reconciler/source/gittest"
	"reconcile/state/dynamodb/dynamodbtest"
	"reconcile/state/snapshot/s3test"
)

// TestSecretsInAWS searches what a record in DynamoDB, snapshots and logs in S3, and the
// messages of SNS hold after passes that applied, failed and notified.
func TestSecretsInAWS(t *testing.T) {
	t.Parallel()
	testtier.Needs(t, testtier.Program, testtier.Terraform, testtier.Emulator)
	all := maps.Clone(secrets)
	all["session token"] = secretsOfServices["session token"]
	s := newSecretSearch(t, all)
	objects, endpoint := s3test.Start(t), dynamodbtest.Endpoint(t)
	objects.CreateBucket(t, "bucket")
	client := dynamodbtest.NewClient(endpoint)
	table := dynamodbtest.CreateTable(t, client)
	keys := awsfake.Start(t, s.build)
	keys.SetSecret("digest", "dGhpcyBpcyBub3QgYSBzZWNyZXQgYXQgYWxsLg==")
	messages := &requestLog{}
	topic := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		messages.ServeHTTP(w, r)
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>")
	}))
	t.Cleanup(topic.Close)
	repo := gittest.New(t)
	server := gittest.ServeHTTP(t, repo)
	server.Username, server.Password = "ann", all["Git password"]
	s.env = append(s.env,
		"RECONCILE_REPO="+server.URL, "RECONCILE_GIT_USERNAME=ann", "RECONCILE_GIT_PASSWORD="+all["Git password"],
		"RECONCILE_STATE=dynamodb://"+table, "RECONCILE_SNAPSHOTS=s3://bucket/snapshots", "RECONCILE_DIGEST_KEY=secretsmanager://digest",
		"RECONCILE_NOTIFY=sns://arn:aws:sns:"+s3test.Region+":123456789012:people",
		"TF_VAR_token="+all["TF_VAR"], `TF_VAR_users={ "`+all["map key"]+`" = `+all["number"]+` }`,
		"AWS_ENDPOINT_URL_DYNAMODB="+endpoint, "AWS_ENDPOINT_URL_S3="+objects.URL, "AWS_ENDPOINT_URL_SNS="+topic.URL, "AWS_ENDPOINT_URL_SECRETS_MANAGER="+keys.URL, "AWS_ENDPOINT_URL_CODEBUILD="+keys.URL,
		"AWS_REGION="+s3test.Region, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY="+all["AWS secret"], "AWS_SESSION_TOKEN="+all["session token"],
	)
	backend := func(name string) string {
		return "-- env/" + name + "/backend.tf --\n" + objects.BackendConfig("bucket", "states/"+name)
	}
	repo.CommitTxtar("first", secretsFiles+backend("tokyo")+backend("kyoto")+backend("osaka"))
	s.run("now tokyo kyoto osaka", "applied")
	repo.CommitTxtar("second", secretsFailureFiles+backend("prints"))
	s.run("now tokyo kyoto osaka prints -o json", "failed")
	s.run("drift tokyo")
	s.run("now tokyo prints --replan --executor codebuild://project -o json", "failed", "(redacted)")
	s.run("runs "+s.lastRun()+" --logs", "made (redacted)")
	if jobs, _ := keys.StartedJobs(); len(jobs) != 2 {
		t.Errorf("%d builds were started", len(jobs))
	}

	stored, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: &table})
	if err != nil || len(stored.Items) < 5 {
		t.Fatalf("the record: %v", err)
	}
	text, err := json.Marshal(stored.Items)
	if err != nil {
		t.Fatal(err)
	}
	s.search("the record", text)
	sent, err := url.QueryUnescape(string(messages.bodies()))
	if err != nil || !strings.Contains(sent, "tokyo") {
		t.Errorf("the messages: %v %s", err, sent)
	}
	s.search("the messages", []byte(sent))
	s.searchObjects(s3.NewFromConfig(objects.Config(), func(o *s3.Options) { o.UsePathStyle = true }), "bucket", "snapshots/")
	s.searchFiles()
}

// build does the work of a build of CodeBuild, and searches its log. Its role and its project
// give it what a pass has, but for settings and the credentials of Git.
func (s *secretSearch) build(job awsfake.Job) error {
	cmd := exec.Command("sh", "-c", job.Commands[0])
	cmd.Env = []string{"RECONCILE_WORK=" + filepath.Join(s.home, "build", job.Token), "CODEBUILD_BUILD_ID=" + job.ID}
	for _, v := range s.env {
		if directory, isPath := strings.CutPrefix(v, "PATH="); isPath {
			v = "PATH=" + filepath.Dir(s.binary) + ":" + directory
		}
		if !strings.HasPrefix(v, "RECONCILE_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	text, err := cmd.CombinedOutput()
	s.search("the log of a build", text)
	return err
}

// searchObjects searches the objects of a bucket with that prefix.
func (s *secretSearch) searchObjects(client *s3.Client, bucket, prefix string) {
	s.t.Helper()
	list, err := client.ListObjectsV2(s.t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	if err != nil || len(list.Contents) < 3 {
		s.t.Fatalf("the objects: %v, %v", list, err)
	}
	for _, o := range list.Contents {
		got, err := client.GetObject(s.t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: o.Key})
		if err != nil {
			s.t.Fatal(err)
		}
		content, err := io.ReadAll(got.Body)
		if err == nil && strings.HasSuffix(*o.Key, ".zst") {
			content, err = zstdReader.DecodeAll(content, nil)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		s.search("the object "+*o.Key, content)
	}
}
