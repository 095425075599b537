// Package backlogtest is a fake Backlog for tests: a space with one project and one real
// Git repository. It implements the REST API, serves the repository over HTTP with
// refs/pull/N/head, and sends webhooks. Its behaviour follows Nulab's documentation
// (https://developer.nulab.com/docs/backlog/) and the payloads in Nulab's help pages and
// clients. Comments mark what is not documented there.
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

// The content of the space. A user other than the key's is a person.
const (
	Project    = "INFRA"
	Repository = "estate"
	APIKey     = "s3cret-api-key"
	Token      = "s3cret-oauth-token"
	BotID      = 7
	PersonID   = 8 // opens the pull requests
	ApproverID = 9 // another person
)

// Server is a fake Backlog. Its fields may be changed between requests.
type Server struct {
	URL    string // of the space
	GitURL string // of the repository, without credentials
	// Git requires the user name and password, if set. Its faults affect only Git.
	Git  *gittest.HTTP
	Repo *gittest.Repo
	// Format is the project's text formatting rule: markdown or backlog.
	Format string
	// Fault may respond to an API request instead of the server.
	Fault gittest.Fault
	// ReadLimit and UpdateLimit are the requests allowed in a minute.
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
	branches     map[string]string // as of the last reported push
	pullRequests []*pullRequest
	issues       []*issue
	activities   []map[string]any
	hooks        []hook
	deliveries   []Delivery
	dropWebhooks bool
}

// Request is a received API request without its key.
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

// Requests returns the API requests since the last call.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := s.requests
	s.requests = nil
	return requests
}

// apiHandler handles requests below /api/v2, one at a time.
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
		"GET /projects/{project}/statuses":         s.withProject(s.getStatuses),
		"GET /priorities":                          s.getPriorities,
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

// withProject passes only requests for the project and the repository.
func (s *Server) withProject(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("project") != Project || !slices.Contains([]string{"", Repository}, r.PathValue("repository")) {
			respondError(w, http.StatusNotFound, "No such project or repository.", 6)
			return
		}
		next(w, r)
	}
}

// gitHandler serves the repository at Backlog's path.
func (s *Server) gitHandler() http.Handler {
	dir := "/" + s.Repo.Name()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = dir + strings.TrimPrefix(r.URL.Path, "/git/"+Project+"/"+Repository+".git")
		s.Git.ServeHTTP(w, r)
	})
}
