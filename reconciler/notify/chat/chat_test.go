package chat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"reconcile/internal/secret"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/notify/chat"
	"reconcile/reconciler/run"
)

// refusal is why a service refuses a message; "": it takes it.
type refusal func(r *http.Request, body []byte) string

// startService starts a server that takes what the service's documents allow, and returns its
// address and what it took.
func startService(t *testing.T, status int, refuse refusal) (address string, taken *[]byte) {
	t.Helper()
	taken = new([]byte)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if why := refuse(r, body); r.Method != http.MethodPost || why != "" {
			http.Error(w, why, http.StatusBadRequest)
			return
		}
		*taken = body
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL, taken
}

// giveSecret returns a reader that gives a text.
func giveSecret(text string) chat.SecretReader {
	return func(context.Context) (secret.Text, error) { return secret.Text(text), nil }
}

// refuseSlack checks a message as the reference of blocks says.
func refuseSlack(r *http.Request, body []byte) string {
	var message struct {
		Text   string
		Blocks []struct {
			Type string
			Text struct{ Type, Text string }
		}
	}
	if err := json.Unmarshal(body, &message); err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return "invalid_payload"
	}
	if message.Text == "" || len(message.Blocks) == 0 || len(message.Blocks) > 50 {
		return "invalid_blocks"
	}
	for _, b := range message.Blocks {
		length := utf8.RuneCountInString(b.Text.Text)
		isHeader := b.Type == "header" && b.Text.Type == "plain_text" && length <= 150
		isSection := b.Type == "section" && b.Text.Type == "mrkdwn" && length <= 3000
		if length == 0 || !isHeader && !isSection {
			return "invalid_blocks"
		}
		if isSection && strings.Contains(b.Text.Text, "<") {
			return "a text mentions somebody or links"
		}
	}
	return ""
}

func refuseTeams(_ *http.Request, body []byte) string {
	var message struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Type, Version string
				Body          []struct{ Type, Text string }
			}
		}
	}
	if err := json.Unmarshal(body, &message); err != nil || message.Type != "message" || len(message.Attachments) != 1 {
		return "not a message with a card"
	}
	card := message.Attachments[0]
	if len(body) > 28<<10 {
		return "the message is too large"
	}
	if card.ContentType != "application/vnd.microsoft.card.adaptive" || card.Content.Type != "AdaptiveCard" || card.Content.Version > "1.5" || len(card.Content.Body) == 0 {
		return "not an Adaptive Card"
	}
	for _, b := range card.Content.Body {
		if b.Type != "TextBlock" || b.Text == "" {
			return "an empty element"
		}
	}
	return ""
}

func refuseChatwork(r *http.Request, body []byte) string {
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	text := r.PostFormValue("body")
	switch {
	case r.URL.Path != "/rooms/123/messages":
		return "no such room"
	case r.Header.Get("X-ChatWorkToken") != "chatwork-token":
		return "Invalid API token"
	case text == "" || len(text) > 65535:
		return "body is too long"
	case strings.Count(text, "[code]") != strings.Count(text, "[/code]") || strings.Contains(text, "[To:"):
		return "tags that nobody meant"
	}
	return ""
}

const webhookSecret = "a long text that only both sides know"

func refuseUnsigned(r *http.Request, body []byte) string {
	verifier, err := standardwebhooks.NewWebhookRaw([]byte(webhookSecret))
	if err == nil {
		err = verifier.VerifyIgnoringTimestamp(body, r.Header)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// newNotifications returns one of every kind, and some that were made to break a message.
func newNotifications() map[string]*notify.Notification {
	base := notify.Notification{
		Run: "01JD", Repo: "https://example.com/estate.git", Branch: "main", Commit: "bbbbbbbbbbbbbbbb", At: time.Unix(0, 0),
		Events: []notify.WorkspaceEvent{{Name: "common", Outcome: "failed", Error: "Error: no good\n\nmore"}, {Name: "tokyo", Outcome: "applied", Add: 1}},
	}
	hostile, many, drifted := base, base, base
	hostile.Branch, hostile.Environment = "<!channel>*_`[To:1]", "[/info]<@U1>"
	hostile.Events = []notify.WorkspaceEvent{{Name: "<script>[To:1]*x*", Outcome: "failed", Error: "[/code][To:1]```<!here> & \x1b[31m \u202e"}}
	many.Events = nil
	for i := range 300 {
		many.Events = append(many.Events, notify.WorkspaceEvent{Name: fmt.Sprintf("ws-%03d", i), Outcome: "failed", Error: strings.Repeat("長い説明 ", 2000)})
	}
	drifted.Events = []notify.WorkspaceEvent{{Name: "osaka", Outcome: "drifted", Change: 2}, {Name: "kyoto", Outcome: "drifted", Withheld: "waits"}, {Name: "nara", Outcome: "unchanged", Recovered: true}}
	return map[string]*notify.Notification{"usual": &base, "hostile": &hostile, "many": &many, "drifted": &drifted}
}

// TestServices sends each notification in both languages to a server that takes what the
// service takes.
func TestServices(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Unix(1_700_000_000, 0) }
	for name, service := range map[string]struct {
		refuse   refusal
		status   int
		notifier func(address, language string) run.Notifier
	}{
		"slack": {refuseSlack, http.StatusOK, func(address, language string) run.Notifier {
			return chat.Slack{URL: giveSecret(address + "\n"), Language: language}
		}},
		"teams": {refuseTeams, http.StatusAccepted, func(address, language string) run.Notifier {
			return chat.Teams{URL: giveSecret(address), Language: language}
		}},
		"chatwork:123": {refuseChatwork, http.StatusOK, func(address, language string) run.Notifier {
			return chat.Chatwork{Room: "123", Token: giveSecret("chatwork-token"), Language: language, BaseURL: address}
		}},
		"webhook": {refuseUnsigned, http.StatusNoContent, func(address, _ string) run.Notifier {
			return chat.Webhook{URL: address, Secret: giveSecret(webhookSecret), Now: now}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, language := range []string{"", "en", "ja"} {
				for kind, n := range newNotifications() {
					address, taken := startService(t, service.status, service.refuse)
					notifier := service.notifier(address, language)
					if err := notifier.Notify(t.Context(), n); err != nil {
						t.Errorf("%s in %q: %v", kind, language, err)
					}
					// A service cuts long texts; it always has the first workspace.
					if !strings.Contains(string(*taken), "ws-000") && kind == "many" || !strings.Contains(string(*taken), "common") && kind == "usual" {
						t.Errorf("%s in %q: %.200s", kind, language, *taken)
					}
					if channel := notifier.Channel(); name != "webhook" && channel != name || name == "webhook" && channel != "webhook:"+address {
						t.Errorf("the channel is %s", channel)
					}
				}
			}
		})
	}
}

// TestCommandsKeepTheirQuotes: backticks in a name that is quoted for the shell do not become
// quotes, where people copy a command out of a message.
func TestCommandsKeepTheirQuotes(t *testing.T) {
	t.Parallel()
	const name = "a```; echo broken; ```b"
	n := newNotifications()["usual"]
	n.Events = []notify.WorkspaceEvent{{Name: "usual", Outcome: "blocked", Error: "run `reconcile now --adopt '" + name + "'`"}, {Name: name, Outcome: "drifted", Change: 1}}
	for channel, newNotifier := range map[string]func(address string) run.Notifier{
		"slack": func(address string) run.Notifier { return chat.Slack{URL: giveSecret(address)} },
		"teams": func(address string) run.Notifier { return chat.Teams{URL: giveSecret(address)} },
	} {
		address, taken := startService(t, http.StatusOK, func(*http.Request, []byte) string { return "" })
		if err := newNotifier(address).Notify(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		text := string(*taken)
		if strings.Count(text, "broken") < 2 || strings.Contains(text, "'; echo broken") || strings.Contains(text, "\u0027; echo broken") {
			t.Errorf("%s: %s", channel, text)
		}
		if _, shown, _ := strings.Cut(text, `*usual* blocked\n`); channel == "slack" && strings.Count(shown[:strings.Index(shown, `"`)], "```") != 2 {
			t.Errorf("a name ends the block of the error: %s", text)
		}
	}
}

// TestWebhookData checks what a receiver of the signed POST gets.
func TestWebhookData(t *testing.T) {
	t.Parallel()
	address, taken := startService(t, http.StatusOK, refuseUnsigned)
	n := newNotifications()["usual"]
	if err := (chat.Webhook{URL: address, Secret: giveSecret(webhookSecret), Now: time.Now}).Notify(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Type string
		Data struct {
			Run, Branch string
			Workspaces  []struct{ Name, Outcome, Error string }
		}
	}
	if err := json.Unmarshal(*taken, &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != "reconcile.notification" || got.Data.Run != "01JD" || len(got.Data.Workspaces) != 2 || got.Data.Workspaces[0].Error == "" {
		t.Errorf("%s", *taken)
	}
	const encoded = "whsec_YSBsb25nIHRleHQgdGhhdCBvbmx5IGJvdGggc2lkZXMga25vdw=="
	if err := (chat.Webhook{URL: address, Secret: giveSecret(encoded), Now: time.Now}).Notify(t.Context(), n); err != nil {
		t.Errorf("with the secret in base64: %v", err)
	}
	if err := (chat.Webhook{URL: address, Secret: giveSecret("another"), Now: time.Now}).Notify(t.Context(), n); err == nil {
		t.Error("a signature by another secret is taken")
	}
}

// TestQuotedAddress checks that a service that quotes what it is sent shows no secret.
func TestQuotedAddress(t *testing.T) {
	t.Parallel()
	n := newNotifications()["usual"]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, "no hook http://%s%s, nor %s, %q, %s", r.Host, r.URL, r.URL.Path, r.URL.Query()["sig"], r.Header.Get("X-Chatworktoken"))
	}))
	defer server.Close()
	for _, notifier := range []run.Notifier{
		chat.Slack{URL: giveSecret(server.URL + "/services/T0/B0/quoted+S3CRET")}, chat.Teams{URL: giveSecret(server.URL + "/hook?sig=quoted%2FS3CRET")},
		chat.Chatwork{Room: "1", Token: giveSecret("quoted-S3CRET"), BaseURL: server.URL},
	} {
		if err := notifier.Notify(t.Context(), n); err == nil || strings.Contains(err.Error(), "S3CRET") || !strings.Contains(err.Error(), "404 Not Found: no hook") {
			t.Errorf("%s: %v", notifier.Channel(), err)
		}
	}
}

// TestErrorsWithoutAddress checks that no error holds the address, which is a secret, and that
// no redirection is followed.
func TestErrorsWithoutAddress(t *testing.T) {
	t.Parallel()
	n := newNotifications()["usual"]
	other, taken := startService(t, http.StatusOK, refuseSlack)
	server := httptest.NewServer(http.RedirectHandler(other, http.StatusTemporaryRedirect))
	defer server.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for what, address := range map[string]string{
		"redirection": server.URL + "/services/S3CRET", "nobody there": closed.URL + "/services/S3CRET",
		"no https": "http://hooks.example.com/services/S3CRET", "no address": "S3CRET", "broken": "https://hooks.example.com/%zzS3CRET",
	} {
		err := chat.Slack{URL: giveSecret(address)}.Notify(t.Context(), n)
		if err == nil || strings.Contains(err.Error(), "S3CRET") || len(*taken) > 0 {
			t.Errorf("%s: %v", what, err)
		}
	}
}
