package awstest

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/encoding/cbor"
)

// sendJSON sends a call of a JSON protocol, as clients do. It returns the members of the
// response, or the error code.
func sendJSON(t *testing.T, s *Server, service, region, target, body string) (map[string]any, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = signedHeader(service, region)
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	var text bytes.Buffer
	text.ReadFrom(got.Body)
	return decodeObject(text.Bytes()), got.Header.Get("X-Amzn-Errortype")
}

// Global Accelerator refuses what its API Reference says.
func TestGlobalAccelerator(t *testing.T) {
	s := Start(t)
	call := func(want, operation, format string, args ...any) map[string]any {
		t.Helper()
		got, code := sendJSON(t, s, "globalaccelerator", "us-west-2", "GlobalAccelerator_V20180706."+operation, fmt.Sprintf(format, args...))
		if code != want {
			t.Errorf("%s: %q %v, want %q", operation, code, got["message"], want)
		}
		return got
	}
	arn := func(got map[string]any, kind string) string {
		thing, _ := got[kind].(map[string]any)
		return asString(thing[kind+"Arn"])
	}
	accelerator := arn(call("", "CreateAccelerator", `{"Name": "shop", "IdempotencyToken": "1"}`), "Accelerator")
	call("TransactionInProgressException", "UpdateAccelerator", `{"AcceleratorArn": %q, "Enabled": false}`, accelerator)
	for _, want := range []string{"IN_PROGRESS", "DEPLOYED"} {
		if a := call("", "DescribeAccelerator", `{"AcceleratorArn": %q}`, accelerator)["Accelerator"].(map[string]any); a["Status"] != want {
			t.Errorf("status %v, want %s", a["Status"], want)
		}
	}
	listener := arn(call("", "CreateListener", `{"AcceleratorArn": %q, "Protocol": "TCP", "PortRanges": [{"FromPort": 443, "ToPort": 443}]}`, accelerator), "Listener")
	group := arn(call("", "CreateEndpointGroup", `{"ListenerArn": %q, "EndpointGroupRegion": "ap-northeast-1", "TrafficDialPercentage": 0}`, listener), "EndpointGroup")
	call("EndpointGroupAlreadyExistsException", "CreateEndpointGroup", `{"ListenerArn": %q, "EndpointGroupRegion": "ap-northeast-1"}`, listener)
	call("InvalidArgumentException", "UpdateEndpointGroup", `{"EndpointGroupArn": %q, "TrafficDialPercentage": 101}`, group)
	call("InvalidArgumentException", "UpdateEndpointGroup", `{"EndpointGroupArn": %q, "EndpointConfigurations": [{"EndpointId": "x", "Weight": 256}]}`, group)
	call("InvalidArgumentException", "UpdateEndpointGroup", `{"EndpointGroupArn": %q, "EndpointConfigurations": [{"EndpointId": "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/none/1", "Weight": 1}]}`, group)
	call("LimitExceededException", "UpdateEndpointGroup", `{"EndpointGroupArn": %q, "EndpointConfigurations": [{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}]}`, group)

	// Delete only from the leaves to the root.
	call("AssociatedEndpointGroupFoundException", "DeleteListener", `{"ListenerArn": %q}`, listener)
	call("", "DescribeAccelerator", `{"AcceleratorArn": %q}`, accelerator)
	call("AcceleratorNotDisabledException", "DeleteAccelerator", `{"AcceleratorArn": %q}`, accelerator)
	call("", "UpdateAccelerator", `{"AcceleratorArn": %q, "Enabled": false}`, accelerator)
	call("", "DescribeAccelerator", `{"AcceleratorArn": %q}`, accelerator)
	call("AssociatedListenerFoundException", "DeleteAccelerator", `{"AcceleratorArn": %q}`, accelerator)
	call("", "DeleteEndpointGroup", `{"EndpointGroupArn": %q}`, group)
	call("", "DeleteListener", `{"ListenerArn": %q}`, listener)
	call("", "DescribeAccelerator", `{"AcceleratorArn": %q}`, accelerator)
	call("", "DeleteAccelerator", `{"AcceleratorArn": %q}`, accelerator)
	call("AcceleratorNotFoundException", "DescribeAccelerator", `{"AcceleratorArn": %q}`, accelerator)
}

// An unknown call is refused as a client error, which clients do not retry. So is every
// call to a failed Region.
func TestRefusals(t *testing.T) {
	s := Start(t)
	if _, code := sendJSON(t, s, "globalaccelerator", "us-west-2", "GlobalAccelerator_V20180706.CreateCustomRoutingAccelerator", `{}`); code != "NotImplemented" {
		t.Errorf("an unknown operation: %q", code)
	}
	if _, code := sendJSON(t, s, "directconnect", "ap-northeast-1", "OvertureService.AllocateHostedConnection", `{}`); code != "NotImplemented" {
		t.Errorf("one that moto fails at: %q", code)
	}
	s.FailRegion("ap-northeast-1")
	if _, code := sendJSON(t, s, "kms", "ap-northeast-1", "TrentService.ListKeys", `{}`); code != "RegionUnavailable" {
		t.Errorf("a failed Region: %q", code)
	}
	if _, code := sendJSON(t, s, "kms", "ap-northeast-3", "TrentService.ListKeys", `{}`); code != "" {
		t.Errorf("another Region than the failed one: %q", code)
	}
	s.RestoreRegion("ap-northeast-1")
	if _, code := sendJSON(t, s, "kms", "ap-northeast-1", "TrentService.ListKeys", `{}`); code != "" {
		t.Errorf("a restored Region: %q", code)
	}
}

// Of many conditional writes at the same time, one succeeds.
func TestConditionalPut(t *testing.T) {
	s := Start(t)
	client := s3.NewFromConfig(s.Config("us-east-1"), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("states")}); err != nil {
		t.Fatal(err)
	}
	won := make(chan bool)
	for range 8 {
		go func() {
			_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("states"), Key: aws.String("x.tflock"), Body: strings.NewReader("me"), IfNoneMatch: aws.String("*")})
			won <- err == nil
		}()
	}
	winners := 0
	for range 8 {
		if <-won {
			winners++
		}
	}
	if winners != 1 {
		t.Errorf("%d writers won", winners)
	}
}

// CBOR and back: times are tagged, and numbers keep their type.
func TestCBOR(t *testing.T) {
	in := decodeObject([]byte(`{"Threshold": 0.5, "Period": 60, "Low": -3, "StateUpdatedTimestamp": 1.5, "Tags": [{"Key": "a"}], "On": true}`))
	value := toCBOR("", in).(cbor.Map)
	if tag, ok := value["StateUpdatedTimestamp"].(*cbor.Tag); !ok || tag.ID != 1 {
		t.Errorf("a time is %v", value["StateUpdatedTimestamp"])
	}
	decoded, err := cbor.Decode(cbor.Encode(value))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(marshal(fromCBOR(decoded))), string(marshal(in)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// A CodeBuild project without a source is stored completely, changed, and found by its
// name and by its ARN.
func TestCodeBuild(t *testing.T) {
	s := Start(t)
	call := func(want, operation, body string) map[string]any {
		t.Helper()
		got, code := sendJSON(t, s, "codebuild", "ap-northeast-1", "CodeBuild_20161006."+operation, body)
		if code != want {
			t.Errorf("%s: %q %v, want %q", operation, code, got["message"], want)
		}
		return got
	}
	project := `{"name": "reconcile", "source": {"type": "NO_SOURCE", "buildspec": %q}, "concurrentBuildLimit": 1}`
	call("ResourceNotFoundException", "UpdateProject", fmt.Sprintf(project, "before"))
	call("", "CreateProject", fmt.Sprintf(project, "before"))
	call("ResourceAlreadyExistsException", "CreateProject", fmt.Sprintf(project, "before"))
	call("", "UpdateProject", `{"name": "reconcile", "source": {"type": "NO_SOURCE", "buildspec": "after"}}`)
	for _, name := range []string{"reconcile", "arn:aws:codebuild:ap-northeast-1:" + Account + ":project/reconcile"} {
		found := asList(call("", "BatchGetProjects", fmt.Sprintf(`{"names": [%q, "other"]}`, name))["projects"])
		if len(found) != 1 {
			t.Fatalf("by %s: found %v", name, found)
		}
		got := found[0].(map[string]any)
		if source := got["source"].(map[string]any); source["buildspec"] != "after" || fmt.Sprint(got["concurrentBuildLimit"]) != "1" {
			t.Errorf("by %s: %v", name, got)
		}
	}
	call("", "DeleteProject", `{"name": "reconcile"}`)
	if remaining := asList(call("", "BatchGetProjects", `{"names": ["reconcile"]}`)["projects"]); len(remaining) > 0 {
		t.Errorf("remaining: %v", remaining)
	}
}
