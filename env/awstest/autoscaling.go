package awstest

import (
	"bytes"
	"regexp"
	"slices"
	"sync"
)

// autoScaling is what moto forgets of Amazon EC2 Auto Scaling (its API
// Reference, AutoScalingGroup and ScalingPolicy): how long servers warm up, and
// whether policies are on. It tells of an empty predictive policy where there
// is none.
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
	got := moto(c)
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
