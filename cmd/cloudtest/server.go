// Package cloudtest stands for the services of AWS that the programs call and
// that have no emulator here: CodeBuild and ECS, which run whatever a test
// says, and Secrets Manager. Written from their API references: CodeBuild
// 2016-10-06, ECS 2014-11-13, Secrets Manager 2017-10-17, all in AWS's JSON
// protocol 1.1.
package cloudtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Server answers the calls.
type Server struct {
	URL string

	run func(Job) error

	mu              sync.Mutex
	secrets         map[string]string
	jobs            []*jobState // in the order in which they were started
	startCalls      int         // that asked for one
	errorCode       string
	neverAnswer     bool
	statusFailures  int    // how many questions for a build or a task are still refused
	statusErrorCode string // with this code; "": with a status of 500
}

// Start serves until the test ends. run is what a build or a task does, in a
// goroutine of its own; an error of it is a failed build.
func Start(t testing.TB, run func(Job) error) *Server {
	t.Helper()
	c := &Server{run: run, secrets: map[string]string{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	c.URL = server.URL
	return c
}

// SetSecret puts a value into a secret; "" removes it.
func (c *Server) SetSecret(name, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.secrets[name] = value; value == "" {
		delete(c.secrets, name)
	}
}

// Fail makes CodeBuild and ECS refuse to start anything, with an error code of
// their references; "" ends that.
func (c *Server) Fail(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errorCode = code
}

// FailStatus has CodeBuild and ECS refuse the next n questions for what was
// started, with an error code of their references, or with a status of 500.
func (c *Server) FailStatus(n int, code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statusFailures, c.statusErrorCode = n, code
}

// refuseStatus refuses a question for what was started, if it was told to.
func (c *Server) refuseStatus(w http.ResponseWriter) (refused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.statusFailures == 0 {
		return false
	}
	c.statusFailures--
	if c.statusErrorCode == "" {
		writeReply(w, http.StatusInternalServerError, object{"__type": "ServerException", "message": "told to fail"})
	} else {
		writeError(w, c.statusErrorCode, "told to fail")
	}
	return true
}

// NeverAnswer says whether CodeBuild and ECS say nothing when they are to start
// something.
func (c *Server) NeverAnswer(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.neverAnswer = on
}

// StartedJobs returns what was started, and how many calls asked for something.
func (c *Server) StartedJobs() (jobs []Job, calls int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.jobs {
		jobs = append(jobs, w.Job)
	}
	return jobs, c.startCalls
}

// ServeHTTP answers a call.
func (c *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller is gone
	}
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	answer, ok := map[string]func(http.ResponseWriter, *http.Request, []byte){
		"StartBuild": c.startBuild, "BatchGetBuilds": c.batchGetBuilds,
		"RunTask": c.runTask, "DescribeTasks": c.describeTasks,
		"GetSecretValue": c.getSecretValue,
	}[action]
	switch {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "):
		writeError(w, "IncompleteSignatureException", "the request is not signed")
	case !ok:
		writeError(w, "UnknownOperationException", action)
	default:
		answer(w, r, body)
	}
}

func (c *Server) getSecretValue(w http.ResponseWriter, _ *http.Request, body []byte) {
	var in struct{ SecretId string }
	if !decode(w, body, &in) {
		return
	}
	c.mu.Lock()
	value, ok := c.secrets[in.SecretId]
	c.mu.Unlock()
	if !ok {
		writeError(w, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
		return
	}
	writeReply(w, http.StatusOK, object{"Name": in.SecretId, "SecretString": value})
}

type object = map[string]any

func decode(w http.ResponseWriter, body []byte, in any) bool {
	if err := json.Unmarshal(body, in); err != nil {
		writeError(w, "SerializationException", err.Error())
		return false
	}
	return true
}

func writeError(w http.ResponseWriter, code, message string) {
	writeReply(w, http.StatusBadRequest, object{"__type": code, "message": message})
}

func writeReply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
