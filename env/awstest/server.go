package awstest

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// handler answers the calls of one service. It may pass calls on to moto.
type handler func(c *call, moto func(*call) *response) *response

// newHandlers returns the handlers of services that moto cannot serve alone, by the name
// that requests are signed for.
func (s *Server) newHandlers() map[string]handler {
	return map[string]handler{
		"apigateway":           serveRESTAPIs,
		"autoscaling":          newAutoScaling().serve,
		"backup":               newBackups().serve,
		"codebuild":            newCodeBuildProjects().serve,
		"directconnect":        s.directConnect.serve,
		"dynamodb":             new(serializer).serve,
		"ecs":                  new(containers).serve,
		"ec2":                  newEC2(s.accelerators.hasEndpointIn).serve,
		"elasticfilesystem":    newFileSystems().serve,
		"elasticloadbalancing": s.accelerators.watchBalancers,
		"globalaccelerator":    s.accelerators.serve,
		"iam":                  new(identityStore).serve,
		"lambda":               newFunctions().serve,
		"logs":                 new(serializer).serve,
		"rds":                  s.databases.serve,
		"route53":              s.zones.serve,
		"route53resolver":      newFirewalls().serve,
		"s3":                   newBuckets().serve,
		"sts":                  s.roles.serve,
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := readCall(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.account = s.account
	a := s.serve(c)
	s.recordCall(c, a)
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body) // the client may have disconnected
	}
}

func (s *Server) serve(c *call) *response {
	s.mu.Lock()
	failed := s.failedRegions[c.region]
	s.mu.Unlock()
	if failed {
		return c.errorResponse("RegionUnavailable", "the test failed region %s", c.region)
	}
	if isCBOR(c) {
		return serveCBOR(c, s.dispatch)
	}
	return s.dispatch(c)
}

func (s *Server) dispatch(c *call) *response {
	if refused := s.roles.refuseEnded(c); refused != nil {
		return refused
	}
	if refused := s.authorize(c); refused != nil {
		return refused
	}
	serve := s.handlers[c.service]
	if serve == nil {
		serve = func(c *call, moto func(*call) *response) *response { return moto(c) }
	}
	got := serve(c, s.forward)
	if got.status < http.StatusBadRequest {
		s.inventory.Observe(c.toIAMCall(), got.body)
		s.makeLogGroups(c)
	}
	return got
}

// forward sends a call to moto.
func (s *Server) forward(c *call) *response {
	r, err := http.NewRequest(c.method, s.moto+c.path, bytes.NewReader(c.body))
	if err != nil {
		return c.errorResponse("InternalFailure", "%v", err)
	}
	r.URL.RawQuery = c.query.Encode()
	r.Header = c.header.Clone()
	r.Header.Del("Accept-Encoding")
	got, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return c.errorResponse("InternalFailure", "moto: %v", err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		return c.errorResponse("InternalFailure", "moto: %v", err)
	}
	// If moto fails, it returns a Python traceback. For an unknown path it returns
	// HTML, which otherwise only S3 returns for responses without a body.
	isUnknownPath := got.StatusCode == http.StatusNotFound && c.service != "s3" && strings.HasPrefix(got.Header.Get("Content-Type"), "text/html")
	if got.StatusCode >= http.StatusInternalServerError || isUnknownPath {
		return c.errorResponse("NotImplemented", "moto does not do %s of %s: %s", c.operation, c.service, lastLine(body))
	}
	got.Header.Del("Content-Length")
	return &response{status: got.StatusCode, header: got.Header, body: body}
}

var xmlTag = regexp.MustCompile(`<[^>]*>`)

// lastLine returns the error line of a Python traceback.
func lastLine(body []byte) string {
	lines := strings.Split(strings.TrimSpace(xmlTag.ReplaceAllString(string(body), "")), "\n")
	return strings.TrimRight(lines[len(lines)-1], "-> ")
}

func (s *Server) recordCall(c *call, a *response) {
	record := Call{Service: c.service, Region: c.region, Role: s.roles.roleOf(c.key), Operation: c.operation, Status: a.status}
	if a.status >= http.StatusBadRequest {
		record.Error = string(a.body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, record)
}
