package awstest

import (
	"net/url"
	"regexp"
)

// acceleratorGroup is the name of the security group that Global Accelerator makes.
const acceleratorGroup = "GlobalAccelerator"

var (
	groupName = regexp.MustCompile(`<groupName>([^<]+)</groupName>`)
	groupVPC  = regexp.MustCompile(`<vpcId>([^<]+)</vpcId>`)
)

// serveDeletion refuses what is still in use. A VPC can be deleted when all its resources
// are, "such as the security groups (except the default one)" (DeleteVpc); a security
// group, when no network interface has it (DeleteSecurityGroup). moto deletes both.
func (e *ec2) serveDeletion(c *call, moto func(*call) *response) *response {
	form := c.form()
	if c.operation == "DeleteVpc" {
		vpc := form.Get("VpcId")
		for _, name := range describeGroups(c.region, "vpc-id", vpc, groupName, moto) {
			if name != "default" {
				return c.errorResponse("DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted: security group %s", vpc, name)
			}
		}
		return moto(c)
	}
	id := form.Get("GroupId")
	for _, name := range describeGroups(c.region, "group-id", id, groupName, moto) {
		for _, vpc := range describeGroups(c.region, "group-id", id, groupVPC, moto) {
			if name == acceleratorGroup && e.isEndpoint(vpc) {
				return c.errorResponse("DependencyViolation", "resource %s has a dependent object: an accelerator's network interface", id)
			}
		}
	}
	return moto(c)
}

// describeGroups returns what the pattern finds in the security groups that a filter
// selects.
func describeGroups(region, filter, value string, pattern *regexp.Regexp, moto func(*call) *response) (found []string) {
	got := moto(newQueryCall("ec2", region, url.Values{
		"Action": {"DescribeSecurityGroups"}, "Version": {"2016-11-15"}, "Filter.1.Name": {filter}, "Filter.1.Value.1": {value},
	}))
	for _, m := range pattern.FindAllSubmatch(got.body, -1) {
		found = append(found, string(m[1]))
	}
	return found
}
