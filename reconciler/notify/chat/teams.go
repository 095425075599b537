package chat

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/notify"
)

// Teams posts an Adaptive Card to a webhook of a Microsoft Teams workflow
// (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook).
type Teams struct {
	URL      SecretReader // of the workflow "When a Teams webhook request is received"
	Language string       // "" means en
}

// Channel returns "teams".
func (Teams) Channel() string { return "teams" }

// maxTeamsBody limits a message, in bytes. maxTeamsError limits one error, in characters, so
// that a message of many fits.
const (
	maxTeamsBody  = 28 << 10
	maxTeamsError = 400
)

// teamsEscaper escapes what Adaptive Cards read as Markdown.
var teamsEscaper = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "`", "\\`", "#", `\#`)

type cardElement struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Wrap     bool   `json:"wrap"`
	Size     string `json:"size,omitempty"`
	Weight   string `json:"weight,omitempty"`
	Color    string `json:"color,omitempty"`
	FontType string `json:"fontType,omitempty"`
}

// Notify posts the notification as one card.
func (t Teams) Notify(ctx context.Context, r *notify.Notification) error {
	summary, err := summarize(r, t.Language)
	if err != nil {
		return err
	}
	body, err := encodeWithin(maxTeamsBody, summary, t.encode)
	if err != nil {
		return err
	}
	address, err := readSecret(ctx, "Teams", t.URL)
	if err != nil {
		return err
	}
	return post(ctx, "Teams", address, body, http.Header{"Content-Type": {"application/json"}})
}

func (t Teams) encode(summary notify.Summary) (string, error) {
	text := func(s string) cardElement {
		return cardElement{Type: "TextBlock", Text: teamsEscaper.Replace(s), Wrap: true}
	}
	title := text(summary.Title)
	title.Size, title.Weight, title.Color = "large", "bolder", chooseColor(summary.Outcome)
	elements := []cardElement{title, text(summary.Where)}
	for _, line := range summary.Lines {
		element := text(strings.TrimSpace(line.Workspace + ": " + line.Outcome + "  " + line.Changes))
		if line.Failed {
			element.Color = "attention"
		}
		elements = append(elements, element)
		if line.Error != "" {
			shown := text(excerpt.Cut(line.Error, maxTeamsError))
			shown.FontType = "monospace"
			elements = append(elements, shown)
		}
	}
	for _, s := range append(summary.Advice, summary.More) {
		if s != "" {
			elements = append(elements, text(s))
		}
	}
	type attachment struct {
		ContentType string `json:"contentType"`
		Content     any    `json:"content"`
	}
	card := map[string]any{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": elements,
		"msteams": map[string]string{"width": "Full"},
	}
	body, err := json.Marshal(map[string]any{
		"type": "message", "attachments": []attachment{{"application/vnd.microsoft.card.adaptive", card}},
	})
	return string(body), err
}

// chooseColor returns the colour of a title.
func chooseColor(outcome string) string {
	switch outcome {
	case "failed":
		return "attention"
	case "blocked", "drifted":
		return "warning"
	}
	return "good"
}
