package rights

import (
	"regexp"
	"strings"
)

// iamPrefixes are the services' prefixes in IAM where they differ from the name that
// calls are signed for.
var iamPrefixes = map[string]string{"monitoring": "cloudwatch"}

// freeActions need no permission (AWS STS API Reference).
var freeActions = map[string]bool{"sts:GetCallerIdentity": true}

// unusedTypes are resource types that the infrastructure does not use. Their ARNs have
// the same variables as those of other types.
var unusedTypes = []string{
	"backup:recoveryPoint", "dynamodb:index", "dynamodb:stream", "elasticloadbalancing:loadbalancer/net/",
	"elasticloadbalancing:loadbalancer/gwy/", "elasticloadbalancing:listener/net", "elasticloadbalancing:listener/gwy",
	"elasticloadbalancing:listener-rule/net", "lambda:function alias", "lambda:function version", "rds:cluster", "rds:og",
	"s3:accesspointobject",
}

// ec2Types are EC2's resource types by the prefix of their ids. Ids of other services
// are found by the name of their parameter.
var ec2Types = map[string]string{
	"acl": "network-acl", "ami": "image", "eipalloc": "elastic-ip", "eni": "network-interface", "fl": "vpc-flow-log",
	"i": "instance", "igw": "internet-gateway", "key": "key-pair", "lt": "launch-template", "nat": "natgateway",
	"pl": "prefix-list", "rtb": "route-table", "sg": "security-group", "sgr": "security-group-rule", "subnet": "subnet",
	"tgw": "transit-gateway", "tgw-attach": "transit-gateway-attachment", "tgw-rtb": "transit-gateway-route-table",
	"vgw": "vpn-gateway", "vpc": "vpc", "vpce": "vpc-endpoint",
}

// generatedNames are ARN variables whose values AWS generates on creation.
var generatedNames = []string{"GroupId", "LoadBalancerId", "TargetGroupId"}

var ec2ID = regexp.MustCompile(`^([a-z]+(?:-[a-z]+)?)-[0-9a-f]{8,17}$`)

// ec2TypeOf returns the resource type of an EC2 id, or "".
func ec2TypeOf(value string) string {
	m := ec2ID.FindStringSubmatch(value)
	if m == nil {
		return ""
	}
	return ec2Types[m[1]]
}

// arnParameters are the parameters for an ARN variable where the names differ. A
// parameter with an "s" appended is a list of such values.
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

// valuesOf returns the call's values for a variable in the ARN of a type.
func (a *Inventory) valuesOf(t *resourceType, variable string, s params) []string {
	switch variable {
	case "RoleNameWithPath", "InstanceProfileNameWithPath":
		return a.nameWithPath(t.Key, s)
	case "TopicName": // a subscription's ARN is the topic's with a suffix
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
			// An ARN here is of another account, Region or resource type.
			if value = strings.TrimPrefix(value, "alias/"); !strings.HasPrefix(value, "arn:") {
				found = append(found, value)
			}
		}
	}
	return found
}
