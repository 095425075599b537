package chat

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/notify"
)

// Slack posts to an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
type Slack struct {
	URL      SecretReader // https://hooks.slack.com/services/…
	Language string       // "" means en
}

// Channel returns "slack".
func (Slack) Channel() string { return "slack" }

// Limits of blocks, in characters (https://docs.slack.dev/reference/block-kit/blocks).
const (
	maxSlackHeader  = 150
	maxSlackSection = 3000
	maxSlackBlocks  = 50
	maxSlackError   = 600 // of one error, so that several have room
)

// slackEscaper escapes the three characters that have a meaning in Slack's texts
// (https://docs.slack.dev/messaging/formatting-message-text#escaping).
var slackEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type slackBlock struct {
	Type string    `json:"type"`
	Text slackText `json:"text"`
}

// Notify posts the notification as one message.
func (s Slack) Notify(ctx context.Context, r *notify.Notification) error {
	summary, err := summarize(r, s.Language)
	if err != nil {
		return err
	}
	section := func(text string) slackBlock {
		return slackBlock{"section", slackText{"mrkdwn", excerpt.Cut(text, maxSlackSection)}}
	}
	blocks := []slackBlock{
		{"header", slackText{"plain_text", excerpt.Cut(summary.Title, maxSlackHeader)}},
		section(slackEscaper.Replace(summary.Where)),
	}
	for _, line := range summary.Lines {
		text := "*" + slackEscaper.Replace(line.Workspace) + "* " + slackEscaper.Replace(line.Outcome)
		if line.Changes != "" {
			text += "  `" + line.Changes + "`"
		}
		if line.Error != "" { // quotes for backticks could end those of a command for the shell
			text += "\n```\n" + slackEscaper.Replace(excerpt.Cut(strings.ReplaceAll(line.Error, "``", "` `"), maxSlackError)) + "\n```"
		}
		blocks = append(blocks, section(text))
	}
	for _, text := range append(summary.Advice, summary.More) {
		if text != "" {
			blocks = append(blocks, section(slackEscaper.Replace(text)))
		}
	}
	body, err := json.Marshal(struct {
		Text   string       `json:"text"` // of the desktop's notification
		Blocks []slackBlock `json:"blocks"`
	}{slackEscaper.Replace(summary.Title + ": " + summary.Where), blocks[:min(len(blocks), maxSlackBlocks)]})
	if err != nil {
		return err
	}
	address, err := readSecret(ctx, "Slack", s.URL)
	if err != nil {
		return err
	}
	return post(ctx, "Slack", address, string(body), http.Header{"Content-Type": {"application/json; charset=utf-8"}})
}
