package backlogtest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

type object = map[string]any

const projectID = 40

func respond(w http.ResponseWriter, value any) { respondStatus(w, http.StatusOK, value) }

func respondStatus(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func respondError(w http.ResponseWriter, status int, message string, code int) {
	respondStatus(w, status, object{"errors": []object{{"message": message, "code": code, "moreInfo": ""}}})
}

func timestamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func userOf(id int) object {
	name := map[int]string{BotID: "reconcile", PersonID: "Ann Author", ApproverID: "Bob Approver"}[id]
	return object{"id": id, "userId": nil, "name": name, "roleType": 2, "lang": "ja", "mailAddress": nil, "nulabAccount": nil}
}

// nextID returns a new id. Everything shares one counter, because ids of activities must
// increase.
func (s *Server) nextID() int {
	s.ids++
	return s.ids
}

func (s *Server) getSpace(w http.ResponseWriter, _ *http.Request) {
	respond(w, object{
		"spaceKey": "example", "name": "Example", "ownerId": 1, "lang": "ja", "timezone": "Asia/Tokyo",
		"reportSendTime": "18:00:00", "textFormattingRule": s.Format, "created": "2020-01-01T00:00:00Z", "updated": "2020-01-01T00:00:00Z",
	})
}

func (s *Server) getMyself(w http.ResponseWriter, _ *http.Request) { respond(w, userOf(BotID)) }

func (s *Server) project() object {
	return object{
		"id": projectID, "projectKey": Project, "name": "Infrastructure", "chartEnabled": false,
		"subtaskingEnabled": false, "textFormattingRule": s.Format, "archived": false,
	}
}

func (s *Server) getProject(w http.ResponseWriter, _ *http.Request) { respond(w, s.project()) }

func (s *Server) getIssueTypes(w http.ResponseWriter, _ *http.Request) {
	respond(w, []object{
		{"id": 501, "projectId": projectID, "name": "Task", "color": "#7ea800", "displayOrder": 0},
		{"id": 502, "projectId": projectID, "name": "Bug", "color": "#990000", "displayOrder": 1},
	})
}

func (s *Server) getStatuses(w http.ResponseWriter, _ *http.Request) {
	respond(w, []object{
		{"id": 1, "projectId": projectID, "name": "Open", "color": "#ed8077", "displayOrder": 1000},
		{"id": 2, "projectId": projectID, "name": "In Progress", "color": "#4488c5", "displayOrder": 2000},
		{"id": 3, "projectId": projectID, "name": "Resolved", "color": "#5eb5a6", "displayOrder": 3000},
		{"id": 4, "projectId": projectID, "name": "Closed", "color": "#a1af2f", "displayOrder": 4000},
	})
}

func (s *Server) getPriorities(w http.ResponseWriter, _ *http.Request) {
	respond(w, []object{{"id": 2, "name": "High"}, {"id": 3, "name": "Normal"}, {"id": 4, "name": "Low"}})
}

func (s *Server) getActivities(w http.ResponseWriter, r *http.Request) {
	types := map[string]bool{}
	for _, t := range r.Form["activityTypeId[]"] {
		types[t] = true
	}
	minID, _ := strconv.Atoi(r.Form.Get("minId"))
	list := []object{}
	for i := len(s.activities) - 1; i >= 0 && len(list) < requestedCount(r); i-- {
		a := s.activities[i]
		if a["id"].(int) >= minID && (len(types) == 0 || types[strconv.Itoa(a["type"].(int))]) {
			list = append(list, a)
		}
	}
	respond(w, list)
}

// requestedCount returns the number of list elements that a request wants.
func requestedCount(r *http.Request) int {
	n, err := strconv.Atoi(r.Form.Get("count"))
	if err != nil || n < 1 {
		return 20
	}
	return min(n, 100)
}

func (s *Server) repository() object {
	return object{
		"id": 60, "projectId": projectID, "name": Repository, "description": "", "hookUrl": nil,
		"httpUrl": s.GitURL, "sshUrl": "example@example.git.backlog.com:/" + Project + "/" + Repository + ".git",
		"displayOrder": 0, "pushedAt": timestamp(s.pushedAt), "created": "2020-01-01T00:00:00Z", "updated": "2020-01-01T00:00:00Z",
	}
}

func (s *Server) getRepositories(w http.ResponseWriter, _ *http.Request) {
	respond(w, []object{s.repository()})
}

func (s *Server) getRepository(w http.ResponseWriter, _ *http.Request) { respond(w, s.repository()) }
