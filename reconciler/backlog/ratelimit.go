package backlog

import (
	"context"
	"time"
)

// RateLimit is how often a user may ask in a minute.
type RateLimit struct {
	Limit     int   `json:"limit"`
	Remaining int   `json:"remaining"`
	Reset     int64 `json:"reset"` // in seconds since 1970
}

// ResetAt is when all of the limit is there again.
func (l RateLimit) ResetAt() time.Time { return time.Unix(l.Reset, 0) }

// RateLimits are the limits by kind of request.
type RateLimits struct {
	Read   RateLimit `json:"read"`
	Update RateLimit `json:"update"`
	Search RateLimit `json:"search"`
	Icon   RateLimit `json:"icon"`
}

// RateLimits returns the limits of the key's user, and what is left of them.
func (c *Client) RateLimits(ctx context.Context) (RateLimits, error) {
	var response struct {
		RateLimit RateLimits `json:"rateLimit"`
	}
	err := c.get(ctx, "/rateLimit", nil, &response)
	return response.RateLimit, err
}
