package rights

import (
	"regexp"
	"strings"
)

// iamPrefixes are the names that services have in IAM, where they differ from
// what calls are signed for.
var iamPrefixes = map[string]string{"monitoring": "cloudwatch"}

// freeActions needs nobody's leave (AWS STS API Reference).
var freeActions = map[string]bool{"sts:GetCallerIdentity": true}

// unusedTypes are types of things of which the estate has none, and whose ARNs are
// made of the same names as those of others.
var unusedTypes = []string{
	"backup:recoveryPoint", "dynamodb:index", "dynamodb:stream", "elasticloadbalancing:loadbalancer/net/",
	"elasticloadbalancing:loadbalancer/gwy/", "elasticloadbalancing:listener/net", "elasticloadbalancing:listener/gwy",
	"elasticloadbalancing:listener-rule/net", "lambda:function alias", "lambda:function version", "rds:cluster", "rds:og",
	"s3:accesspointobject",
}

// ec2Types are EC2's types, by what ids of theirs begin with. Ids of other
// services have a parameter's name, and are found by that.
var ec2Types = map[string]string{
	"acl": "network-acl", "ami": "image", "eipalloc": "elastic-ip", "eni": "network-interface", "fl": "vpc-flow-log",
	"i": "instance", "igw": "internet-gateway", "key": "key-pair", "lt": "launch-template", "nat": "natgateway",
	"pl": "prefix-list", "rtb": "route-table", "sg": "security-group", "sgr": "security-group-rule", "subnet": "subnet",
	"tgw": "transit-gateway", "tgw-attach": "transit-gateway-attachment", "tgw-rtb": "transit-gateway-route-table",
	"vgw": "vpn-gateway", "vpc": "vpc", "vpce": "vpc-endpoint",
}

// generatedNames are what AWS makes up for what is yet to be made.
var generatedNames = []string{"GroupId", "LoadBalancerId", "TargetGroupId"}

var ec2ID = regexp.MustCompile(`^([a-z]+(?:-[a-z]+)?)-[0-9a-f]{8,17}$`)

// ec2TypeOf is the type of an id of EC2.
func ec2TypeOf(value string) string {
	m := ec2ID.FindStringSubmatch(value)
	if m == nil {
		return ""
	}
	return ec2Types[m[1]]
}

// arnParameters are those in which calls name what stands in an ARN, where it is
// not called the same. What is called so in the plural is a list of them.
var arnParameters = map[string][]string{
	"Alias":              {"AliasName"},
	"ClusterName":        {"Cluster", "ClusterName"},
	"DbInstanceName":     {"DBInstanceIdentifier", "SourceDBInstanceIdentifier"},
	"GroupFriendlyName":  {"AutoScalingGroupName"},
	"KeyId":              {"KeyId", "TargetKeyId"},
	"KeyPairName":        {"KeyName"},
	"LoadBalancerName":   {"Name"},
	"LogGroupName":       {"logGroupName"},
	"ProjectName":        {"name"},
	"ParameterGroupName": {"DBParameterGroupName"},
	"SecretId":           {"SecretId", "Name"},
	"SnapshotName":       {"DBSnapshotIdentifier", "FinalDBSnapshotIdentifier"},
	"SubnetGroupName":    {"DBSubnetGroupName"},
	"TargetGroupName":    {"Name"},
	"TopicName":          {"Name"},
}

// valuesOf is what the call says for a variable in the ARN of a type.
func (a *Inventory) valuesOf(t *resourceType, variable string, s params) []string {
	switch variable {
	case "RoleNameWithPath", "InstanceProfileNameWithPath":
		return a.nameWithPath(t.Key, s)
	case "TopicName": // a subscription's ARN is its topic's, and more
		if parts := strings.Split(s.value("SubscriptionArn"), ":"); len(parts) > 6 {
			return parts[5:6]
		}
	}
	names, ok := arnParameters[variable]
	if !ok {
		names = []string{variable}
	}
	var found []string
	for _, name := range names {
		for _, value := range append(s.values(name), s.values(name+"s")...) {
			// An ARN is of another account, or Region, or of what is no such thing.
			if value = strings.TrimPrefix(value, "alias/"); !strings.HasPrefix(value, "arn:") {
				found = append(found, value)
			}
		}
	}
	return found
}
