package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"reconcile/internal/awsfake"
)

// A digest key that could not be read once is read again, and then no more.
func TestDigestKeyIsReadAgainAfterAFailure(t *testing.T) {
	cloud := awsfake.Start(t, nil)
	cloud.SetSecret("digest", "dGhpcyBpcyBub3QgYSBzZWNyZXQgYXQgYWxsLg==")
	failures, reads := 3, 0 // as many as the SDK tries
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if reads++; reads <= failures {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		cloud.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_SECRETS_MANAGER": front.URL, "AWS_REGION": "ap-northeast-1",
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	a, _, _ := newTestApp(t, t.TempDir())
	a.settings.DigestKey = "secretsmanager://digest"
	aws := a.awsConfig(t.Context())
	key := cacheSuccess(func(ctx context.Context) (digestKey, error) {
		id, key, err := a.settings.digestKey(ctx, aws)
		return digestKey{id, key}, err
	})
	if _, err := key(t.Context()); err == nil {
		t.Fatal("the first read did not fail")
	}
	for range 2 {
		if k, err := key(t.Context()); err != nil || len(k.key) == 0 {
			t.Errorf("after that: %+v, %v", k, err)
		}
	}
	if reads != failures+1 {
		t.Errorf("it was read %d times", reads)
	}
}
