package awstest

import (
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// A replication rule copies the objects below its prefix, and no others.
func TestReplication(t *testing.T) {
	client := s3.NewFromConfig(Start(t).Config("us-east-1"), func(o *s3.Options) { o.UsePathStyle = true })
	for _, name := range []string{"tokyo", "osaka"} {
		if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
			t.Fatal(err)
		}
		if _, err := client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
			Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.PutBucketReplication(t.Context(), &s3.PutBucketReplicationInput{
		Bucket: aws.String("tokyo"),
		ReplicationConfiguration: &types.ReplicationConfiguration{
			Role: aws.String("arn:aws:iam::" + Account + ":role/copier"),
			Rules: []types.ReplicationRule{{
				Status: types.ReplicationRuleStatusEnabled, Priority: aws.Int32(1), Filter: &types.ReplicationRuleFilter{Prefix: aws.String("snapshots/")},
				DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusEnabled},
				Destination:             &types.Destination{Bucket: aws.String("arn:aws:s3:::osaka")},
			}},
		},
	}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"snapshots/a", "other/b"} {
		if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("tokyo"), Key: &key, Body: strings.NewReader(key), IfNoneMatch: aws.String("*")}); err != nil {
			t.Fatal(err)
		}
	}
	copied, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("osaka"), Key: aws.String("snapshots/a")})
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Body.Close()
	if content, err := io.ReadAll(copied.Body); err != nil || string(content) != "snapshots/a" {
		t.Errorf("the copy is %q, %v", content, err)
	}
	if _, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("osaka"), Key: aws.String("other/b")}); err == nil {
		t.Error("an object outside the prefix was copied")
	}
}
