// Package awsfake fakes the AWS services that the programs call and that have no
// emulator here: CodeBuild and ECS, which run a function of the test, Secrets Manager,
// the parameters of Systems Manager, and the alarms of CloudWatch (alarms.go). It follows their API references: CodeBuild 2016-10-06,
// ECS 2014-11-13, Secrets Manager 2017-10-17, Systems Manager 2014-11-06, all in AWS's JSON
// protocol 1.1.
package awsfake

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Server is the fake of all these services.
type Server struct {
	URL string

	run func(Job) error

	mu              sync.Mutex
	secrets         map[string]string
	parameters      map[string]string
	writers         []string    // roles that may write parameters
	jobs            []*jobState // in order of start
	startCalls      int         // calls that asked for a start
	errorCode       string
	neverAnswer     bool
	statusFailures  int    // status calls that still fail
	statusErrorCode string // with this error code; "": with HTTP status 500

	alarms          map[string]string // states, by ARN
	alarmsErrorCode string            // refuses every call to CloudWatch
}

// Start serves until the test ends. Each build or task calls run in its own goroutine;
// an error of run is a failed build.
func Start(t testing.TB, run func(Job) error) *Server {
	t.Helper()
	c := &Server{run: run, secrets: map[string]string{}, parameters: map[string]string{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	c.URL = server.URL
	return c
}

// SetSecret sets the value of a secret; "" removes the secret.
func (c *Server) SetSecret(name, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.secrets[name] = value; value == "" {
		delete(c.secrets, name)
	}
}

// SetParameter sets the value of a parameter.
func (c *Server) SetParameter(name, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parameters[name] = value
}

// LetWrite lets a role write parameters. The access key of its session ends in its name.
func (c *Server) LetWrite(role string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writers = append(c.writers, role)
}

// Fail makes CodeBuild and ECS refuse every start with an error code of their
// references; "" ends that.
func (c *Server) Fail(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errorCode = code
}

// FailStatus makes CodeBuild and ECS refuse the next n status calls with an error code
// of their references; "": with HTTP status 500.
func (c *Server) FailStatus(n int, code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statusFailures, c.statusErrorCode = n, code
}

// refuseStatus refuses a status call if FailStatus asked for it.
func (c *Server) refuseStatus(w http.ResponseWriter) (refused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.statusFailures == 0 {
		return false
	}
	c.statusFailures--
	if c.statusErrorCode == "" {
		writeReply(w, http.StatusInternalServerError, object{"__type": "ServerException", "message": "failure set by the test"})
	} else {
		writeError(w, c.statusErrorCode, "failure set by the test")
	}
	return true
}

// NeverAnswer sets whether CodeBuild and ECS leave start calls without an answer.
func (c *Server) NeverAnswer(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.neverAnswer = on
}

// StartedJobs returns the started jobs and the number of start calls.
func (c *Server) StartedJobs() (jobs []Job, calls int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.jobs {
		jobs = append(jobs, w.job)
	}
	return jobs, c.startCalls
}

// ServeHTTP implements http.Handler.
func (c *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller has disconnected
	}
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	answer, ok := map[string]func(http.ResponseWriter, *http.Request, []byte){
		"StartBuild": c.startBuild, "BatchGetBuilds": c.batchGetBuilds,
		"RunTask": c.runTask, "DescribeTasks": c.describeTasks,
		"GetSecretValue": c.getSecretValue, "GetParameter": c.getParameter, "PutParameter": c.putParameter,
	}[action]
	switch {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "):
		writeError(w, "IncompleteSignatureException", "the request is not signed")
	case strings.HasPrefix(r.URL.Path, cborPath):
		c.serveAlarms(w, r, body)
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

func (c *Server) getParameter(w http.ResponseWriter, _ *http.Request, body []byte) {
	var in struct{ Name string }
	if !decode(w, body, &in) {
		return
	}
	c.mu.Lock()
	value, ok := c.parameters[in.Name]
	c.mu.Unlock()
	if !ok {
		writeError(w, "ParameterNotFound", "")
		return
	}
	writeReply(w, http.StatusOK, object{"Parameter": object{"Name": in.Name, "Type": "String", "Value": value, "Version": 1}})
}

// putParameter checks the permission before anything else, as AWS does, and refuses what
// exists.
func (c *Server) putParameter(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		Name, Value string
		Overwrite   bool
	}
	if !decode(w, body, &in) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key, _, _ := strings.Cut(r.Header.Get("Authorization"), "/")
	isOf := func(role string) bool { return strings.HasSuffix(key, "ROLE-"+role) }
	_, exists := c.parameters[in.Name]
	switch {
	case !slices.ContainsFunc(c.writers, isOf):
		writeError(w, "AccessDeniedException", "User is not authorized to perform: ssm:PutParameter on resource: "+in.Name)
	case exists && !in.Overwrite:
		writeError(w, "ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	default:
		c.parameters[in.Name] = in.Value
		writeReply(w, http.StatusOK, object{"Version": 1})
	}
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
