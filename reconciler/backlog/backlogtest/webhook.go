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

// message is the content for one kind of webhook.
type message struct {
	kind string
	body object
}

// Delivery is a sent webhook with its response.
type Delivery struct {
	Kind, ContentType, Body string
	Status                  int // 0: not delivered
	Response                string
}

// AddWebhook sends all later events to a URL.
func (s *Server) AddWebhook(kind, url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, hook{kind, url})
}

// SetDropWebhooks sets whether webhooks are lost.
func (s *Server) SetDropWebhooks(drop bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropWebhooks = drop
}

// NotifyPush reports pushes to Git that did not go through Backlog: it updates heads of
// pull requests and sends webhooks.
func (s *Server) NotifyPush() { s.deliver(s.detectPushes()) }

const zeroCommit = "0000000000000000000000000000000000000000"

func (s *Server) detectPushes() []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, now := s.branches, s.branchHeads()
	s.branches = now
	refs := maps.Clone(before)
	maps.Copy(refs, now)
	var messages []message
	for _, ref := range slices.Sorted(maps.Keys(refs)) {
		if before[ref] == now[ref] {
			continue
		}
		s.pushedAt = s.Now()
		for _, p := range s.pullRequests {
			if p.status == 1 && "refs/heads/"+p.branch == ref && now[ref] != "" {
				s.updateHead(p)
				p.updated = s.Now()
			}
		}
		messages = append(messages, s.pushMessages(ref, before[ref], now[ref])...)
	}
	return messages
}

// pushMessages returns the messages of both kinds of webhook for a push. No payload of a
// deleted branch is documented. The Git webhook is assumed to send zeros as Git does, and
// the project webhook to have its own change_type.
func (s *Server) pushMessages(ref, before, after string) []message {
	change := "update"
	revisions, commits := []object{}, []object{}
	switch {
	case after == "":
		change, after = "delete", zeroCommit
	case before == "":
		change, before = "create", zeroCommit
		fallthrough
	default:
		commit := s.runGit("rev-parse", after+"^{commit}")
		subject := s.runGit("log", "-1", "--format=%s", commit)
		revisions = append(revisions, object{"rev": commit, "comment": subject})
		commits = append(commits, object{
			"id": commit, "url": s.GitURL + "/commit/" + commit, "message": subject, "timestamp": "2026-01-01T00:00:00Z",
			"author": object{"email": "ann@example.com", "name": "Ann Author"},
		})
	}
	messages := s.recordActivity(typePush, object{
		"repository": object{"id": 60, "name": Repository, "description": nil}, "ref": ref,
		"change_type": change, "revision_type": "commit", "revision_count": len(revisions), "revisions": revisions,
	})
	return append(messages, message{GitHook, object{
		"before": before, "after": after, "ref": ref, "revisions": commits,
		"repository": object{"url": strings.TrimSuffix(s.GitURL, ".git"), "name": Repository, "description": ""},
	}})
}

// activityContent returns the content of a project webhook about a pull request.
func (p *pullRequest) activityContent(changes []object) object {
	return object{
		"id": p.id, "number": p.number, "summary": p.summary, "description": "", "comment": nil, "changes": changes, "diff": nil,
		"base": p.base, "branch": p.branch, "repository": object{"id": 60, "name": Repository, "description": nil}, "assignee": nil, "issue": nil,
	}
}

// recordActivity records an activity, and returns the messages to project webhooks.
func (s *Server) recordActivity(kind int, content object) []message {
	activity := object{
		"id": s.nextID(), "type": kind, "project": s.project(), "content": content, "notifications": []object{},
		"createdUser": userOf(PersonID), "created": timestamp(s.Now()),
	}
	s.activities = append(s.activities, activity)
	return []message{{ProjectHook, activity}}
}

// deliver sends messages to the webhooks of their kind, and waits for the responses.
func (s *Server) deliver(messages []message) {
	s.mu.Lock()
	hooks, drop := slices.Clone(s.hooks), s.dropWebhooks
	s.mu.Unlock()
	for _, m := range messages {
		for _, h := range hooks {
			if h.kind == m.kind && !drop {
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
	d.Status, d.Response = 0, ""
	if response, err := s.client.Post(target, d.ContentType, bytes.NewBufferString(d.Body)); err == nil {
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		d.Status, d.Response = response.StatusCode, string(body)
	}
	s.mu.Lock()
	s.deliveries = append(s.deliveries, d)
	s.mu.Unlock()
}

// RepeatLastDelivery sends the last webhook again, to the last hook.
func (s *Server) RepeatLastDelivery() {
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
	deliveries := s.deliveries
	s.deliveries = nil
	return deliveries
}
