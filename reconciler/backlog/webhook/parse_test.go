package webhook_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"reconcile/reconciler/backlog"
	"reconcile/reconciler/backlog/webhook"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
	zeros    = "0000000000000000000000000000000000000000"
)

func sample(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestParse(t *testing.T) {
	t.Parallel()
	gitPush := sample(t, "git-push.json")
	push := webhook.Event{
		ID:   "git:refs/heads/main:4db5a2d9c1d0b1d6b0e2cbdd0eb9b2c6e8e8f1aa:f0ba8b7d3b0e6a5a0f7cbd32c0c1f5ab1e0b5c77",
		Type: backlog.GitPushed, Project: "INFRA", Repository: "estate", Ref: "refs/heads/main",
	}
	deleted := push
	deleted.ID = strings.Replace(push.ID, "f0ba8b7d3b0e6a5a0f7cbd32c0c1f5ab1e0b5c77", zeros, 1)
	deleted.Deleted = true
	for _, test := range []struct {
		name, kind, body string
		want             webhook.Event
	}{
		{"a project's push", jsonType, sample(t, "project-push.json"), webhook.Event{
			ID: "project:61001", Type: 12, Project: "INFRA", Repository: "estate", Ref: "refs/heads/main"}},
		{"a merge", jsonType + ";charset=utf-8", sample(t, "project-merge.json"), webhook.Event{
			ID: "project:61002", Type: 19, Project: "INFRA", Repository: "estate", Number: 12, Base: "main", Merged: true}},
		{"a merge, its values as numbers", "", strings.ReplaceAll(sample(t, "project-merge.json"), `"3"`, `3`), webhook.Event{
			ID: "project:61002", Type: 19, Project: "INFRA", Repository: "estate", Number: 12, Base: "main", Merged: true}},
		{"a pull request closed", jsonType, strings.ReplaceAll(sample(t, "project-merge.json"), `"3"`, `"2"`), webhook.Event{
			ID: "project:61002", Type: 19, Project: "INFRA", Repository: "estate", Number: 12, Base: "main"}},
		{"type 21", jsonType, `{"id":1,"type":21,"project":null,"content":{"number":3,"base":null,"changes":null}}`, webhook.Event{
			ID: "project:1", Type: 21, Number: 3, Merged: true}},
		{"a branch deleted", jsonType, `{"id":2,"type":12,"content":{"ref":"refs/heads/main","change_type":"delete"}}`, webhook.Event{
			ID: "project:2", Type: 12, Ref: "refs/heads/main", Deleted: true}},
		{"nothing but nulls", jsonType, `{"id":3,"type":12,"project":null,"content":null,"createdUser":null}`, webhook.Event{
			ID: "project:3", Type: 12}},
		{"fields of other kinds", jsonType, `{"id":4,"type":12,"content":{"ref":["x"],"repository":{"name":{}}}}`, webhook.Event{
			ID: "project:4", Type: 12}},
		{"an issue", jsonType, `{"id":5,"type":1,"project":{"projectKey":"INFRA"},"content":{"id":9,"summary":"x"}}`, webhook.Event{
			ID: "project:5", Type: 1, Project: "INFRA"}},
		{"a Git push", formType, url.Values{"payload": {gitPush}}.Encode(), push},
		{"a Git push without its type", "", url.Values{"payload": {gitPush}}.Encode(), push},
		{"a Git push as raw JSON", jsonType, gitPush, push},
		{"a Git push as raw JSON that says it is a form", formType, gitPush, push},
		{"a branch deleted, by Git", formType, url.Values{"payload": {strings.Replace(gitPush, `"after": "f0ba8b7d3b0e6a5a0f7cbd32c0c1f5ab1e0b5c77"`, `"after": "`+zeros+`"`, 1)}}.Encode(), deleted},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := webhook.Parse(test.kind, []byte(test.body))
			if err != nil || got != test.want {
				t.Errorf("%+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}
}

// TestParseWithoutID checks that an event without an id is identified by its body.
func TestParseWithoutID(t *testing.T) {
	t.Parallel()
	one, err := webhook.Parse(jsonType, []byte(`{"type":12}`))
	two, err2 := webhook.Parse(jsonType, []byte(`{"type":12 }`))
	if err != nil || err2 != nil || one.ID == two.ID || !strings.HasPrefix(one.ID, "body:") {
		t.Errorf("%v %v, %v %v", one, two, err, err2)
	}
}

func TestParseMalformed(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "hello", "{", "[]", "null", "{}", "42", `{"ref":null}`, "payload=", "payload=%zz", "payload=%7B", `{"type":12}{`, "\x00"} {
		if e, err := webhook.Parse(jsonType, []byte(body)); !errors.Is(err, webhook.ErrMalformed) {
			t.Errorf("%q: %+v, %v", body, e, err)
		}
	}
}

// FuzzParse checks that any body is an event with an identity, or malformed. Both forms of
// a Git webhook give the same event.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"git-push.json", "project-push.json", "project-merge.json"} {
		f.Add(jsonType, []byte(sample(f, name)))
		f.Add(formType, []byte(url.Values{"payload": {sample(f, name)}}.Encode()))
	}
	f.Add("", []byte(`{"type":12,"id":"9","content":{"changes":[{"field":"status","new_value":3}]}}`))
	f.Add("", []byte(" {\"type\":12}\n")) // white space around the object changes nothing
	f.Add("", []byte(`{"after":"0","ref":5,"repository":{"url":"https://example.backlog.com/git/INFRA/estate"}}`))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		e, err := webhook.Parse(kind, body)
		if err != nil {
			if !errors.Is(err, webhook.ErrMalformed) || e != (webhook.Event{}) {
				t.Fatalf("%+v, %v", e, err)
			}
			return
		}
		if e.ID == "" || len(e.ID) > 4000 || len(e.Ref) > 1000 {
			t.Fatalf("%+v", e)
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			return
		}
		sent, err := webhook.Parse(formType, []byte(url.Values{"payload": {string(body)}}.Encode()))
		if raw, rawErr := webhook.Parse("", body); err != nil || rawErr != nil || sent != raw {
			t.Fatalf("%+v, %v\nraw %+v, %v", sent, err, raw, rawErr)
		}
	})
}

func TestStarts(t *testing.T) {
	t.Parallel()
	filter := webhook.Filter{Repo: backlog.Repo{Project: "INFRA", Name: "estate"}, Branch: "main"}
	ours := func(e webhook.Event) webhook.Event {
		e.Project, e.Repository = "INFRA", "estate"
		return e
	}
	for _, test := range []struct {
		event  webhook.Event
		starts bool
		reason string
	}{
		{ours(webhook.Event{Type: 12, Ref: "refs/heads/main"}), true, "main was pushed"},
		{webhook.Event{Type: 12, Ref: "refs/heads/main", Project: "infra", Repository: "Estate"}, true, "main was pushed"},
		{webhook.Event{Type: 12}, true, "main was pushed"},
		{ours(webhook.Event{Type: 12, Ref: "refs/heads/topic"}), false, "another branch was pushed: topic"},
		{ours(webhook.Event{Type: 12, Ref: "refs/tags/main"}), false, "a tag was pushed: main"},
		{ours(webhook.Event{Type: 12, Ref: "refs/pull/1/head"}), false, "the pushed ref is not a branch: refs/pull/1/head"},
		{ours(webhook.Event{Type: 12, Ref: "refs/heads/main", Deleted: true}), false, "the branch was deleted: there is nothing to apply"},
		{webhook.Event{Type: 12, Ref: "refs/heads/main", Project: "INFRA", Repository: "app"}, false, "it is about the repository INFRA/app"},
		{webhook.Event{Type: 12, Ref: "refs/heads/main", Project: "APP"}, false, "it is about the repository APP/"},
		{ours(webhook.Event{Type: 19, Number: 4, Base: "main", Merged: true}), true, "pull request 4 was merged"},
		{webhook.Event{Type: 21, Number: 4, Merged: true}, true, "pull request 4 was merged"},
		{ours(webhook.Event{Type: 19, Number: 4, Base: "release", Merged: true}), false, "pull request 4 was merged into release"},
		{ours(webhook.Event{Type: 19, Number: 4, Base: "main"}), false, "pull request 4 was not merged by this event"},
		{ours(webhook.Event{Type: 18, Number: 4, Base: "main"}), false, "pull request 4 was not merged by this event"},
		{ours(webhook.Event{Type: 20, Number: 4, Base: "main"}), false, "pull request 4 was not merged by this event"},
		{ours(webhook.Event{Type: 13}), false, "activities of type 13 do not change a branch"},
		{webhook.Event{Type: 999}, false, "activities of type 999 do not change a branch"},
	} {
		if starts, reason := filter.ShouldStart(test.event); starts != test.starts || reason != test.reason {
			t.Errorf("%+v: %v, %s", test.event, starts, reason)
		}
	}
}
