package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// gateway is what API Gateway does between a caller and a function, as AWS
// documents it; its events are the samples of the documentation with this
// API's values in them.
type gateway struct {
	t        testing.TB
	kind     string // rest, http-1.0 or http-2.0
	function *emulator
	sourceIP string // the caller's address
}

// limits of API Gateway
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
const (
	maxBody = 10 << 20
	maxWait = 29 * time.Second
)

// serve serves the gateway, and returns the URL of the webhook.
func (g *gateway) serve() string {
	server := httptest.NewServer(g)
	g.t.Cleanup(server.Close)
	return server.URL + "/hook/" + token
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if len(body) > maxBody {
		http.Error(w, `{"message":"Request Entity Too Large"}`, http.StatusRequestEntityTooLarge)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxWait)
	defer cancel()
	out, err := g.function.invoke(ctx, g.newEvent(r, body))
	var answer struct {
		StatusCode      int
		Headers         map[string]string
		Body            string
		IsBase64Encoded bool
	}
	switch {
	case err == errTooLarge:
		http.Error(w, `{"message":"Request Too Long"}`, http.StatusRequestEntityTooLarge)
		return
	case ctx.Err() != nil:
		http.Error(w, `{"message":"Endpoint request timed out"}`, http.StatusGatewayTimeout)
		return
	case err != nil || json.Unmarshal(out, &answer) != nil || answer.StatusCode == 0 || answer.IsBase64Encoded:
		g.t.Logf("the function: %v %s\n%s", err, out, g.function.log)
		http.Error(w, `{"message":"Internal server error"}`, http.StatusBadGateway)
		return
	}
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.WriteString(w, answer.Body)
}

type object = map[string]any

// newEvent makes a function's event of a request.
func (g *gateway) newEvent(r *http.Request, body []byte) []byte {
	text, err := os.ReadFile(filepath.Join("testdata", g.kind+".json"))
	var e object
	if err == nil {
		err = json.Unmarshal(text, &e)
	}
	if err != nil {
		panic(err)
	}
	from := g.sourceIP
	if from == "" {
		from, _, _ = net.SplitHostPort(r.RemoteAddr)
	}
	requestContext := e["requestContext"].(object)
	client := requestContext["identity"]
	if g.kind == "http-2.0" {
		client = requestContext["http"]
		client.(object)["method"] = r.Method
	}
	client.(object)["sourceIp"] = from
	for _, field := range []string{"httpMethod", "path", "rawPath"} {
		if _, ok := e[field]; ok {
			e[field] = map[bool]string{true: r.Method, false: r.URL.Path}[field == "httpMethod"]
		}
	}
	headers := e["headers"].(object)
	for name := range r.Header {
		if g.kind == "http-2.0" {
			headers[strings.ToLower(name)] = r.Header.Get(name)
		} else {
			headers[name] = r.Header.Get(name)
		}
	}
	if value, ok := strings.CutPrefix(r.URL.Path, "/hook/"); ok {
		e["pathParameters"] = object{"token": value}
	}
	query := object{}
	for name := range r.URL.Query() {
		query[name] = r.URL.Query().Get(name)
	}
	if len(query) > 0 {
		e["queryStringParameters"] = query
	}
	e["body"] = string(body)
	if g.isBinary(r.Header.Get("Content-Type")) {
		e["body"], e["isBase64Encoded"] = base64.StdEncoding.EncodeToString(body), true
	}
	event, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return event
}

// isBinary: an HTTP API takes what is neither text nor JSON, XML or JavaScript
// for binary; a REST API what it was told to, which is nothing here.
func (g *gateway) isBinary(contentType string) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	return g.kind != "rest" && !strings.HasPrefix(kind, "text/") &&
		!slices.Contains([]string{"application/json", "application/javascript", "application/xml"}, kind)
}
