package backlogtest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Kinds of webhooks.
const (
	ProjectHook = "project" // a JSON body, for each activity
	GitHook     = "git"     // a form with one field, payload, for each push
)

// Types of activities.
const (
	typePush    = 12
	typeAdded   = 18
	typeUpdated = 19
)

type hook struct{ kind, url string }

// message is what a hook is to be told.
type message struct {
	kind string
	body object
}

// Delivery is a webhook that was sent, with what was answered.
type Delivery struct {
	Kind, ContentType, Body string
	Status                  int // 0: it did not arrive
	Answer                  string
}

// Hook sends what happens from now on to a URL.
func (s *Server) Hook(kind, url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, hook{kind, url})
}

// Lose says whether webhooks are lost on their way.
func (s *Server) Lose(lose bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lose = lose
}

// Pushed tells Backlog what Git took by another way than Backlog's own: heads
// of pull requests follow, and webhooks are sent.
func (s *Server) Pushed() { s.deliver(s.pushed()) }

const zero = "0000000000000000000000000000000000000000"

func (s *Server) pushed() []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, now := s.branches, s.heads()
	s.branches = now
	refs := maps.Clone(before)
	maps.Copy(refs, now)
	var told []message
	for _, ref := range slices.Sorted(maps.Keys(refs)) {
		if before[ref] == now[ref] {
			continue
		}
		s.pushedAt = s.Now()
		for _, p := range s.pulls {
			if p.status == 1 && "refs/heads/"+p.branch == ref && now[ref] != "" {
				s.follow(p)
				p.updated = s.Now()
			}
		}
		told = append(told, s.push(ref, before[ref], now[ref])...)
	}
	return told
}

// push is what the two kinds of webhook say of a push. Of a deleted branch no
// payload was found: the Git webhook is taken to say zeros as Git does, and
// the project's to have a change_type of its own.
func (s *Server) push(ref, before, after string) []message {
	change := "update"
	revisions, commits := []object{}, []object{}
	switch {
	case after == "":
		change, after = "delete", zero
	case before == "":
		change, before = "create", zero
		fallthrough
	default:
		commit := s.bare("rev-parse", after+"^{commit}")
		subject := s.bare("log", "-1", "--format=%s", commit)
		revisions = append(revisions, object{"rev": commit, "comment": subject})
		commits = append(commits, object{
			"id": commit, "url": s.GitURL + "/commit/" + commit, "message": subject, "timestamp": "2026-01-01T00:00:00Z",
			"author": object{"email": "ann@example.com", "name": "Ann Author"},
		})
	}
	told := s.tell(typePush, object{
		"repository": object{"id": 60, "name": Repository, "description": nil}, "ref": ref,
		"change_type": change, "revision_type": "commit", "revision_count": len(revisions), "revisions": revisions,
	})
	return append(told, message{GitHook, object{
		"before": before, "after": after, "ref": ref, "revisions": commits,
		"repository": object{"url": strings.TrimSuffix(s.GitURL, ".git"), "name": Repository, "description": ""},
	}})
}

// content is what a project webhook says of a pull request.
func (p *pullRequest) content(changes []object) object {
	return object{
		"id": p.id, "number": p.number, "summary": p.summary, "description": "", "comment": nil, "changes": changes, "diff": nil,
		"base": p.base, "branch": p.branch, "repository": object{"id": 60, "name": Repository, "description": nil}, "assignee": nil, "issue": nil,
	}
}

// tell records an activity, which project webhooks are told of.
func (s *Server) tell(kind int, content object) []message {
	activity := object{
		"id": s.next(), "type": kind, "project": s.project(), "content": content, "notifications": []object{},
		"createdUser": userOf(PersonID), "created": stamp(s.Now()),
	}
	s.activities = append(s.activities, activity)
	return []message{{ProjectHook, activity}}
}

// deliver sends messages to the hooks of their kind, and waits for answers.
func (s *Server) deliver(messages []message) {
	s.mu.Lock()
	hooks, lose := slices.Clone(s.hooks), s.lose
	s.mu.Unlock()
	for _, m := range messages {
		for _, h := range hooks {
			if h.kind == m.kind && !lose {
				s.send(h.url, encode(m))
			}
		}
	}
}

func encode(m message) Delivery {
	body, _ := json.Marshal(m.body)
	if m.kind == GitHook {
		return Delivery{Kind: m.kind, ContentType: "application/x-www-form-urlencoded", Body: url.Values{"payload": {string(body)}}.Encode()}
	}
	return Delivery{Kind: m.kind, ContentType: "application/json", Body: string(body)}
}

func (s *Server) send(target string, d Delivery) {
	d.Status, d.Answer = 0, ""
	if response, err := s.client.Post(target, d.ContentType, bytes.NewBufferString(d.Body)); err == nil {
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		d.Status, d.Answer = response.StatusCode, string(body)
	}
	s.mu.Lock()
	s.deliveries = append(s.deliveries, d)
	s.mu.Unlock()
}

// Repeat sends the last webhook again, to the last hook.
func (s *Server) Repeat() {
	s.t.Helper()
	s.mu.Lock()
	hooks, sent := slices.Clone(s.hooks), slices.Clone(s.deliveries)
	s.mu.Unlock()
	if len(hooks) == 0 || len(sent) == 0 {
		s.t.Fatal("no webhook was sent yet")
	}
	s.send(hooks[len(hooks)-1].url, sent[len(sent)-1])
}

// Deliveries returns the webhooks that were sent since the last call.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.deliveries
	s.deliveries = nil
	return taken
}
