package backlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"reconcile/internal/redact"
	"reconcile/internal/retryafter"
)

const (
	// maxResponseSize limits a response, in bytes.
	maxResponseSize = 16 << 20
	// minInterval is the time between two updates that Nulab asks for.
	minInterval = time.Second
	// defaultReset is the wait after a 429 that does not say when the limit resets.
	defaultReset = time.Minute
	// maxTries limits how often one request is sent.
	maxTries = 3
)

func (c *Client) get(ctx context.Context, path string, query url.Values, response any) error {
	return c.call(ctx, http.MethodGet, path, query, response)
}

// call sends a request and decodes its JSON response. The values are the query of a GET,
// and the form of any other request.
func (c *Client) call(ctx context.Context, method, path string, values url.Values, response any) error {
	select {
	case c.requestSlot <- struct{}{}:
		defer func() { <-c.requestSlot }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	op := method + " " + path
	start := c.Options.Now()
	for try := 1; ; try++ {
		if err := c.throttle(ctx, method); err != nil {
			return err
		}
		retryAfter, err := c.send(ctx, method, path, values, response)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if !isRetryable(method, err) || try == maxTries {
			return err
		}
		if retryAfter == 0 {
			retryAfter = time.Duration(try) * minInterval
		}
		if deadline, ok := ctx.Deadline(); c.Options.Now().Add(retryAfter).Sub(start) > c.Options.MaxWait || ok && c.Options.Now().Add(retryAfter).After(deadline) {
			return err
		}
		c.Options.Log.WarnContext(ctx, "Backlog request failed, will retry", "request", op, "after", retryAfter, "error", err)
		if err := c.Options.Sleep(ctx, retryAfter); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
	}
}

// isRetryable reports whether a request may be repeated. A rate-limited request was not
// executed. After another failure only a read may be repeated: an update may be done.
func isRetryable(method string, err error) bool {
	return errors.Is(err, ErrRateLimit) || method == http.MethodGet && errors.Is(err, ErrUnavailable)
}

// throttle waits until another update may be sent.
func (c *Client) throttle(ctx context.Context, method string) error {
	if method == http.MethodGet {
		return nil
	}
	if rest := c.lastUpdate.Add(minInterval).Sub(c.Options.Now()); rest > 0 {
		if err := c.Options.Sleep(ctx, rest); err != nil {
			return err
		}
	}
	c.lastUpdate = c.Options.Now()
	return nil
}

// send sends a request once. With an error it returns when to retry, if Backlog says so.
func (c *Client) send(ctx context.Context, method, path string, values url.Values, response any) (retryAfter time.Duration, err error) {
	op := method + " " + path
	requestCtx, cancel := context.WithTimeout(ctx, c.Options.Timeout)
	defer cancel()
	request, err := c.newRequest(requestCtx, method, path, values)
	if err != nil {
		return 0, c.transportError(op, err)
	}
	httpResponse, err := c.http.Do(request)
	if err != nil {
		return 0, c.transportError(op, err)
	}
	defer httpResponse.Body.Close()
	body, err := io.ReadAll(io.LimitReader(httpResponse.Body, maxResponseSize+1))
	switch {
	case err != nil:
		return 0, c.transportError(op, err)
	case httpResponse.StatusCode == http.StatusTooManyRequests:
		return c.rateLimitWait(httpResponse.Header), c.statusError(op, httpResponse.StatusCode, body)
	case httpResponse.StatusCode < 200 || httpResponse.StatusCode > 299:
		statusErr := c.statusError(op, httpResponse.StatusCode, body)
		if location, err := httpResponse.Location(); err == nil && errors.Is(statusErr, ErrNotBacklog) {
			statusErr.Help = c.redact(redirectHelp(location))
		}
		return 0, statusErr
	case len(body) > maxResponseSize:
		return 0, &Error{Kind: ErrTooLarge, Op: op, Status: httpResponse.StatusCode, Text: fmt.Sprintf("over %d bytes", maxResponseSize)}
	}
	if kind, _, _ := mime.ParseMediaType(httpResponse.Header.Get("Content-Type")); kind != "application/json" {
		return 0, &Error{Kind: ErrNotBacklog, Op: op, Status: httpResponse.StatusCode, Text: c.redact(fmt.Sprintf("content type is %q", kind)), Help: "check the URL of the space, and the proxy"}
	}
	if string(bytes.TrimSpace(body)) == "null" { // it would decode as an empty list
		return 0, &Error{Kind: ErrNotBacklog, Op: op, Status: httpResponse.StatusCode, Text: "the answer is null"}
	}
	if err := json.Unmarshal(body, response); err != nil {
		return 0, &Error{Kind: ErrNotBacklog, Op: op, Status: httpResponse.StatusCode, Err: redact.Error(err, c.secrets()...)}
	}
	return 0, nil
}

func (c *Client) newRequest(ctx context.Context, method, path string, values url.Values) (*http.Request, error) {
	query := url.Values{}
	var form io.Reader
	if method == http.MethodGet {
		for name, value := range values {
			query[name] = value
		}
	} else {
		form = strings.NewReader(values.Encode())
	}
	if c.Options.APIKey != "" {
		query.Set("apiKey", string(c.Options.APIKey))
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base.String()+path+"?"+query.Encode(), form)
	if err != nil {
		return nil, err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.Options.Token != "" {
		request.Header.Set("Authorization", "Bearer "+string(c.Options.Token))
	}
	request.Header.Set("Accept", "application/json")
	return request, nil
}

// rateLimitWait returns how long to wait after a 429: by Retry-After, else until
// X-RateLimit-Reset, in seconds since 1970 and too early by a fraction of a second at most.
// The limit is per minute, so a later reset is a fault of a clock.
func (c *Client) rateLimitWait(header http.Header) time.Duration {
	if wait, ok := retryafter.Wait(header, c.Options.Now()); ok {
		return max(wait, minInterval)
	}
	reset, err := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return defaultReset
	}
	wait := time.Unix(reset+1, 0).Sub(retryafter.ServerTime(header, c.Options.Now()))
	return min(max(wait, minInterval), defaultReset+time.Second)
}
