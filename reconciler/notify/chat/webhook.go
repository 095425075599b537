package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"reconcile/reconciler/notify"
)

// Webhook posts the notification as JSON, signed as Standard Webhooks says
// (https://www.standardwebhooks.com): HMAC-SHA256 of the id, the time and the body.
type Webhook struct {
	URL    string
	Secret SecretReader // of the signature
	Now    func() time.Time
}

// base64Prefix begins a secret that is base64.
const base64Prefix = "whsec_"

// Channel returns "webhook:" and the address.
func (w Webhook) Channel() string { return "webhook:" + w.URL }

// Notify posts the notification. The same notification has the same id, so that a receiver can
// drop one that was sent twice.
func (w Webhook) Notify(ctx context.Context, r *notify.Notification) error {
	id, now := "msg_"+string(r.Run), w.Now()
	body, err := json.Marshal(struct {
		Type      string               `json:"type"`
		Timestamp time.Time            `json:"timestamp"`
		Data      *notify.Notification `json:"data"`
	}{"reconcile.notification", r.At, r})
	if err != nil {
		return err
	}
	secret, err := w.Secret(ctx)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	newSigner := func() (*standardwebhooks.Webhook, error) { return standardwebhooks.NewWebhookRaw([]byte(secret)) }
	if strings.HasPrefix(string(secret), base64Prefix) {
		newSigner = func() (*standardwebhooks.Webhook, error) { return standardwebhooks.NewWebhook(string(secret)) }
	}
	signer, err := newSigner()
	if err != nil {
		return errors.New("webhook: the secret of the signature is not valid") // the error could quote it
	}
	signature, err := signer.Sign(id, now, body)
	if err != nil {
		return fmt.Errorf("webhook: sign the message: %w", err)
	}
	return post(ctx, "webhook", w.URL, string(body), http.Header{
		"Content-Type": {"application/json"}, "Webhook-Id": {id}, "Webhook-Timestamp": {strconv.FormatInt(now.Unix(), 10)}, "Webhook-Signature": {signature},
	})
}
