package awstest

import (
	"encoding/xml"
	"net/http"
	"strings"
)

// replicationRules is the part of a bucket's replication configuration that putObject follows.
type replicationRules struct {
	Rules []struct {
		Status      string
		Filter      struct{ Prefix string }
		Destination struct{ Bucket string } // an ARN
	} `xml:"Rule"`
}

// putObject stores an object, and copies it to the bucket of each replication rule for its key
// ("Replicating objects within and across Regions", Amazon S3 User Guide). AWS needs up to
// minutes for that.
func (b *buckets) putObject(c *call, bucket, key string, moto func(*call) *response) *response {
	if c.header.Get("If-None-Match") != "" {
		b.conditionalMu.Lock()
		defer b.conditionalMu.Unlock()
	}
	got := moto(c)
	if got.status != http.StatusOK {
		return got
	}
	for _, target := range b.replicaBuckets(bucket, key) {
		replica := *c
		replica.path, replica.header = "/"+target+"/"+key, c.header.Clone()
		replica.header.Del("If-None-Match")
		if copied := moto(&replica); copied.status != http.StatusOK {
			return c.errorResponse("InternalError", "the copy of %s in %s: %s", key, target, copied.body)
		}
	}
	return got
}

// replicaBuckets returns the buckets that an object is copied to.
func (b *buckets) replicaBuckets(bucket, key string) (targets []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var config replicationRules
	if xml.Unmarshal(b.replications[bucket], &config) != nil { // there is none
		return nil
	}
	for _, rule := range config.Rules {
		if rule.Status == "Enabled" && strings.HasPrefix(key, rule.Filter.Prefix) {
			targets = append(targets, strings.TrimPrefix(rule.Destination.Bucket, "arn:aws:s3:::"))
		}
	}
	return targets
}
