package awstest

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// service answers calls of one service. moto is asked for what it can.
type service func(c *call, moto func(*call) *answer) *answer

// services are those that are not left to moto as they are, by the name that
// requests are signed for.
func (s *Server) services() map[string]service {
	return map[string]service{
		"apigateway":        restAPIs,
		"autoscaling":       newAutoScaling().serve,
		"backup":            newBackups().serve,
		"codebuild":         newBuilds().serve,
		"directconnect":     s.connections.serve,
		"dynamodb":          new(queue).serve,
		"ec2":               newEC2().serve,
		"elasticfilesystem": newFiles().serve,
		"globalaccelerator": s.accelerators.serve,
		"iam":               new(queue).serve,
		"lambda":            newFunctions().serve,
		"rds":               newDatabases().serve,
		"route53":           s.zones.serve,
		"route53resolver":   newFirewalls().serve,
		"s3":                newBuckets().serve,
		"sts":               s.roles.serve,
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := readCall(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a := s.serve(c)
	s.remember(c, a)
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body) // the client may be gone
	}
}

func (s *Server) serve(c *call) *answer {
	s.mu.Lock()
	dead := s.dead[c.region]
	s.mu.Unlock()
	if dead {
		return c.refuse("RegionIsDead", "the test killed %s", c.region)
	}
	if cbored(c) {
		return speakCBOR(c, s.answer)
	}
	return s.answer(c)
}

func (s *Server) answer(c *call) *answer {
	if refused := s.judge(c); refused != nil {
		return refused
	}
	serve := s.serving[c.service]
	if serve == nil {
		serve = func(c *call, moto func(*call) *answer) *answer { return moto(c) }
	}
	got := serve(c, s.ask)
	if got.status < http.StatusBadRequest {
		s.account.Learn(c.told(), got.body)
	}
	return got
}

// ask passes a call on to moto.
func (s *Server) ask(c *call) *answer {
	r, err := http.NewRequest(c.method, s.moto+c.path, bytes.NewReader(c.body))
	if err != nil {
		return c.refuse("InternalFailure", "%v", err)
	}
	r.URL.RawQuery = c.query.Encode()
	r.Header = c.header.Clone()
	r.Header.Del("Accept-Encoding")
	got, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return c.refuse("InternalFailure", "moto: %v", err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		return c.refuse("InternalFailure", "moto: %v", err)
	}
	// moto fails with a trace of Python's; a path that it does not know is
	// answered in HTML, which otherwise only S3 says of what has no body.
	unknown := got.StatusCode == http.StatusNotFound && c.service != "s3" && strings.HasPrefix(got.Header.Get("Content-Type"), "text/html")
	if got.StatusCode >= http.StatusInternalServerError || unknown {
		return c.refuse("NotImplemented", "moto does not do %s of %s: %s", c.operation, c.service, lastLine(body))
	}
	got.Header.Del("Content-Length")
	return &answer{status: got.StatusCode, header: got.Header, body: body}
}

var tag = regexp.MustCompile(`<[^>]*>`)

// lastLine is where Python says what went wrong.
func lastLine(body []byte) string {
	lines := strings.Split(strings.TrimSpace(tag.ReplaceAllString(string(body), "")), "\n")
	return strings.TrimRight(lines[len(lines)-1], "-> ")
}

func (s *Server) remember(c *call, a *answer) {
	done := Call{Service: c.service, Region: c.region, Role: s.roles.who(c.key), Operation: c.operation, Status: a.status}
	if a.status >= http.StatusBadRequest {
		done.Error = string(a.body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, done)
}
