package roles

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Server gives credentials to the programs that have its environment, as ECS does to the
// containers of a task (AWS SDKs and Tools Reference Guide, "Container credential
// provider"). The SDKs ask it again before credentials end, so a program can work for
// longer than one session lasts. It listens on this machine's loopback interface alone.
type Server struct {
	address, token string
	get            func(context.Context) (Credentials, error)
	server         *http.Server
}

// readTimeout bounds the time in which a client sends its request.
const readTimeout = 10 * time.Second

// NewServer starts a Server that calls get for each request. Close must be called.
func NewServer(get func(context.Context) (Credentials, error)) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve credentials to Terraform: %w", err)
	}
	s := &Server{address: listener.Addr().String(), token: rand.Text(), get: get}
	s.server = &http.Server{Handler: s, ReadTimeout: readTimeout}
	go s.server.Serve(listener) //nolint:errcheck // it ends with Close
	return s, nil
}

// Environment returns the environment variables that lead an SDK to the server.
func (s *Server) Environment() map[string]string {
	return map[string]string{
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://" + s.address + "/credentials",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN":  s.token,
	}
}

// Close ends the server. What it has given out works until its end.
func (s *Server) Close() error { return s.server.Close() }

// ServeHTTP answers one request of an SDK.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(s.token)) != 1 {
		answer(w, http.StatusForbidden, refusal{"AccessDenied", "the request has not the token of the program that these credentials are for"})
		return
	}
	c, err := s.get(r.Context())
	if err != nil {
		answer(w, http.StatusInternalServerError, refusal{"AssumeRoleFailed", err.Error()})
		return
	}
	answer(w, http.StatusOK, map[string]string{
		"AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey, "Token": c.SessionToken,
		"Expiration": c.EndsAt.UTC().Format(time.RFC3339),
	})
}

// refusal is an error as the SDKs show it.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func answer(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(document) // the client may have gone
}
