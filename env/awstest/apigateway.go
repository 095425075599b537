package awstest

import "strings"

// serveRESTAPIs is what moto does otherwise with the policy of a REST API: short
// resources become ARNs ("API Gateway converts the abbreviated syntax to the
// full ARN when you save the policy": API Gateway Developer Guide, "API Gateway
// resource policy examples"), and an answer holds it as JSON escaped once more
// (the provider's internal/service/apigateway/rest_api.go, flattenAPIPolicy).
func serveRESTAPIs(c *call, moto func(*call) *response) *response {
	got := moto(c)
	id, isAPI := strings.CutPrefix(c.path, "/restapis/")
	if !isAPI || strings.Contains(id, "/") {
		return got
	}
	api := decodeObject(got.body)
	if policy := asString(api["policy"]); policy != "" {
		policy = strings.ReplaceAll(policy, `"execute-api:/`, `"arn:aws:execute-api:`+c.region+":"+Account+":"+id+"/")
		api["policy"] = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `/`, `\/`).Replace(policy)
		got.body = marshal(api)
		got.header.Del("Content-Length")
	}
	return got
}
