package awstest

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// buckets is what moto does otherwise than the Amazon S3 API Reference says.
type buckets struct {
	// Conditional writes are one at a time, so that one of many wins ("Adding
	// preconditions to S3 operations"): moto looks first and writes later.
	conditional sync.Mutex

	mu           sync.Mutex
	replications map[string][]byte // by bucket, as they were put
	loggings     map[string][]byte
	policies     map[string][]byte
}

func newBuckets() *buckets {
	return &buckets{replications: map[string][]byte{}, loggings: map[string][]byte{}, policies: map[string][]byte{}}
}

// bucketTags are those in CreateBucket's CreateBucketConfiguration.
var bucketTags = regexp.MustCompile(`(?s)<Tags>(.*)</Tags>`)

func (b *buckets) serve(c *call, moto func(*call) *answer) *answer {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(c.path, "/"), "/")
	switch {
	case strings.HasPrefix(c.path, "/v20180820/"): // S3 Control
		return moto(c)
	case c.method == http.MethodPut && c.header.Get("If-None-Match") != "":
		b.conditional.Lock()
		defer b.conditional.Unlock()
		return moto(c)
	case key == "" && c.query.Has("replication"):
		return b.replication(c, bucket, moto)
	case key == "" && c.query.Has("policy"):
		return b.policy(c, bucket, moto)
	case key == "" && c.query.Has("logging"):
		return b.logging(c, bucket)
	case key == "" && c.method == http.MethodPut && len(c.query) == 0:
		got := moto(c)
		if tags := bucketTags.FindSubmatch(c.body); tags != nil && got.status == http.StatusOK {
			asked := *c
			asked.query = map[string][]string{"tagging": {""}}
			asked.body = []byte("<Tagging><TagSet>" + string(tags[1]) + "</TagSet></Tagging>")
			moto(&asked)
		}
		return got
	}
	return moto(c)
}

// replication remembers the whole configuration, of which moto keeps a part.
func (b *buckets) replication(c *call, bucket string, moto func(*call) *answer) *answer {
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

// logging is where a bucket's access log goes (PutBucketLogging). moto asks the
// target for rights of its own, and not for its policy.
func (b *buckets) logging(c *call, bucket string) *answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.method == http.MethodPut {
		b.loggings[bucket] = bytes.Clone(c.body)
		return markup(http.StatusOK, "")
	}
	if b.loggings[bucket] == nil {
		return markup(http.StatusOK, "<BucketLoggingStatus/>")
	}
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/xml"}}, body: b.loggings[bucket]}
}

// policy keeps a bucket's policy from moto, which leaves conditions out when it
// judges: whoever does not use TLS is denied, it would read as everybody.
func (b *buckets) policy(c *call, bucket string, moto func(*call) *answer) *answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch c.method {
	case http.MethodPut:
		b.policies[bucket] = bytes.Clone(c.body)
		return &answer{status: http.StatusNoContent}
	case http.MethodDelete:
		delete(b.policies, bucket)
		return &answer{status: http.StatusNoContent}
	}
	if b.policies[bucket] == nil {
		return moto(c)
	}
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}, body: b.policies[bucket]}
}
