// Package chat sends notifications to services where teams talk: Slack, Microsoft Teams,
// Chatwork, and any server that takes a signed POST.
package chat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"reconcile/internal/redact"
	"reconcile/internal/secret"
	"reconcile/reconciler/notify"
)

// SecretReader reads a secret when there is a notification to send.
type SecretReader func(ctx context.Context) (secret.Text, error)

// postTime bounds one request.
const postTime = 30 * time.Second

// maxAnswer is how much of an answer is read, in bytes. Errors quote its beginning.
const maxAnswer = 500

// client follows no redirects: another host would get the message.
var client = &http.Client{
	Timeout:       postTime,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// CheckURL returns an error for an address that is no https URL. On this machine http is
// allowed.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return errors.New("it is no https URL without credentials")
	}
	if u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()) {
		return nil
	}
	return errors.New("only https is allowed: the message and the address would be readable on the way")
}

// post sends a request and expects a status of 2xx. Its errors do not hold the address, which
// is a secret of most services.
func post(ctx context.Context, service, address, body string, header http.Header) error {
	if err := CheckURL(address); err != nil {
		return fmt.Errorf("%s: the address: %w", service, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: the address is not valid", service)
	}
	request.Header = header
	response, err := client.Do(request)
	if err != nil {
		var withURL *url.Error
		if errors.As(err, &withURL) {
			err = withURL.Err
		}
		return fmt.Errorf("%s: %w", service, err)
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusOK && response.StatusCode < http.StatusMultipleChoices {
		return nil
	}
	answer, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	reply := redact.Text(strings.TrimSpace(string(answer)), append(secretsIn(request.URL), header[chatworkHeader]...)...)
	return fmt.Errorf("%s answered %s: %s", service, response.Status, reply)
}

// minPart is the least length of a part of an address that is hidden by itself: a shorter one
// is a word such as "services".
const minPart = 9

// secretsIn returns the parts of an address that an answer could quote.
func secretsIn(address *url.URL) []string {
	found := []string{address.String(), address.RequestURI()}
	parts := strings.Split(address.Path, "/")
	for _, values := range address.Query() {
		parts = append(parts, values...)
	}
	for _, part := range append(parts, address.Path) {
		if len(part) >= minPart {
			found = append(found, part)
		}
	}
	return found
}

// summarize returns the notification in a language of the catalogue; "" means English.
func summarize(r *notify.Notification, language string) (notify.Summary, error) {
	w, err := notify.NewWriter(cmp.Or(language, "en"), notify.Markdown)
	if err != nil {
		return notify.Summary{}, err
	}
	return w.Summarize(r)
}

// encodeWithin encodes a summary in at most limit bytes, if that is possible with one line: it
// leaves out the last workspaces.
func encodeWithin(limit int, summary notify.Summary, encode func(notify.Summary) (string, error)) (string, error) {
	for {
		body, err := encode(summary)
		if err != nil || len(body) <= limit || len(summary.Lines) <= 1 {
			return body, err
		}
		summary.Lines, summary.More = summary.Lines[:len(summary.Lines)/2], "…"
	}
}

// readSecret reads the secret of a service.
func readSecret(ctx context.Context, service string, read SecretReader) (string, error) {
	value, err := read(ctx)
	if err != nil {
		return "", fmt.Errorf("%s: %w", service, err)
	}
	return strings.TrimSpace(string(value)), nil
}
