package awstest

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// buckets corrects moto where it differs from the Amazon S3 API Reference.
type buckets struct {
	// Serializes conditional writes, so that one of many succeeds ("Adding
	// preconditions to S3 operations"): moto does not check and write atomically.
	conditionalMu sync.Mutex

	mu           sync.Mutex
	replications map[string][]byte // by bucket, as received
	loggings     map[string][]byte
	policies     map[string][]byte
	locked       map[string]bool // buckets with Object Lock
}

func newBuckets() *buckets {
	return &buckets{replications: map[string][]byte{}, loggings: map[string][]byte{}, policies: map[string][]byte{}, locked: map[string]bool{}}
}

// loggingTarget matches the target in PutBucketLogging's BucketLoggingStatus.
var loggingTarget = regexp.MustCompile(`<TargetBucket>([^<]*)</TargetBucket>`)

// bucketTags matches the tags in CreateBucket's CreateBucketConfiguration.
var bucketTags = regexp.MustCompile(`(?s)<Tags>(.*)</Tags>`)

func (b *buckets) serve(c *call, moto func(*call) *response) *response {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(c.path, "/"), "/")
	switch {
	case strings.HasPrefix(c.path, "/v20180820/"): // S3 Control
		return moto(c)
	case c.method == http.MethodPut && key != "" && len(c.query) <= 1: // "x-id" names the operation
		return b.putObject(c, bucket, key, moto)
	case key == "" && c.query.Has("replication"):
		return b.serveReplication(c, bucket, moto)
	case key == "" && c.query.Has("policy"):
		return b.servePolicy(c, bucket, moto)
	case key == "" && c.query.Has("logging"):
		return b.serveLogging(c, bucket)
	case key == "" && c.method == http.MethodPut && len(c.query) == 0:
		got := moto(c)
		if got.status == http.StatusOK && strings.EqualFold(c.header.Get("X-Amz-Bucket-Object-Lock-Enabled"), "true") {
			b.lock(bucket)
		}
		if tags := bucketTags.FindSubmatch(c.body); tags != nil && got.status == http.StatusOK {
			motoCall := *c
			motoCall.query = map[string][]string{"tagging": {""}}
			motoCall.body = []byte("<Tagging><TagSet>" + string(tags[1]) + "</TagSet></Tagging>")
			moto(&motoCall)
		}
		return got
	}
	return moto(c)
}

// serveReplication stores the whole configuration; moto drops a part.
func (b *buckets) serveReplication(c *call, bucket string, moto func(*call) *response) *response {
	got := moto(c)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case got.status >= http.StatusBadRequest:
	case c.method == http.MethodPut:
		b.replications[bucket] = bytes.Clone(c.body)
	case c.method == http.MethodGet:
		got.body = b.replications[bucket]
	}
	return got
}

func (b *buckets) lock(bucket string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.locked[bucket] = true
}

// serveLogging handles the target of a bucket's access log (PutBucketLogging). moto
// checks the target's ACL instead of its policy. "S3 buckets with Object Lock can't be
// used as destination buckets for server access logs" (Amazon S3 User Guide, "Object Lock
// considerations").
func (b *buckets) serveLogging(c *call, bucket string) *response {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.method == http.MethodPut {
		if target := loggingTarget.FindSubmatch(c.body); target != nil && b.locked[string(target[1])] {
			return c.errorResponse("InvalidTargetBucketForLogging", "%s has Object Lock", target[1])
		}
		b.loggings[bucket] = bytes.Clone(c.body)
		return xmlResponse(http.StatusOK, "")
	}
	if b.loggings[bucket] == nil {
		return xmlResponse(http.StatusOK, "<BucketLoggingStatus/>")
	}
	return &response{status: http.StatusOK, header: http.Header{"Content-Type": {"text/xml"}}, body: b.loggings[bucket]}
}

// servePolicy hides a bucket's policy from moto. moto ignores conditions, so a denial
// without TLS would deny everybody.
func (b *buckets) servePolicy(c *call, bucket string, moto func(*call) *response) *response {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch c.method {
	case http.MethodPut:
		b.policies[bucket] = bytes.Clone(c.body)
		return &response{status: http.StatusNoContent}
	case http.MethodDelete:
		delete(b.policies, bucket)
		return &response{status: http.StatusNoContent}
	}
	if b.policies[bucket] == nil {
		return moto(c)
	}
	return &response{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}, body: b.policies[bucket]}
}
