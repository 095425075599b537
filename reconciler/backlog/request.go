package backlog

import (
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
)

const (
	// mostAnswer bounds an answer, in bytes.
	mostAnswer = 16 << 20
	// pace is the time between two updates that Nulab asks for.
	pace = time.Second
	// lift is how long to wait after a 429 that does not say when the limit is
	// lifted.
	lift = time.Minute
	// tries bounds how often one request is sent.
	tries = 3
)

func (c *Client) get(ctx context.Context, path string, query url.Values, answer any) error {
	return c.call(ctx, http.MethodGet, path, query, answer)
}

// call sends a request and reads its JSON answer into answer. Values are the
// query of a GET, and the form of another request.
func (c *Client) call(ctx context.Context, method, path string, values url.Values, answer any) error {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	op := method + " " + path
	begun := c.Now()
	for try := 1; ; try++ {
		if err := c.slow(ctx, method); err != nil {
			return err
		}
		again, err := c.send(ctx, method, path, values, answer)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if !retryable(method, err) || try == tries {
			return err
		}
		if again == 0 {
			again = time.Duration(try) * pace
		}
		if deadline, ok := ctx.Deadline(); c.Now().Add(again).Sub(begun) > c.Patience || ok && c.Now().Add(again).After(deadline) {
			return err
		}
		c.Log.WarnContext(ctx, "Backlog: trying again", "request", op, "after", again.String(), "error", err)
		if err := c.Wait(ctx, again); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
	}
}

// retryable: what is limited was not done. After another failure only a read
// may be repeated: an update may have been done.
func retryable(method string, err error) bool {
	return errors.Is(err, ErrRateLimit) || method == http.MethodGet && errors.Is(err, ErrUnavailable)
}

// slow waits until another update may be sent.
func (c *Client) slow(ctx context.Context, method string) error {
	if method == http.MethodGet {
		return nil
	}
	if rest := c.updated.Add(pace).Sub(c.Now()); rest > 0 {
		if err := c.Wait(ctx, rest); err != nil {
			return err
		}
	}
	c.updated = c.Now()
	return nil
}

// send sends a request once. After an error it says when to try again, if
// Backlog says so.
func (c *Client) send(ctx context.Context, method, path string, values url.Values, answer any) (again time.Duration, err error) {
	op := method + " " + path
	asked, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	request, err := c.request(asked, method, path, values)
	if err != nil {
		return 0, c.broken(op, err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, c.broken(op, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer+1))
	switch {
	case err != nil:
		return 0, c.broken(op, err)
	case response.StatusCode == http.StatusTooManyRequests:
		return c.lifted(response.Header), c.refusal(op, response.StatusCode, body)
	case response.StatusCode < 200 || response.StatusCode > 299:
		return 0, c.refusal(op, response.StatusCode, body)
	case len(body) > mostAnswer:
		return 0, &Error{Kind: ErrTooLarge, Op: op, Status: response.StatusCode, Text: fmt.Sprintf("over %d bytes", mostAnswer)}
	}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind != "application/json" {
		return 0, &Error{Kind: ErrNotBacklog, Op: op, Status: response.StatusCode, Text: fmt.Sprintf("it is %q", kind), Help: "check the URL of the space, and the proxy"}
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return 0, &Error{Kind: ErrNotBacklog, Op: op, Status: response.StatusCode, Err: err}
	}
	return 0, nil
}

func (c *Client) request(ctx context.Context, method, path string, values url.Values) (*http.Request, error) {
	query := url.Values{}
	var form io.Reader
	if method == http.MethodGet {
		for name, value := range values {
			query[name] = value
		}
	} else {
		form = strings.NewReader(values.Encode())
	}
	if c.APIKey != "" {
		query.Set("apiKey", string(c.APIKey))
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base.String()+path+"?"+query.Encode(), form)
	if err != nil {
		return nil, err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+string(c.Token))
	}
	request.Header.Set("Accept", "application/json")
	return request, nil
}

// lifted is how long a rate limit holds: until X-RateLimit-Reset, in seconds
// since 1970, which is a second's fraction too early at most.
func (c *Client) lifted(header http.Header) time.Duration {
	reset, err := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return lift
	}
	return max(time.Unix(reset+1, 0).Sub(c.Now()), pace)
}
