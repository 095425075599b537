package backlog

import (
	"context"
	"time"
)

// RateLimit is a user's limit of requests in a minute.
type RateLimit struct {
	Limit     int   `json:"limit"`
	Remaining int   `json:"remaining"`
	Reset     int64 `json:"reset"` // Unix time in seconds
}

// ResetAt returns the time when the full limit is available again.
func (l RateLimit) ResetAt() time.Time { return time.Unix(l.Reset, 0) }

// RateLimits holds the limits by kind of request.
type RateLimits struct {
	Read   RateLimit `json:"read"`
	Update RateLimit `json:"update"`
	Search RateLimit `json:"search"`
	Icon   RateLimit `json:"icon"`
}

// RateLimits returns the limits of the key's user and the remaining requests.
func (c *Client) RateLimits(ctx context.Context) (RateLimits, error) {
	var response struct {
		RateLimit RateLimits `json:"rateLimit"`
	}
	err := c.get(ctx, "/rateLimit", nil, &response)
	return response.RateLimit, err
}
