package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// Publisher is the part of an *sns.Client that SNS uses.
type Publisher interface {
	Publish(ctx context.Context, in *sns.PublishInput, options ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// SNS publishes each notification as one message to a topic: with a subject for lists of
// mails, a text, and attributes by which subscriptions filter.
type SNS struct {
	Topic string // ARN
	// Client is called when there is a notification to publish.
	Client   func(ctx context.Context) (Publisher, error)
	Language string // of the catalogue; "" means en
}

// Channel returns "sns:" and the topic. Another topic is a new channel, so it receives its
// own notifications.
func (s SNS) Channel() string { return "sns:" + s.Topic }

// Limits of a message (API Reference, Publish): a subject is printable ASCII on one line of
// less than 100 characters. A message has at most 256 KiB; the text gets a part of it.
const (
	maxSubjectLength = 99
	maxTextLength    = 100_000
)

// Notify publishes the notification.
func (s SNS) Notify(ctx context.Context, r *Notification) error {
	subject, err := subjectOf(r)
	if err != nil {
		return err
	}
	writer, err := NewWriter(cmp.Or(s.Language, "en"), Markdown)
	if err != nil {
		return err
	}
	writer.MaxLength = maxTextLength
	text, err := writer.WriteNotification(r)
	if err != nil {
		return err
	}
	attributes, err := attributesOf(r)
	if err != nil {
		return err
	}
	client, err := s.Client(ctx)
	if err != nil {
		return err
	}
	_, err = client.Publish(ctx, &sns.PublishInput{
		TopicArn: &s.Topic, Subject: &subject, Message: &text, MessageAttributes: attributes,
	})
	if err != nil {
		return fmt.Errorf("publish to %s: %w", s.Topic, err)
	}
	return nil
}

// subjectOf returns a subject in English for every language, because it must be ASCII.
func subjectOf(r *Notification) (string, error) {
	w, err := NewWriter("en", Markdown)
	if err != nil {
		return "", err
	}
	outcome := r.Outcome()
	names := r.namesByOutcome(outcome)
	if outcome == "recovered" {
		names = r.namesByOutcome("")
	}
	subject, err := w.messages.Text("subject."+outcome, "workspaces", strings.Join(names, ", "), "branch", r.Branch)
	if err != nil {
		return "", err
	}
	ascii := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, subject)
	if utf8.RuneCountInString(ascii) > maxSubjectLength {
		ascii = ascii[:maxSubjectLength-3] + "..."
	}
	return ascii, nil
}

// attributesOf returns the attributes by which subscriptions filter. An attribute must not
// be empty, and lists are JSON.
func attributesOf(r *Notification) (map[string]types.MessageAttributeValue, error) {
	attributes := map[string]types.MessageAttributeValue{}
	addAttribute := func(name, value string) {
		if value != "" {
			attributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
		}
	}
	addAttribute("outcome", r.Outcome())
	addAttribute("repo", r.Repo)
	addAttribute("branch", r.Branch)
	addAttribute("environment", r.Environment)
	addAttribute("run", string(r.Run))
	for name, list := range map[string][]string{"workspaces": r.namesByOutcome(""), "failed": r.namesByOutcome("failed"), "drifted": r.namesByOutcome("drifted")} {
		if len(list) == 0 {
			continue
		}
		value, err := json.Marshal(list)
		if err != nil {
			return nil, err
		}
		attributes[name] = types.MessageAttributeValue{DataType: aws.String("String.Array"), StringValue: aws.String(string(value))}
	}
	return attributes, nil
}
