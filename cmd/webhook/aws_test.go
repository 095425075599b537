package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// cloud stands in for the three calls that the function makes, as their API
// references describe them: CodeBuild's StartBuild, ECS's RunTask and Secrets
// Manager's GetSecretValue. Requests that repeat an idempotency token start
// nothing.
type cloud struct {
	url string

	mu      sync.Mutex
	secrets map[string]string
	started []map[string]any          // inputs that started something
	answers map[string]map[string]any // by token
	calls   int
	// Faults: an error code to answer with, and whether to say nothing.
	fault string
	hang  bool
	// run is called for each build or task that is started; nil: nothing is.
	run func(input map[string]any)
}

func startCloud(t testing.TB) *cloud {
	t.Helper()
	c := &cloud{secrets: map[string]string{secretARN: token}, answers: map[string]map[string]any{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	c.url = server.URL
	return c
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var input map[string]any
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &input) != nil || !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		refuse(w, "SerializationException", "not a signed request in JSON")
		return
	}
	c.mu.Lock()
	fault, hang := c.fault, c.hang
	c.mu.Unlock()
	switch target := r.Header.Get("X-Amz-Target"); {
	case target == "secretsmanager.GetSecretValue":
		c.secret(w, input)
	case hang:
		<-r.Context().Done()
	case fault != "":
		refuse(w, fault, "told to fail")
	case target == "CodeBuild_20161006.StartBuild":
		c.start(w, input, "idempotencyToken", func(n int) map[string]any {
			return map[string]any{"build": map[string]any{"id": fmt.Sprintf("%s:%d", input["projectName"], n), "buildStatus": "IN_PROGRESS"}}
		})
	case target == "AmazonEC2ContainerServiceV20141113.RunTask":
		c.start(w, input, "clientToken", func(n int) map[string]any {
			return map[string]any{"failures": []any{}, "tasks": []any{map[string]any{
				"taskArn": fmt.Sprintf("arn:aws:ecs:ap-northeast-1:123456789012:task/%s/%d", input["cluster"], n),
			}}}
		})
	default:
		refuse(w, "UnknownOperationException", target)
	}
}

// start starts something, unless the token was there before.
func (c *cloud) start(w http.ResponseWriter, input map[string]any, token string, answer func(n int) map[string]any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	key, _ := input[token].(string)
	if len(key) == 0 || len(key) > 64 {
		refuse(w, "InvalidInputException", "token")
		return
	}
	if c.answers[key] == nil {
		c.started = append(c.started, input)
		c.answers[key] = answer(len(c.started))
		if c.run != nil {
			go c.run(input)
		}
	}
	reply(w, http.StatusOK, c.answers[key])
}

func (c *cloud) secret(w http.ResponseWriter, input map[string]any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name, _ := input["SecretId"].(string)
	value, ok := c.secrets[name]
	if !ok {
		refuse(w, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT")
		return
	}
	reply(w, http.StatusOK, map[string]any{"ARN": name, "Name": name, "SecretString": value})
}

// starts returns what was started, and how often it was asked for.
func (c *cloud) starts() (started []map[string]any, calls int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started, c.calls
}

// set changes the cloud between calls.
func (c *cloud) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

func refuse(w http.ResponseWriter, code, message string) {
	reply(w, http.StatusBadRequest, map[string]any{"__type": code, "message": message})
}

func reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
