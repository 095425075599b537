package awstest

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// autoScaling is what moto does otherwise than the Amazon EC2 Auto Scaling API
// Reference says (AutoScalingGroup, ScalingPolicy, StartInstanceRefresh): it
// forgets how long servers warm up and whether policies are on, takes policies
// of one name in two groups for one, tells of an empty predictive policy where
// there is none, and refreshes no instances.
type autoScaling struct {
	mu      sync.Mutex
	warmups map[string]string // seconds by Region and group
}

func newAutoScaling() *autoScaling { return &autoScaling{warmups: map[string]string{}} }

var (
	scalingGroup  = regexp.MustCompile(`<AutoScalingGroupName>([^<]+)</AutoScalingGroupName>`)
	scalingPolicy = regexp.MustCompile(`<PolicyName>[^<]*</PolicyName>`)
)

func (g *autoScaling) serve(c *call, moto func(*call) *answer) *answer {
	if c.operation == "StartInstanceRefresh" { // done as soon as it is asked for
		return queryAnswer(c, element("InstanceRefreshId", newID()))
	}
	got := groupOwnPolicies(c, moto)
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
			return slices.Concat(found, []byte(element("DefaultInstanceWarmup", warmup)))
		})
	case "DescribePolicies":
		got.body = bytes.ReplaceAll(got.body, []byte("<PredictiveScalingConfiguration/>"), nil)
		got.body = scalingPolicy.ReplaceAllFunc(got.body, func(found []byte) []byte {
			return slices.Concat(found, []byte(element("Enabled", "true")))
		})
	}
	return got
}

// groupOwnPolicies gives policies names for moto that begin with their group's.
func groupOwnPolicies(c *call, moto func(*call) *answer) *answer {
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
	asked := *c
	asked.body = []byte(form.Encode())
	got := moto(&asked)
	got.body = bytes.ReplaceAll(got.body, []byte(prefix), nil)
	return got
}

// queryAnswer answers in the Query protocol.
func queryAnswer(c *call, content string) *answer {
	name := c.operation
	return &answer{
		status: http.StatusOK, header: http.Header{"Content-Type": {"text/xml"}},
		body: []byte(element(name+"Response", element(name+"Result", content), element("ResponseMetadata", element("RequestId", "awstest")))),
	}
}
