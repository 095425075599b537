package awstest

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// rules stores descriptions of security group rules that name another group. moto drops
// them (Amazon EC2 API Reference, SecurityGroupRule).
type rules struct {
	mu           sync.Mutex
	descriptions map[string]string // by rule
}

func newRules() *rules { return &rules{descriptions: map[string]string{}} }

var ruleID = regexp.MustCompile(`<securityGroupRuleId>([^<]+)</securityGroupRuleId>`)

func (r *rules) serve(c *call, moto func(*call) *response) *response {
	got := moto(c)
	r.mu.Lock()
	defer r.mu.Unlock()
	form := c.form()
	switch {
	case strings.HasPrefix(c.operation, "AuthorizeSecurityGroup"):
		match := ruleID.FindSubmatch(got.body)
		if description := form.Get("IpPermissions.1.Groups.1.Description"); description != "" && match != nil {
			r.descriptions[string(match[1])] = description
		}
	case c.operation == "DescribeSecurityGroupRules":
		got.body = ruleID.ReplaceAllFunc(got.body, func(found []byte) []byte {
			description := r.descriptions[string(ruleID.FindSubmatch(found)[1])]
			if description == "" {
				return found
			}
			return slices.Concat(found, []byte(xmlElement("description", escapeXML(description))))
		})
	}
	return got
}
