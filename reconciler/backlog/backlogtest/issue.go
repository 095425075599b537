package backlogtest

import (
	"fmt"
	"net/http"
	"strconv"
)

// Issue is the current state of an issue.
type Issue struct {
	Key, Summary, Description string
	Status                    int // 1 open, 4 closed
	Comments                  []Comment
}

type issue struct {
	state Issue
	id    int
}

var statusNames = map[int]string{1: "Open", 2: "In Progress", 3: "Resolved", 4: "Closed"}

func (i *issue) toJSON() object {
	return object{
		"id": i.id, "projectId": projectID, "issueKey": i.state.Key, "summary": i.state.Summary, "description": i.state.Description,
		"status": object{"id": i.state.Status, "projectId": projectID, "name": statusNames[i.state.Status]},
	}
}

// Issues returns the issues.
func (s *Server) Issues() []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Issue
	for _, i := range s.issues {
		list = append(list, i.state)
	}
	return list
}

func (s *Server) postIssue(w http.ResponseWriter, r *http.Request) {
	f := r.Form
	if f.Get("projectId") != strconv.Itoa(projectID) || f.Get("summary") == "" || f.Get("issueTypeId") == "" || f.Get("priorityId") == "" {
		respondError(w, http.StatusBadRequest, "projectId, summary, issueTypeId and priorityId are required.", 7)
		return
	}
	i := &issue{id: s.nextID(), state: Issue{
		Key: fmt.Sprintf("%s-%d", Project, len(s.issues)+1), Summary: f.Get("summary"), Description: f.Get("description"), Status: 1,
	}}
	s.issues = append(s.issues, i)
	respondStatus(w, http.StatusCreated, i.toJSON())
}

// withIssue finds the issue of a request by key or id.
func (s *Server) withIssue(next func(http.ResponseWriter, *http.Request, *issue)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, i := range s.issues {
			if key := r.PathValue("key"); key == i.state.Key || key == strconv.Itoa(i.id) {
				next(w, r, i)
				return
			}
		}
		respondError(w, http.StatusNotFound, "No such issue.", 6)
	}
}

func (s *Server) getIssue(w http.ResponseWriter, _ *http.Request, i *issue) { respond(w, i.toJSON()) }

func (s *Server) patchIssue(w http.ResponseWriter, r *http.Request, i *issue) {
	if status := r.Form.Get("statusId"); status != "" {
		id, _ := strconv.Atoi(status)
		if statusNames[id] == "" {
			respondError(w, http.StatusBadRequest, "statusId is not known.", 7)
			return
		}
		i.state.Status = id
	}
	if r.Form.Get("comment") != "" {
		c := s.newComment(w, r, "comment")
		if c == nil {
			return
		}
		i.state.Comments = append(i.state.Comments, *c)
	}
	respond(w, i.toJSON())
}

func (s *Server) postIssueComment(w http.ResponseWriter, r *http.Request, i *issue) {
	if c := s.newComment(w, r, "content"); c != nil {
		i.state.Comments = append(i.state.Comments, *c)
		respondStatus(w, http.StatusCreated, c.toJSON())
	}
}
