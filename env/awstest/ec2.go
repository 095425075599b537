package awstest

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// ec2 corrects moto, by operation, where it differs from the Amazon EC2 API Reference.
type ec2 struct {
	transit      *transitTables
	flowLogs     *flowLogs
	propagations *propagations
	rules        *rules
	isEndpoint   func(vpc string) bool // whether an accelerator has network interfaces in the VPC
}

func newEC2(isEndpoint func(vpc string) bool) *ec2 {
	return &ec2{transit: newTransitTables(), flowLogs: newFlowLogs(), propagations: newPropagations(), rules: newRules(), isEndpoint: isEndpoint}
}

func (e *ec2) serve(c *call, moto func(*call) *response) *response {
	switch {
	case c.operation == "CreateTransitGatewayVpcAttachment":
		return createTags(c, moto(c), moto)
	case strings.Contains(c.operation, "TransitGateway"):
		return e.transit.serve(c, moto)
	case strings.Contains(c.operation, "FlowLogs"):
		return e.flowLogs.serve(c, moto)
	case strings.HasSuffix(c.operation, "VgwRoutePropagation"), c.operation == "DescribeRouteTables":
		return e.propagations.serve(c, moto)
	case strings.HasPrefix(c.operation, "AuthorizeSecurityGroup"), c.operation == "DescribeSecurityGroupRules":
		return e.rules.serve(c, moto)
	case c.operation == "DeleteVpc", c.operation == "DeleteSecurityGroup":
		return e.serveDeletion(c, moto)
	case c.operation == "DescribeLaunchTemplateVersions":
		got := moto(c)
		got.body = templateTags.ReplaceAll(got.body, nil)
		return got
	}
	return moto(c)
}

// templateTags matches a launch template's own tags, which instances launched from it do
// not get (LaunchTemplateTagSpecification).
var templateTags = regexp.MustCompile(`(?s)<item><resourceType>launch-template</resourceType><tagSet>.*?</tagSet></item>`)

var attachmentID = regexp.MustCompile(`<(?:transitGatewayAttachmentId)>([^<]+)<`)

// createTags sets the tags of the call on the created resource, where moto does not.
func createTags(c *call, got *response, moto func(*call) *response) *response {
	id := attachmentID.FindSubmatch(got.body)
	if id == nil {
		return got
	}
	form := url.Values{"Action": {"CreateTags"}, "Version": {"2016-11-15"}, "ResourceId.1": {string(id[1])}}
	for name, values := range c.form() {
		if tag := regexp.MustCompile(`^TagSpecifications?\.1\.(Tag\.\d+\.\w+)$`).FindStringSubmatch(name); tag != nil {
			form[tag[1]] = values
		}
	}
	motoCall := *c
	motoCall.operation, motoCall.body = "CreateTags", []byte(form.Encode())
	moto(&motoCall)
	return got
}

// filtersOf returns the filters of a Describe or Search call: values by the filter's
// name.
func filtersOf(c *call) map[string]string {
	form, filters := c.form(), map[string]string{}
	for n := 1; form.Has(fmt.Sprintf("Filter.%d.Name", n)); n++ {
		filters[form.Get(fmt.Sprintf("Filter.%d.Name", n))] = form.Get(fmt.Sprintf("Filter.%d.Value.1", n))
	}
	return filters
}

// ec2Response returns a response in the EC2 Query protocol.
func ec2Response(c *call, content string) *response {
	return &response{
		status: http.StatusOK, header: http.Header{"Content-Type": {"text/xml"}},
		body: fmt.Appendf(nil, `<%[1]sResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>awstest</requestId>%[2]s</%[1]sResponse>`, c.operation, content),
	}
}

// xmlElement returns an XML element around content.
func xmlElement(name string, content ...string) string {
	return "<" + name + ">" + strings.Join(content, "") + "</" + name + ">"
}
