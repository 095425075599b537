package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"reconcile/env/awstest"
	"reconcile/reconciler/notify"
)

// callSQS calls SQS on an emulator with its JSON protocol.
func callSQS(t *testing.T, url, action string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Amz-Target", "AmazonSQS."+action)
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261126/ap-northeast-1/sqs/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", action, response.Status)
	}
	if out != nil {
		if err := json.NewDecoder(response.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSNS checks that a message arrives with its attributes, and that subscriptions can
// filter by them.
func TestSNS(t *testing.T) {
	t.Parallel()
	url := awstest.StartMoto(t)
	client := sns.NewFromConfig(aws.Config{
		Region: "ap-northeast-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	topic, err := client.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("notifications")})
	if err != nil {
		t.Fatal(err)
	}
	var created struct{ QueueUrl string }
	callSQS(t, url, "CreateQueue", map[string]string{"QueueName": "notifications"}, &created)
	_, err = client.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:ap-northeast-1:123456789012:notifications"),
		Attributes: map[string]string{"FilterPolicy": `{"outcome": ["failed"], "workspaces": ["common"]}`},
	})
	if err != nil {
		t.Fatal(err)
	}

	notifier := notify.SNS{Topic: *topic.TopicArn, Language: "ja", Client: func(context.Context) (notify.Publisher, error) { return client, nil }}
	failed := &notify.Notification{
		Run: "01JD", Repo: "https://example.com/estate.git", Branch: "main", Commit: "bbbb", At: time.Unix(0, 0),
		Events: []notify.WorkspaceEvent{{Name: "common", Outcome: "failed", Error: "no good"}, {Name: "tokyo", Outcome: "applied", Add: 1}},
	}
	applied := *failed
	applied.Events = failed.Events[1:]
	for _, r := range []*notify.Notification{&applied, failed} {
		if err := notifier.Notify(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}

	var got struct{ Messages []struct{ Body string } }
	callSQS(t, url, "ReceiveMessage", map[string]any{"QueueUrl": created.QueueUrl, "MaxNumberOfMessages": 10}, &got)
	if len(got.Messages) != 1 {
		t.Fatalf("%d messages passed the filter, want that of the failure: %+v", len(got.Messages), got.Messages)
	}
	var message struct {
		Subject, Message  string
		MessageAttributes map[string]struct{ Type, Value string }
	}
	if err := json.Unmarshal([]byte(got.Messages[0].Body), &message); err != nil {
		t.Fatal(err)
	}
	if message.Subject != "reconcile: FAILED on main: common" || !bytes.Contains([]byte(message.Message), []byte("common のエラー")) {
		t.Errorf("subject %q, message:\n%s", message.Subject, message.Message)
	}
	if a := message.MessageAttributes["failed"]; a.Type != "String.Array" || a.Value != `["common"]` {
		t.Errorf("attributes: %+v", message.MessageAttributes)
	}

	missing := notify.SNS{Topic: *topic.TopicArn + "x", Client: notifier.Client}
	if err := missing.Notify(t.Context(), failed); err == nil {
		t.Error("a missing topic received a notification")
	}
}
