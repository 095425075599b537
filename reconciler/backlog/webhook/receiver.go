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

// MaxBody is the longest body that is read, in bytes. A push of a thousand
// commits with their messages fits.
const MaxBody = 512 << 10

// maxConcurrent bounds the calls that a Handler answers at one time. With
// MaxBody it bounds their memory.
const maxConcurrent = 8

// ErrRunning is returned by a Receiver's Start when a pass is running and no
// other can be started beside it.
var ErrRunning = errors.New("a pass is running")

// Receiver takes webhooks and starts passes.
type Receiver struct {
	Filter  Filter
	Sources Sources
	// Token returns the secret that callers must know.
	Token func(ctx context.Context) (backlog.Secret, error)
	// Start starts a pass, or sees to it that one starts, and returns which.
	// It may be called again for an event of the same ID, and starts nothing
	// then if it can know.
	Start func(ctx context.Context, e Event) (pass string, err error)
	// Patience is how long Token and Start may take together.
	Patience time.Duration
	Log      *slog.Logger

	repeats repeats
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
	Started  = "started"
	Running  = "running"  // a pass was running already, which asks Git again before it ends
	Repeated = "repeated" // it was received before
	Ignored  = "ignored"  // it is not about the watched branch
	Refused  = "refused"  // it is no webhook of Backlog's
	Failed   = "failed"   // we could not do our part; polling finds what was missed
	Busy     = "busy"     // too many calls came at once
)

// Answer is what the caller is told.
type Answer struct {
	Status int    `json:"-"` // of HTTP
	Result string `json:"result"`
	Reason string `json:"reason"`
}

// Receive answers a call and logs the answer. It takes no longer than
// Patience.
func (r *Receiver) Receive(ctx context.Context, q Request) Answer {
	ctx, cancel := context.WithTimeout(ctx, r.Patience)
	defer cancel()
	answer, event := r.receive(ctx, q)
	level := slog.LevelInfo
	switch answer.Result {
	case Refused:
		level = slog.LevelWarn
	case Failed:
		level = slog.LevelError
	}
	r.Log.Log(ctx, level, "webhook", "result", answer.Result, "reason", answer.Reason, "status", answer.Status,
		"from", q.From.String(), "event", event.ID, "type", int(event.Type))
	return answer
}

func (r *Receiver) receive(ctx context.Context, q Request) (Answer, Event) {
	if refusal := r.admit(ctx, q); refusal != nil {
		return *refusal, Event{}
	}
	// One byte more than is taken shows that there is more.
	body, err := io.ReadAll(io.LimitReader(q.Body, MaxBody+1))
	switch {
	case err != nil:
		return Answer{http.StatusBadRequest, Refused, "the body could not be read to its end"}, Event{}
	case len(body) > MaxBody:
		return Answer{http.StatusRequestEntityTooLarge, Refused, fmt.Sprintf("the body is over %d bytes", MaxBody)}, Event{}
	}
	event, err := Parse(q.ContentType, body)
	if err != nil {
		return Answer{http.StatusBadRequest, Refused, err.Error()}, event
	}
	starts, reason := r.Filter.Starts(event)
	switch {
	case !starts:
		return Answer{http.StatusOK, Ignored, reason}, event
	case !r.repeats.take(event.ID, time.Now()):
		return Answer{http.StatusOK, Repeated, "it was received before"}, event
	}
	pass, err := r.Start(ctx, event)
	switch {
	case errors.Is(err, ErrRunning):
		return Answer{http.StatusOK, Running, reason + "; a pass is running, and asks Git again before it ends"}, event
	case err != nil:
		r.repeats.forget(event.ID)
		r.Log.ErrorContext(ctx, "no pass was started; polling will find what was pushed", "error", err, "event", event.ID)
		return Answer{http.StatusServiceUnavailable, Failed, "no pass could be started; see the log"}, event
	}
	return Answer{http.StatusAccepted, Started, fmt.Sprintf("%s; %s", reason, pass)}, event
}

// admit says why a call is refused, before its body is looked at.
func (r *Receiver) admit(ctx context.Context, q Request) *Answer {
	switch {
	case !r.Sources.Allow(q.From):
		return &Answer{http.StatusForbidden, Refused, "this address may not call"}
	case q.Method != http.MethodPost:
		return &Answer{http.StatusMethodNotAllowed, Refused, "a webhook is a POST"}
	}
	token, err := r.Token(ctx)
	switch {
	case err != nil:
		r.Log.ErrorContext(ctx, "the token could not be read", "error", err)
		return &Answer{http.StatusServiceUnavailable, Failed, "the token could not be read; see the log"}
	case !same(q.Token, string(token)):
		return &Answer{http.StatusForbidden, Refused, "the token is wrong or missing"}
	}
	return nil
}

// same compares in a time that tells nothing, not even of lengths. An empty
// token is none.
func same(got, want string) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && want != ""
}
