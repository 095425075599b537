// Package backlogtest is a Backlog for tests: a space with one project and
// one Git repository, which is a real one. It answers the REST API, serves the
// repository over HTTP with refs/pull/N/head, and sends webhooks. What it
// knows is written from Nulab's documentation
// (https://developer.nulab.com/docs/backlog/) and the payloads that Nulab's
// help pages and clients show; what is not known there is said in place.
package backlogtest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reconcile/reconciler/source/gittest"
)

// What the space has. A user who is not the key's is a person.
const (
	Project    = "INFRA"
	Repository = "estate"
	APIKey     = "s3cret-api-key"
	Token      = "s3cret-oauth-token"
	BotID      = 7
	PersonID   = 8
)

// Server is a Backlog. Its fields may be changed between requests.
type Server struct {
	URL    string // of the space
	GitURL string // of the repository, without credentials
	// Git asks for user name and password if it has them; its faults are
	// those of Git alone.
	Git  *gittest.HTTP
	Repo *gittest.Repo
	// Format is the project's text formatting rule: markdown or backlog.
	Format string
	// Fault may answer a request to the API in the server's place.
	Fault gittest.Fault
	// ReadLimit and UpdateLimit are requests in a minute.
	ReadLimit, UpdateLimit int
	Now                    func() time.Time

	t      testing.TB
	client *http.Client // delivers webhooks

	mu           sync.Mutex
	requests     []Request
	usedRequests map[string]int // by kind of request, in this minute
	minute       time.Time
	ids          int
	pushedAt     time.Time
	branches     map[string]string // as of the last push that was told
	pullRequests []*pullRequest
	issues       []*issue
	activities   []map[string]any
	hooks        []hook
	deliveries   []Delivery
	dropWebhooks bool
}

// Request is a request to the API as it was received. The key is left out.
type Request struct {
	Method, Path string // the path is below /api/v2
	Form         map[string][]string
}

// Start serves the repository as Backlog would, until the test ends.
func Start(t testing.TB, repo *gittest.Repo) *Server {
	t.Helper()
	s := &Server{
		Repo: repo, Git: gittest.NewHandler(t, repo), Format: "markdown",
		ReadLimit: 600, UpdateLimit: 150, Now: time.Now,
		t: t, ids: 1000, usedRequests: map[string]int{}, client: &http.Client{Timeout: 30 * time.Second},
	}
	s.branches = s.branchHeads()
	mux := http.NewServeMux()
	mux.Handle("/api/v2/", http.StripPrefix("/api/v2", s.apiHandler()))
	mux.Handle("/git/"+Project+"/"+Repository+".git/", s.gitHandler())
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	s.URL = server.URL
	s.GitURL = s.URL + "/git/" + Project + "/" + Repository + ".git"
	s.Git.URL = s.GitURL
	return s
}

// Requests returns the requests to the API since the last call.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := s.requests
	s.requests = nil
	return requests
}

// apiHandler answers requests below /api/v2, one after another.
func (s *Server) apiHandler() http.Handler {
	mux := http.NewServeMux()
	for pattern, handler := range s.routes() {
		mux.HandleFunc(pattern, handler)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		respondError(w, http.StatusNotFound, "Undefined resource.", 5)
	})
	var n int
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ParseForm() != nil {
			respondError(w, http.StatusBadRequest, "Invalid form.", 7)
			return
		}
		key := r.Form.Get("apiKey")
		r.Form.Del("apiKey")
		s.mu.Lock()
		n++
		count := n
		s.requests = append(s.requests, Request{r.Method, r.URL.Path, r.Form})
		s.mu.Unlock()
		if s.Fault != nil && s.Fault(w, r, count) {
			return
		}
		switch {
		case strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "):
			if r.Header.Get("Authorization") != "Bearer "+Token {
				// An OAuth failure has no errors in its body.
				w.Header().Set("WWW-Authenticate", `Bearer realm="example", error="invalid_token"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
		case key != APIKey:
			respondError(w, http.StatusUnauthorized, "Authentication failure.", 11)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.enforceLimit(w, r) {
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (s *Server) routes() map[string]http.HandlerFunc {
	const repository = "/projects/{project}/git/repositories/{repository}"
	const pull = repository + "/pullRequests/{number}"
	return map[string]http.HandlerFunc{
		"GET /space":                               s.getSpace,
		"GET /users/myself":                        s.getMyself,
		"GET /rateLimit":                           s.getRateLimit,
		"GET /projects/{project}":                  s.withProject(s.getProject),
		"GET /projects/{project}/issueTypes":       s.withProject(s.getIssueTypes),
		"GET /projects/{project}/activities":       s.withProject(s.getActivities),
		"GET /projects/{project}/git/repositories": s.withProject(s.getRepositories),
		"GET " + repository:                        s.withProject(s.getRepository),
		"GET " + repository + "/pullRequests":      s.withProject(s.getPullRequests),
		"GET " + pull:                              s.withPullRequest(s.getPullRequest),
		"GET " + pull + "/comments":                s.withPullRequest(s.getComments),
		"POST " + pull + "/comments":               s.withPullRequest(s.postComment),
		"PATCH " + pull + "/comments/{id}":         s.withPullRequest(s.patchComment),
		"POST /issues":                             s.postIssue,
		"GET /issues/{key}":                        s.withIssue(s.getIssue),
		"PATCH /issues/{key}":                      s.withIssue(s.patchIssue),
		"POST /issues/{key}/comments":              s.withIssue(s.postIssueComment),
	}
}

// withProject lets requests for the project and the repository alone through.
func (s *Server) withProject(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("project") != Project || !slices.Contains([]string{"", Repository}, r.PathValue("repository")) {
			respondError(w, http.StatusNotFound, "No such project or repository.", 6)
			return
		}
		next(w, r)
	}
}

// gitHandler serves the repository by the path that Backlog gives it.
func (s *Server) gitHandler() http.Handler {
	dir := "/" + s.Repo.Name()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = dir + strings.TrimPrefix(r.URL.Path, "/git/"+Project+"/"+Repository+".git")
		s.Git.ServeHTTP(w, r)
	})
}
