package awstest

import "strings"

// serveRESTAPIs corrects how moto handles the policy of a REST API. Short resource names
// become ARNs ("API Gateway converts the abbreviated syntax to the full ARN when you
// save the policy": API Gateway Developer Guide, "API Gateway resource policy
// examples"). A response contains the policy as JSON that is escaped twice (the
// provider's internal/service/apigateway/rest_api.go, flattenAPIPolicy).
func serveRESTAPIs(c *call, moto func(*call) *response) *response {
	got := moto(c)
	id, isAPI := strings.CutPrefix(c.path, "/restapis/")
	if !isAPI || strings.Contains(id, "/") {
		return got
	}
	api := decodeObject(got.body)
	if policy := asString(api["policy"]); policy != "" {
		policy = strings.ReplaceAll(policy, `"execute-api:/`, `"arn:aws:execute-api:`+c.region+":"+c.account+":"+id+"/")
		api["policy"] = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `/`, `\/`).Replace(policy)
		got.body = marshal(api)
		got.header.Del("Content-Length")
	}
	return got
}
