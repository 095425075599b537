package webhook

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strconv"
	"strings"

	"reconcile/reconciler/backlog"
)

// ErrMalformed is returned for a body that is not a Backlog webhook.
var ErrMalformed = errors.New("not a Backlog webhook")

// formContentType is the content type of a Git webhook, with one field, payload.
const formContentType = "application/x-www-form-urlencoded"

// Parse parses the body of either kind of webhook.
func Parse(contentType string, body []byte) (Event, error) {
	payload := bytes.TrimSpace(body)
	if kind, _, _ := mime.ParseMediaType(contentType); kind == formContentType || bytes.HasPrefix(payload, []byte("payload=")) {
		values, err := url.ParseQuery(string(payload))
		if err == nil && values.Has("payload") {
			payload = bytes.TrimSpace([]byte(values.Get("payload")))
		}
	}
	var kind struct {
		Type  *lenientNumber `json:"type"`
		Ref   *lenientText   `json:"ref"`
		After *lenientText   `json:"after"`
	}
	if err := json.Unmarshal(payload, &kind); err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	var event Event
	var err error
	switch {
	case kind.Type != nil:
		event, err = parseProject(payload)
	case kind.Ref != nil || kind.After != nil:
		event, err = parseGit(payload)
	default:
		return Event{}, fmt.Errorf("%w: the body has neither type nor ref", ErrMalformed)
	}
	if err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if event.ID == "" {
		event.ID = fmt.Sprintf("body:%x", sha256.Sum256(payload))
	}
	return event, nil
}

// parseProject parses a project's webhook: an activity.
func parseProject(payload []byte) (Event, error) {
	var hook struct {
		ID      lenientNumber `json:"id"`
		Type    lenientNumber `json:"type"`
		Project struct {
			Key lenientText `json:"projectKey"`
		} `json:"project"`
		Content struct {
			Repository struct {
				Name lenientText `json:"name"`
			} `json:"repository"`
			Ref        lenientText   `json:"ref"`
			ChangeType lenientText   `json:"change_type"`
			Number     lenientNumber `json:"number"`
			Base       lenientText   `json:"base"`
			Changes    []struct {
				Field lenientText `json:"field"`
				New   lenientText `json:"new_value"`
			} `json:"changes"`
		} `json:"content"`
	}
	if err := json.Unmarshal(payload, &hook); err != nil {
		return Event{}, err
	}
	c := hook.Content
	e := Event{
		Type: backlog.ActivityType(hook.Type), Project: string(hook.Project.Key), Repository: string(c.Repository.Name),
		Ref: string(c.Ref), Number: int(c.Number), Base: string(c.Base),
		// Only the value "update" is documented.
		Deleted: strings.HasPrefix(string(c.ChangeType), "delete"),
		Merged:  backlog.ActivityType(hook.Type) == backlog.PullRequestMerged,
	}
	for _, change := range c.Changes {
		if change.Field == "status" && string(change.New) == strconv.Itoa(int(backlog.StatusMerged)) {
			e.Merged = true
		}
	}
	if hook.ID != 0 {
		e.ID = fmt.Sprintf("project:%d", hook.ID)
	}
	return e, nil
}

// parseGit parses a Git repository's webhook: a push.
func parseGit(payload []byte) (Event, error) {
	var hook struct {
		Before     lenientText `json:"before"`
		After      lenientText `json:"after"`
		Ref        lenientText `json:"ref"`
		Repository struct {
			URL  lenientText `json:"url"`
			Name lenientText `json:"name"`
		} `json:"repository"`
	}
	if err := json.Unmarshal(payload, &hook); err != nil {
		return Event{}, err
	}
	e := Event{
		Type: backlog.GitPushed, Repository: string(hook.Repository.Name), Ref: string(hook.Ref),
		Deleted: hook.After != "" && strings.Trim(string(hook.After), "0") == "",
	}
	if repo, err := backlog.RepoOf(string(hook.Repository.URL)); err == nil {
		e.Project = repo.Project
	}
	if hook.After != "" {
		// The ID includes before, because a push may set a branch back to an earlier
		// commit.
		e.ID = fmt.Sprintf("git:%s:%s:%s", hook.Ref, hook.Before, hook.After)
	}
	return e, nil
}
