package backlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"reconcile/internal/failure"
	"reconcile/internal/redact"
)

// Kinds of errors. Match them with errors.Is.
var (
	ErrAuth        = errors.New("API key or token not accepted")
	ErrForbidden   = errors.New("access denied")
	ErrNotFound    = errors.New("not found")
	ErrRefused     = errors.New("refused")
	ErrRateLimit   = errors.New("rate limit reached")
	ErrUnavailable = errors.New("server error")
	ErrNotBacklog  = errors.New("the response is not from Backlog")
	ErrTooLarge    = errors.New("the response is too large")
)

// Error is a failed request. It contains no key or token.
type Error struct {
	Kind   error  // one of the errors above
	Op     string // method and path, such as GET /projects/INFRA
	Status int    // HTTP status; 0 without a response
	Text   string // Backlog's message
	Help   string // what to do next
	Err    error  // the underlying error, if any
}

// Error says what happened, to what, and what to do next.
func (e *Error) Error() string { return failure.Text(e.Help, "Backlog", e.Op, e.Kind, e.Text, e.Err) }

// NextStep returns what to do next, which the text of the error ends with.
func (e *Error) NextStep() string { return e.Help }

// Unwrap lets errors.Is find both the kind and the cause.
func (e *Error) Unwrap() []error { return failure.Causes(e.Kind, e.Err) }

// statusError returns the error for an unsuccessful response with any body:
// {"errors":[{"message":…}]}, that of an OAuth failure, or a proxy's page.
func (c *Client) statusError(op string, status int, body []byte) *Error {
	e := &Error{Kind: ErrRefused, Op: op, Status: status, Text: c.redact(errorMessage(body))}
	if e.Text == "" {
		e.Text = fmt.Sprintf("%d %s", status, http.StatusText(status))
	}
	switch {
	case status == http.StatusUnauthorized:
		e.Kind, e.Help = ErrAuth, "create an API key in Backlog's personal settings, or renew the token"
	case status == http.StatusForbidden:
		e.Kind, e.Help = ErrForbidden, "check the user's role in the project, and the addresses that the space allows"
	case status == http.StatusNotFound:
		e.Kind, e.Help = ErrNotFound, "check the names, and that the user is a member of the project"
	case status == http.StatusTooManyRequests:
		e.Kind, e.Help = ErrRateLimit, "try again in a minute"
	case status >= http.StatusInternalServerError:
		e.Kind, e.Help = ErrUnavailable, "try again later"
	case status < http.StatusBadRequest:
		e.Kind, e.Help = ErrNotBacklog, "check the URL of the space"
	}
	return e
}

// redirectHelp names the space that a redirect leads to, without the key in its query.
func redirectHelp(location *url.URL) string {
	path, _, _ := strings.Cut(location.Path, "/api/v2")
	space := url.URL{Scheme: location.Scheme, Host: location.Host, Path: path}
	return fmt.Sprintf("it redirects to %s: if that is the space, use that URL (redirects are not followed, to protect the key)", space.String())
}

// errorMessage returns the readable message in a body; "" for a web page.
func errorMessage(body []byte) string {
	var response struct {
		Errors []struct {
			Message  string `json:"message"`
			MoreInfo string `json:"moreInfo"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &response) != nil {
		return ""
	}
	var texts []string
	for _, e := range response.Errors {
		texts = append(texts, strings.TrimSpace(e.Message+" "+e.MoreInfo))
	}
	return strings.Join(texts, "; ")
}

// transportError returns the error for a request without a response. A *url.Error contains
// the URL and so the key: only the error inside it is used.
func (c *Client) transportError(op string, err error) *Error {
	var wrapped *url.Error
	for errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return &Error{Kind: ErrUnavailable, Op: op, Err: redact.Error(err, c.secrets()...), Help: "check the URL of the space, the proxy and the firewall; else try again later"}
}

// redact removes the key and the token from a text.
func (c *Client) redact(text string) string { return redact.Text(text, c.secrets()...) }

func (c *Client) secrets() []string {
	return []string{string(c.Options.APIKey), string(c.Options.Token)}
}
