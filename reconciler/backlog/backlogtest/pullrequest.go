package backlogtest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"reconcile/reconciler/source/gittest"
)

type pullRequest struct {
	id, number                            int
	summary, base, branch                 string
	status                                int // 1 open, 2 closed, 3 merged
	baseCommit, branchCommit, mergeCommit string
	created, updated, closedAt, mergedAt  time.Time
	comments                              []*Comment
}

func (p *pullRequest) toJSON() object {
	null := func(text string) any {
		if text == "" {
			return nil
		}
		return text
	}
	return object{
		"id": p.id, "projectId": projectID, "repositoryId": 60, "number": p.number, "summary": p.summary, "description": "",
		"base": p.base, "branch": p.branch, "assignee": nil, "issue": nil,
		"status":     object{"id": p.status, "name": map[int]string{1: "Open", 2: "Closed", 3: "Merged"}[p.status]},
		"baseCommit": null(p.baseCommit), "branchCommit": null(p.branchCommit), "mergeCommit": null(p.mergeCommit),
		"closeAt": timestamp(p.closedAt), "mergeAt": timestamp(p.mergedAt),
		"createdUser": userOf(PersonID), "created": timestamp(p.created), "updatedUser": userOf(PersonID), "updated": timestamp(p.updated),
		"attachments": []object{}, "stars": []object{},
	}
}

// OpenPullRequest opens a pull request from a pushed branch into main, and returns its
// number.
func (s *Server) OpenPullRequest(branch, summary string) int {
	s.t.Helper()
	number, messages := s.openPullRequest(branch, summary)
	s.deliver(messages)
	return number
}

func (s *Server) openPullRequest(branch, summary string) (number int, messages []message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &pullRequest{
		id: s.nextID(), number: len(s.pullRequests) + 1, summary: summary, base: "main", branch: branch, status: 1,
		created: s.Now(), updated: s.Now(),
	}
	s.pullRequests = append(s.pullRequests, p)
	s.updateHead(p)
	return p.number, s.recordActivity(typeAdded, p.activityContent(nil))
}

// updateHead moves refs/pull/N/head to the branch.
func (s *Server) updateHead(p *pullRequest) {
	s.runGit("update-ref", fmt.Sprintf("refs/pull/%d/head", p.number), "refs/heads/"+p.branch)
}

// Merge merges a pull request by a merge commit, as Backlog does, and returns the commit. A
// conflict fails the test.
func (s *Server) Merge(number int) string {
	s.t.Helper()
	commit, messages := s.mergePullRequest(number)
	s.deliver(append(s.detectPushes(), messages...))
	return commit
}

func (s *Server) mergePullRequest(number int) (commit string, messages []message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.findPullRequest(number)
	p.baseCommit = s.runGit("rev-parse", "refs/heads/"+p.base)
	p.branchCommit = s.runGit("rev-parse", "refs/heads/"+p.branch)
	tree := s.runGit("merge-tree", "--write-tree", p.baseCommit, p.branchCommit)
	message := fmt.Sprintf("Merge pull request #%d %s into %s", number, p.branch, p.base)
	p.mergeCommit = s.runGit("commit-tree", tree, "-p", p.baseCommit, "-p", p.branchCommit, "-m", message)
	s.runGit("update-ref", "refs/heads/"+p.base, p.mergeCommit)
	p.mergedAt = s.Now()
	return p.mergeCommit, s.setStatus(p, 3)
}

// ClosePullRequest closes a pull request without a merge.
func (s *Server) ClosePullRequest(number int) {
	s.deliver(s.closePullRequest(number))
}

func (s *Server) closePullRequest(number int) []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.setStatus(s.findPullRequest(number), 2)
}

func (s *Server) setStatus(p *pullRequest, status int) []message {
	old := p.status
	p.status, p.closedAt, p.updated = status, s.Now(), s.Now()
	return s.recordActivity(typeUpdated, p.activityContent([]object{{
		"field": "status", "old_value": strconv.Itoa(old), "new_value": strconv.Itoa(status),
	}}))
}

// findPullRequest returns a pull request; a missing one fails the test.
func (s *Server) findPullRequest(number int) *pullRequest {
	s.t.Helper()
	if number < 1 || number > len(s.pullRequests) {
		s.t.Fatalf("there is no pull request %d", number)
	}
	return s.pullRequests[number-1]
}

func (s *Server) runGit(args ...string) string {
	s.t.Helper()
	return gittest.Git(s.t, s.Repo.Dir, args...)
}

func (s *Server) withPullRequest(next func(http.ResponseWriter, *http.Request, *pullRequest)) http.HandlerFunc {
	return s.withProject(func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.Atoi(r.PathValue("number"))
		if err != nil || number < 1 || number > len(s.pullRequests) {
			respondError(w, http.StatusNotFound, "No such pull request.", 6)
			return
		}
		next(w, r, s.pullRequests[number-1])
	})
}

func (s *Server) getPullRequest(w http.ResponseWriter, _ *http.Request, p *pullRequest) {
	respond(w, p.toJSON())
}

// getPullRequests lists the newest first, in pages by offset.
func (s *Server) getPullRequests(w http.ResponseWriter, r *http.Request) {
	statuses := r.Form["statusId[]"]
	offset, _ := strconv.Atoi(r.Form.Get("offset"))
	list := []object{}
	for _, p := range slices.Backward(s.pullRequests) {
		if len(statuses) > 0 && !slices.Contains(statuses, strconv.Itoa(p.status)) {
			continue
		}
		if offset > 0 {
			offset--
		} else if len(list) < requestedCount(r) {
			list = append(list, p.toJSON())
		}
	}
	respond(w, list)
}

// branchHeads returns the branches with their commits.
func (s *Server) branchHeads() map[string]string {
	heads := map[string]string{}
	for _, line := range strings.Split(s.runGit("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags"), "\n") {
		if ref, commit, ok := strings.Cut(line, " "); ok {
			heads[ref] = commit
		}
	}
	return heads
}
