package webhook

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"reconcile/internal/secret"
)

// maxBodySize is the maximum size of a body, in bytes. A push of a thousand commits with
// their messages fits.
const maxBodySize = 512 << 10

// maxConcurrent limits the calls that a Handler handles at a time. Together with
// maxBodySize it limits their memory.
const maxConcurrent = 8

// ErrRunning is returned by a Receiver's Start if a pass is already running and no other
// can start at the same time.
var ErrRunning = errors.New("a pass is running")

// Receiver receives webhooks and starts passes.
type Receiver struct {
	Filter    Filter
	Allowlist Allowlist
	// Token returns the secret that callers must know.
	Token func(ctx context.Context) (secret.Text, error)
	// Start starts a pass, or ensures that one starts, and returns its name. It may be
	// called again for an event with the same ID. Then it starts nothing, if it can know
	// that.
	Start func(ctx context.Context, e Event) (pass string, err error)
	// Timeout limits Token and Start together.
	Timeout time.Duration
	Log     *slog.Logger

	dedup dedup
}

// Request is a call over any transport.
type Request struct {
	Method      string
	From        netip.Addr // address of the caller
	Token       string     // from the caller
	ContentType string
	// Body is read only after the address and the token are checked.
	Body io.Reader
}

// Results of calls.
const (
	ResultStarted  = "started"
	ResultRunning  = "running"  // a pass was already running, and checks Git again before it ends
	ResultRepeated = "repeated" // duplicate delivery
	ResultIgnored  = "ignored"  // not about the watched branch
	ResultRefused  = "refused"  // not a Backlog webhook
	ResultFailed   = "failed"   // internal failure; polling finds what was missed
	ResultBusy     = "busy"     // too many concurrent calls
)

// Response is the response to the caller.
type Response struct {
	Status int    `json:"-"` // HTTP status
	Result string `json:"result"`
	Reason string `json:"reason"`
}

// Receive handles a call and logs the response. It takes no longer than Timeout.
func (r *Receiver) Receive(ctx context.Context, q Request) Response {
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	response, event := r.receive(ctx, q)
	level := slog.LevelInfo
	switch response.Result {
	case ResultRefused:
		level = slog.LevelWarn
	case ResultFailed:
		level = slog.LevelError
	}
	r.Log.Log(ctx, level, "webhook", "result", response.Result, "reason", response.Reason, "status", response.Status,
		"from", q.From.String(), "event", event.ID, "type", int(event.Type))
	return response
}

func (r *Receiver) receive(ctx context.Context, q Request) (Response, Event) {
	if refusal := r.checkCaller(ctx, q); refusal != nil {
		return *refusal, Event{}
	}
	// One byte more than the maximum shows that the body is too large.
	body, err := io.ReadAll(io.LimitReader(q.Body, maxBodySize+1))
	switch {
	case err != nil:
		return Response{http.StatusBadRequest, ResultRefused, "could not read the body"}, Event{}
	case len(body) > maxBodySize:
		return Response{http.StatusRequestEntityTooLarge, ResultRefused, fmt.Sprintf("the body is larger than %d bytes", maxBodySize)}, Event{}
	}
	event, err := Parse(q.ContentType, body)
	if err != nil {
		return Response{http.StatusBadRequest, ResultRefused, err.Error()}, event
	}
	starts, reason := r.Filter.ShouldStart(event)
	switch {
	case !starts:
		return Response{http.StatusOK, ResultIgnored, reason}, event
	case !r.dedup.add(event.ID, time.Now()):
		return Response{http.StatusOK, ResultRepeated, "duplicate delivery"}, event
	}
	pass, err := r.Start(ctx, event)
	switch {
	case errors.Is(err, ErrRunning):
		return Response{http.StatusOK, ResultRunning, reason + "; a pass is already running, and checks Git again before it ends"}, event
	case err != nil:
		r.dedup.remove(event.ID)
		r.Log.ErrorContext(ctx, "could not start a pass; the next poll will find the push", "error", err, "event", event.ID)
		return Response{http.StatusServiceUnavailable, ResultFailed, "could not start a pass; see the log"}, event
	}
	return Response{http.StatusAccepted, ResultStarted, fmt.Sprintf("%s; %s", reason, pass)}, event
}

// checkCaller returns the response to a refused call, before the body is read.
func (r *Receiver) checkCaller(ctx context.Context, q Request) *Response {
	switch {
	case !r.Allowlist.Contains(q.From):
		return &Response{http.StatusForbidden, ResultRefused, "this address is not allowed"}
	case q.Method != http.MethodPost:
		return &Response{http.StatusMethodNotAllowed, ResultRefused, "method not allowed: use POST"}
	}
	token, err := r.Token(ctx)
	switch {
	case err != nil:
		r.Log.ErrorContext(ctx, "could not read the token", "error", err)
		return &Response{http.StatusServiceUnavailable, ResultFailed, "could not read the token; see the log"}
	case !equalSecrets(q.Token, string(token)):
		return &Response{http.StatusForbidden, ResultRefused, "the token is wrong or missing"}
	}
	return nil
}

// equalSecrets reports whether two secrets are equal, in constant time, independent of the
// lengths. An empty token never matches.
func equalSecrets(got, want string) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && want != ""
}
