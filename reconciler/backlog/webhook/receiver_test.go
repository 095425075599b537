package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"reconcile/internal/secret"
	"reconcile/internal/waittest"
	"reconcile/reconciler/backlog"
	"reconcile/reconciler/backlog/webhook"
)

const token = "s3cret-hook-token"

// startRecorder records what a receiver starts; fail makes it fail.
type startRecorder struct {
	events []webhook.Event
	fail   error
	log    strings.Builder
}

func newReceiver(t *testing.T) (*webhook.Receiver, *startRecorder) {
	t.Helper()
	s := &startRecorder{}
	allowed, err := webhook.ParseAllowlist("127.0.0.1, 192.0.2.0/24")
	if err != nil {
		t.Fatal(err)
	}
	return &webhook.Receiver{
		Filter:    webhook.Filter{Repo: backlog.Repo{Project: "INFRA", Name: "estate"}, Branch: "main"},
		Allowlist: allowed, Timeout: time.Minute, Log: slog.New(slog.NewJSONHandler(&s.log, nil)),
		Token: func(context.Context) (secret.Text, error) { return token, nil },
		Start: func(_ context.Context, e webhook.Event) (string, error) {
			if s.fail == nil {
				s.events = append(s.events, e)
			}
			return "build 1", s.fail
		},
	}, s
}

func newRequest(t *testing.T, body string) webhook.Request {
	return webhook.Request{Method: "POST", From: netip.MustParseAddr("192.0.2.9"), Token: token, ContentType: jsonType, Body: strings.NewReader(body)}
}

func TestReceive(t *testing.T) {
	t.Parallel()
	push := sample(t, "project-push.json")
	for _, test := range []struct {
		name   string
		change func(r *webhook.Receiver, q *webhook.Request)
		status int
		result string
		reason string
	}{
		{"a push", func(*webhook.Receiver, *webhook.Request) {}, 202, webhook.ResultStarted, "main was pushed; build 1"},
		{"a stranger", func(_ *webhook.Receiver, q *webhook.Request) { q.From = netip.MustParseAddr("198.51.100.1") }, 403, webhook.ResultRefused, "this address is not allowed"},
		{"no address", func(_ *webhook.Receiver, q *webhook.Request) { q.From = netip.Addr{} }, 403, webhook.ResultRefused, "this address is not allowed"},
		{"an IPv4 address in IPv6", func(_ *webhook.Receiver, q *webhook.Request) { q.From = netip.MustParseAddr("::ffff:192.0.2.9") }, 202, webhook.ResultStarted, "main was pushed; build 1"},
		{"all may call", func(r *webhook.Receiver, q *webhook.Request) { r.Allowlist, q.From = nil, netip.Addr{} }, 202, webhook.ResultStarted, "main was pushed; build 1"},
		{"no token", func(_ *webhook.Receiver, q *webhook.Request) { q.Token = "" }, 403, webhook.ResultRefused, "the token is wrong or missing"},
		{"a wrong token", func(_ *webhook.Receiver, q *webhook.Request) { q.Token += "x" }, 403, webhook.ResultRefused, "the token is wrong or missing"},
		{"an empty secret lets nobody in", func(r *webhook.Receiver, q *webhook.Request) {
			r.Token = func(context.Context) (secret.Text, error) { return "", nil }
			q.Token = ""
		}, 403, webhook.ResultRefused, "the token is wrong or missing"},
		{"no secret", func(r *webhook.Receiver, _ *webhook.Request) {
			r.Token = func(context.Context) (secret.Text, error) { return "", errors.New("no such secret") }
		}, 503, webhook.ResultFailed, "could not read the token; see the log"},
		{"a GET", func(_ *webhook.Receiver, q *webhook.Request) { q.Method = "GET" }, 405, webhook.ResultRefused, "method not allowed: use POST"},
		{"10 MB", func(_ *webhook.Receiver, q *webhook.Request) { q.Body = bytes.NewReader(make([]byte, 10<<20)) }, 413, webhook.ResultRefused, "the body is larger than 524288 bytes"},
		{"no JSON", func(_ *webhook.Receiver, q *webhook.Request) { q.Body = strings.NewReader("{") }, 400, webhook.ResultRefused, "not a Backlog webhook: unexpected end of JSON input"},
		{"another branch", func(_ *webhook.Receiver, q *webhook.Request) {
			q.Body = strings.NewReader(strings.ReplaceAll(push, "heads/main", "heads/topic"))
		}, 200, webhook.ResultIgnored, "another branch was pushed: topic"},
		{"a pass runs", func(r *webhook.Receiver, _ *webhook.Request) {
			r.Start = func(context.Context, webhook.Event) (string, error) { return "", webhook.ErrRunning }
		}, 200, webhook.ResultRunning, "main was pushed; a pass is already running, and checks Git again before it ends"},
		{"AWS is unavailable", func(r *webhook.Receiver, _ *webhook.Request) {
			r.Start = func(context.Context, webhook.Event) (string, error) { return "", errors.New("AWS is unavailable") }
		}, 503, webhook.ResultFailed, "could not start a pass; see the log"},
		{"AWS does not respond", func(r *webhook.Receiver, _ *webhook.Request) {
			r.Timeout = time.Millisecond
			r.Start = func(ctx context.Context, _ webhook.Event) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			}
		}, 503, webhook.ResultFailed, "could not start a pass; see the log"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, s := newReceiver(t)
			q := newRequest(t, push)
			test.change(r, &q)
			got := r.Receive(t.Context(), q)
			if want := (webhook.Response{Status: test.status, Result: test.result, Reason: test.reason}); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
			if started := len(s.events) > 0; started != (test.result == webhook.ResultStarted) {
				t.Errorf("started: %v", s.events)
			}
			lines := strings.Split(strings.TrimSpace(s.log.String()), "\n")
			var line struct{ Msg, Result, Reason string }
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &line); err != nil || line.Msg != "webhook" || line.Result != test.result || line.Reason != test.reason {
				t.Errorf("logged %s (%v)", s.log.String(), err)
			}
			if strings.Contains(s.log.String(), token) {
				t.Errorf("the token is in the log: %s", s.log.String())
			}
		})
	}
}

// TestRepeats checks that a repeated event starts nothing, unless its first delivery
// failed.
func TestRepeats(t *testing.T) {
	t.Parallel()
	r, s := newReceiver(t)
	push := sample(t, "project-push.json")
	s.fail = errors.New("AWS is unavailable")
	if a := r.Receive(t.Context(), newRequest(t, push)); a.Result != webhook.ResultFailed {
		t.Errorf("%+v", a)
	}
	s.fail = nil
	for i := range 5 {
		want := webhook.ResultRepeated
		if i == 0 {
			want = webhook.ResultStarted
		}
		if a := r.Receive(t.Context(), newRequest(t, push)); a.Result != want {
			t.Errorf("%d: %+v", i, a)
		}
	}
	// After a thousand other events it is forgotten, so that memory stays bounded.
	for i := range 1000 {
		other := strings.Replace(push, "61001", fmt.Sprint(i), 1)
		if a := r.Receive(t.Context(), newRequest(t, other)); a.Result != webhook.ResultStarted {
			t.Fatalf("%d: %+v", i, a)
		}
	}
	if a := r.Receive(t.Context(), newRequest(t, push)); a.Result != webhook.ResultStarted {
		t.Errorf("%+v", a)
	}
	if len(s.events) != 1002 {
		t.Errorf("%d started", len(s.events))
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()
	r, s := newReceiver(t)
	server := httptest.NewServer(r.Handler())
	defer server.Close()
	push := sample(t, "project-push.json")
	post := func(path, body string) (int, string) {
		t.Helper()
		response, err := http.Post(server.URL+path, jsonType, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(text)
	}
	for _, test := range []struct {
		path, body string
		status     int
		response   string
	}{
		{"/hook?token=" + token, push, 202, `"result":"started"`},
		{"/hook/" + token, strings.Replace(push, "61001", "61002", 1), 202, `"result":"started"`},
		{"/hook", push, 403, `"result":"refused"`},
		{"/hook/" + token, strings.Repeat("x", 10<<20), 413, "larger than 524288 bytes"},
		{"/", push, 404, ""},
		{"/hook/" + token + "/x", push, 404, ""},
	} {
		if status, text := post(test.path, test.body); status != test.status || !strings.Contains(text, test.response) {
			t.Errorf("%s: %d %s", test.path, status, text)
		}
	}
	if len(s.events) != 2 {
		t.Errorf("started %v", s.events)
	}
}

// unreadBody fails the test if it is read.
type unreadBody struct{ t *testing.T }

func (u unreadBody) Read([]byte) (int, error) {
	u.t.Error("the body of a refused call was read")
	return 0, io.EOF
}

// TestStrangersAreNotRead checks address, method and token before the body is read.
func TestStrangersAreNotRead(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(q *webhook.Request){
		"another address": func(q *webhook.Request) { q.From = netip.MustParseAddr("198.51.100.1") },
		"another method":  func(q *webhook.Request) { q.Method = "PUT" },
		"a wrong token":   func(q *webhook.Request) { q.Token = "guessed" },
	} {
		t.Run(name, func(t *testing.T) {
			r, s := newReceiver(t)
			q := newRequest(t, "")
			q.Body = unreadBody{t}
			change(&q)
			if a := r.Receive(t.Context(), q); a.Result != webhook.ResultRefused || len(s.events) > 0 {
				t.Errorf("%+v, started %v", a, s.events)
			}
		})
	}
}

// TestBusy checks that calls above the limit are refused while the others are handled.
func TestBusy(t *testing.T) {
	t.Parallel()
	r, _ := newReceiver(t)
	arrived, goOn := make(chan struct{}, 9), make(chan struct{})
	r.Token = func(context.Context) (secret.Text, error) {
		arrived <- struct{}{}
		<-goOn
		return token, nil
	}
	server := httptest.NewServer(r.Handler())
	defer server.Close()
	release := sync.OnceFunc(func() { close(goOn) })
	defer release()
	body := sample(t, "project-push.json")
	post := func() int {
		response, err := http.Post(server.URL+"/hook/"+token, jsonType, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0
		}
		response.Body.Close()
		return response.StatusCode
	}
	var handled []*waittest.Task[int]
	for range 8 {
		call := waittest.Go(post)
		waittest.Receive(t, arrived, call)
		handled = append(handled, call)
	}
	ninth := waittest.Go(post)
	select {
	case <-arrived:
		t.Fatal("the ninth call is handled")
	case <-ninth.Ended():
	}
	if status := ninth.Wait(); status != http.StatusServiceUnavailable {
		t.Errorf("the ninth call: %d, want 503", status)
	}
	release()
	count := map[int]int{}
	for _, call := range handled {
		count[call.Wait()]++
	}
	if count[202] != 1 || count[200] != 7 {
		t.Errorf("the first eight: %v, want one 202 and seven repeated", count)
	}
}

func TestParseSources(t *testing.T) {
	t.Parallel()
	known, err := webhook.ParseAllowlist("backlog 198.51.100.7")
	if err != nil || len(known) != 17 || !known.Contains(netip.MustParseAddr("54.64.128.240")) || !known.Contains(netip.MustParseAddr("198.51.100.7")) || known.Contains(netip.MustParseAddr("198.51.100.8")) {
		t.Errorf("%v, %v", known, err)
	}
	all, err := webhook.ParseAllowlist("any")
	if err != nil || !all.Contains(netip.Addr{}) {
		t.Errorf("%v, %v", all, err)
	}
	for _, list := range []string{"", " ,", "example.com", "10.0.0.0/33"} {
		if s, err := webhook.ParseAllowlist(list); err == nil {
			t.Errorf("%q: %v", list, s)
		}
	}
}
