package chat

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/notify"
)

// Chatwork posts to a room (https://developer.chatwork.com/reference/post-rooms-room_id-messages).
type Chatwork struct {
	Room     string // its number
	Token    SecretReader
	Language string // "" means en
	// BaseURL is the address of the API; "": https://api.chatwork.com/v2.
	BaseURL string
}

const (
	chatworkURL    = "https://api.chatwork.com/v2"
	chatworkHeader = "X-Chatworktoken" // has the token
)

// Channel returns "chatwork:" and the room.
func (c Chatwork) Channel() string { return "chatwork:" + c.Room }

// maxChatworkBody limits a message, in bytes. maxChatworkError limits one error, in characters.
const (
	maxChatworkBody  = 65_535
	maxChatworkError = 1000
)

// chatworkEscaper breaks up tags, which have no escape
// (https://developer.chatwork.com/docs/message-notation).
var chatworkEscaper = strings.NewReplacer("[", "［", "]", "］")

// Notify posts the notification as one message.
func (c Chatwork) Notify(ctx context.Context, r *notify.Notification) error {
	summary, err := summarize(r, c.Language)
	if err != nil {
		return err
	}
	body, err := encodeWithin(maxChatworkBody, summary, c.encode)
	if err != nil {
		return err
	}
	token, err := readSecret(ctx, "Chatwork", c.Token)
	if err != nil {
		return err
	}
	base := c.BaseURL
	if base == "" {
		base = chatworkURL
	}
	form := url.Values{"body": {body}, "self_unread": {"1"}}
	return post(ctx, "Chatwork", base+"/rooms/"+url.PathEscape(c.Room)+"/messages", form.Encode(), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, chatworkHeader: {token},
	})
}

func (c Chatwork) encode(summary notify.Summary) (string, error) {
	var b strings.Builder
	escape := chatworkEscaper.Replace
	fmt.Fprintf(&b, "[info][title]%s[/title]%s\n", escape(summary.Title), escape(summary.Where))
	for _, line := range summary.Lines {
		fmt.Fprintf(&b, "[hr]%s: %s  %s\n", escape(line.Workspace), escape(line.Outcome), line.Changes)
		if line.Error != "" {
			fmt.Fprintf(&b, "[code]%s[/code]\n", escape(excerpt.Cut(line.Error, maxChatworkError)))
		}
	}
	for _, text := range append(summary.Advice, summary.More) {
		if text != "" {
			fmt.Fprintf(&b, "[hr]%s\n", escape(text))
		}
	}
	b.WriteString("[/info]")
	return b.String(), nil
}
