package awstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// call is a request with its decoded properties.
type call struct {
	service, region, operation string
	account                    string // the server's
	key                        string // the access key of the signature: the caller

	method, path string
	query        url.Values
	header       http.Header
	body         []byte
}

// response is an HTTP response.
type response struct {
	status int
	header http.Header
	body   []byte
}

// credentialScope is the part of SigV4's Authorization header that names the
// access key, Region and service (AWS General Reference, "Elements of an AWS API request signature").
var credentialScope = regexp.MustCompile(`Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request`)

// readCall decodes a request: the service and Region that it is signed for, and its
// operation, which protocols put in different places.
func readCall(r *http.Request) (*call, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	c := &call{method: r.Method, path: r.URL.EscapedPath(), query: r.URL.Query(), header: r.Header.Clone(), body: body}
	m := credentialScope.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return nil, fmt.Errorf("%s %s is not signed", r.Method, r.URL)
	}
	c.key, c.region, c.service = m[1], m[2], m[3]
	c.setBucketPath(r.Host)
	c.setOperation()
	return c, nil
}

func (c *call) setOperation() {
	switch target := c.header.Get("X-Amz-Target"); {
	case target != "":
		_, c.operation, _ = strings.Cut(target, ".")
	case strings.HasPrefix(c.header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		c.operation = c.form().Get("Action")
	default:
		c.operation = c.method + " " + c.path
	}
}

// setBucketPath moves a bucket from the host name into the path, as moto needs it (S3
// User Guide, "Virtual hosting of general purpose buckets"). S3 Control's host names
// contain the account, which is also in a header.
func (c *call) setBucketPath(host string) {
	bucket, virtual := strings.CutSuffix(host, "."+strings.TrimPrefix(endpoint, "http://"))
	if virtual && c.service == "s3" && c.header.Get("X-Amz-Account-Id") == "" {
		c.path = "/" + bucket + c.path
	}
}

// signedHeader returns headers for a call of our own. moto distinguishes services by the
// signature header, but does not check the signature.
func signedHeader(service, region string) http.Header {
	return http.Header{"Authorization": {fmt.Sprintf("AWS4-HMAC-SHA256 Credential=test/20260101/%s/%s/aws4_request, SignedHeaders=host, Signature=0", region, service)}}
}

// form returns the parameters of the Query and EC2 protocols.
func (c *call) form() url.Values {
	values, err := url.ParseQuery(string(c.body))
	if err != nil {
		return nil
	}
	return values
}

// bodyObject returns the body of the JSON protocols.
func (c *call) bodyObject() map[string]any { return decodeObject(c.body) }

func decodeObject(body []byte) map[string]any {
	var o map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&o) != nil {
		return map[string]any{}
	}
	return o
}

// withBody returns a copy of the call with another body.
func (c *call) withBody(o map[string]any) *call {
	copied := *c
	copied.body = marshal(o)
	return &copied
}

func marshal(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // cannot happen: o has only maps and strings
	}
	return body
}

// jsonResponse returns a response in JSON.
func jsonResponse(v any) *response {
	return &response{
		status: http.StatusOK,
		header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		body:   marshal(v),
	}
}

// errorResponse returns an error in the call's own protocol. Every error is a client
// error; clients retry none of those but throttling.
func (c *call) errorResponse(code, format string, args ...any) *response {
	message := fmt.Sprintf(format, args...)
	switch {
	case c.service == "ec2":
		return xmlResponse(http.StatusBadRequest, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors></Response>", code, message)
	case c.service == "s3":
		return xmlResponse(http.StatusBadRequest, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
	case strings.HasPrefix(c.header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		return xmlResponse(http.StatusBadRequest, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
	}
	a := jsonResponse(map[string]any{"__type": code, "message": message})
	a.status = http.StatusBadRequest
	a.header.Set("X-Amzn-Errortype", code)
	return a
}

// xmlResponse returns a response in XML; the arguments are escaped.
func xmlResponse(status int, format string, args ...any) *response {
	escaped := make([]any, len(args))
	for i, arg := range args {
		escaped[i] = escapeXML(fmt.Sprint(arg))
	}
	return &response{
		status: status,
		header: http.Header{"Content-Type": {"text/xml"}},
		body:   fmt.Appendf(nil, format, escaped...),
	}
}

var escapeXML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace
