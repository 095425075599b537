package awstest

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// autoScaling corrects moto where it differs from the Amazon EC2 Auto Scaling API
// Reference (AutoScalingGroup, ScalingPolicy, StartInstanceRefresh). moto does not store
// the warmup time and whether policies are enabled. It treats policies with the same
// name in two groups as one. It returns an empty predictive policy where there is none.
// It does not refresh instances.
type autoScaling struct {
	mu      sync.Mutex
	warmups map[string]string // seconds by Region and group
}

func newAutoScaling() *autoScaling { return &autoScaling{warmups: map[string]string{}} }

var (
	scalingGroup  = regexp.MustCompile(`<AutoScalingGroupName>([^<]+)</AutoScalingGroupName>`)
	scalingPolicy = regexp.MustCompile(`<PolicyName>[^<]*</PolicyName>`)
)

func (g *autoScaling) serve(c *call, moto func(*call) *response) *response {
	if c.operation == "StartInstanceRefresh" { // completes at once
		return queryResponse(c, xmlElement("InstanceRefreshId", newID()))
	}
	got := prefixPolicyNames(c, moto)
	g.mu.Lock()
	defer g.mu.Unlock()
	form := c.form()
	if warmup := form.Get("DefaultInstanceWarmup"); warmup != "" {
		g.warmups[c.region+"/"+form.Get("AutoScalingGroupName")] = warmup
	}
	switch c.operation {
	case "DescribeAutoScalingGroups":
		got.body = scalingGroup.ReplaceAllFunc(got.body, func(found []byte) []byte {
			warmup := g.warmups[c.region+"/"+string(scalingGroup.FindSubmatch(found)[1])]
			if warmup == "" {
				return found
			}
			return slices.Concat(found, []byte(xmlElement("DefaultInstanceWarmup", warmup)))
		})
	case "DescribePolicies":
		got.body = bytes.ReplaceAll(got.body, []byte("<PredictiveScalingConfiguration/>"), nil)
		got.body = scalingPolicy.ReplaceAllFunc(got.body, func(found []byte) []byte {
			return slices.Concat(found, []byte(xmlElement("Enabled", "true")))
		})
	}
	return got
}

// prefixPolicyNames prefixes policy names with their group's name for moto.
func prefixPolicyNames(c *call, moto func(*call) *response) *response {
	form := c.form()
	prefix := form.Get("AutoScalingGroupName") + ".."
	if !strings.Contains(c.operation, "Polic") || prefix == ".." {
		return moto(c)
	}
	for _, member := range []string{"PolicyName", "PolicyNames.member.1"} {
		if name := form.Get(member); name != "" && !strings.HasPrefix(name, "arn:") {
			form.Set(member, prefix+name)
		}
	}
	motoCall := *c
	motoCall.body = []byte(form.Encode())
	got := moto(&motoCall)
	got.body = bytes.ReplaceAll(got.body, []byte(prefix), nil)
	return got
}

// queryResponse returns a response in the Query protocol.
func queryResponse(c *call, content string) *response {
	name := c.operation
	return &response{
		status: http.StatusOK, header: http.Header{"Content-Type": {"text/xml"}},
		body: []byte(xmlElement(name+"Response", xmlElement(name+"Result", content), xmlElement("ResponseMetadata", xmlElement("RequestId", "awstest")))),
	}
}
