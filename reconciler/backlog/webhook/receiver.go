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

	"reconcile/reconciler/backlog"
)

// MaxBodySize is the longest body that is read, in bytes. A push of a thousand
// commits with their messages fits.
const MaxBodySize = 512 << 10

// maxConcurrent bounds the calls that a Handler answers at one time. With
// MaxBodySize it bounds their memory.
const maxConcurrent = 8

// ErrRunning is returned by a Receiver's Start when a pass is running and no
// other can be started beside it.
var ErrRunning = errors.New("a pass is running")

// Receiver takes webhooks and starts passes.
type Receiver struct {
	Filter    Filter
	Allowlist Allowlist
	// Token returns the secret that callers must know.
	Token func(ctx context.Context) (backlog.Secret, error)
	// Start starts a pass, or sees to it that one starts, and returns which.
	// It may be called again for an event of the same ID, and starts nothing
	// then if it can know.
	Start func(ctx context.Context, e Event) (pass string, err error)
	// Timeout is how long Token and Start may take together.
	Timeout time.Duration
	Log     *slog.Logger

	dedup dedup
}

// Request is a call, by whatever way it came.
type Request struct {
	Method      string
	From        netip.Addr // of the caller
	Token       string     // that it presents
	ContentType string
	// Body is read only after the address and the token were found right.
	Body io.Reader
}

// Results of calls.
const (
	ResultStarted  = "started"
	ResultRunning  = "running"  // a pass was running already, which asks Git again before it ends
	ResultRepeated = "repeated" // it was received before
	ResultIgnored  = "ignored"  // it is not about the watched branch
	ResultRefused  = "refused"  // it is no webhook of Backlog's
	ResultFailed   = "failed"   // we could not do our part; polling finds what was missed
	ResultBusy     = "busy"     // too many calls came at once
)

// Response is what the caller is told.
type Response struct {
	Status int    `json:"-"` // of HTTP
	Result string `json:"result"`
	Reason string `json:"reason"`
}

// Receive answers a call and logs the answer. It takes no longer than
// Patience.
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
	// One byte more than is taken shows that there is more.
	body, err := io.ReadAll(io.LimitReader(q.Body, MaxBodySize+1))
	switch {
	case err != nil:
		return Response{http.StatusBadRequest, ResultRefused, "the body could not be read to its end"}, Event{}
	case len(body) > MaxBodySize:
		return Response{http.StatusRequestEntityTooLarge, ResultRefused, fmt.Sprintf("the body is over %d bytes", MaxBodySize)}, Event{}
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
		return Response{http.StatusOK, ResultRepeated, "it was received before"}, event
	}
	pass, err := r.Start(ctx, event)
	switch {
	case errors.Is(err, ErrRunning):
		return Response{http.StatusOK, ResultRunning, reason + "; a pass is running, and asks Git again before it ends"}, event
	case err != nil:
		r.dedup.remove(event.ID)
		r.Log.ErrorContext(ctx, "no pass was started; polling will find what was pushed", "error", err, "event", event.ID)
		return Response{http.StatusServiceUnavailable, ResultFailed, "no pass could be started; see the log"}, event
	}
	return Response{http.StatusAccepted, ResultStarted, fmt.Sprintf("%s; %s", reason, pass)}, event
}

// checkCaller says why a call is refused, before its body is looked at.
func (r *Receiver) checkCaller(ctx context.Context, q Request) *Response {
	switch {
	case !r.Allowlist.Contains(q.From):
		return &Response{http.StatusForbidden, ResultRefused, "this address may not call"}
	case q.Method != http.MethodPost:
		return &Response{http.StatusMethodNotAllowed, ResultRefused, "a webhook is a POST"}
	}
	token, err := r.Token(ctx)
	switch {
	case err != nil:
		r.Log.ErrorContext(ctx, "the token could not be read", "error", err)
		return &Response{http.StatusServiceUnavailable, ResultFailed, "the token could not be read; see the log"}
	case !equalSecrets(q.Token, string(token)):
		return &Response{http.StatusForbidden, ResultRefused, "the token is wrong or missing"}
	}
	return nil
}

// equalSecrets compares in a time that tells nothing, not even of lengths. An empty
// token is none.
func equalSecrets(got, want string) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && want != ""
}
