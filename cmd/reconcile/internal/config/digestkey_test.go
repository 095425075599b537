package config

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/internal/awsfake"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func panicAWS() (aws.Config, error) { panic("AWS was asked for") }

// A key file is made once, for us alone, and read by all from then on.
func TestDigestKey(t *testing.T) {
	s := Settings{DigestKey: filepath.Join(t.TempDir(), "state", "digest.key")}
	type result struct{ id, key string }
	results := make(chan result)
	const n = 8
	for range n {
		go func() {
			key, err := s.readDigestKey(t.Context(), panicAWS)
			if err != nil {
				t.Error(err)
			}
			results <- result{key.ID, string(key.Key)}
		}()
	}
	first := <-results
	for range n - 1 {
		if r := <-results; r != first {
			t.Errorf("two keys: %v and %v", first, r)
		}
	}
	info, err := os.Stat(s.DigestKey)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(s.DigestKey)); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if strings.Contains(first.key, first.id) || first.id == "" || len(first.key) < 40 {
		t.Errorf("id %q, key of %d bytes", first.id, len(first.key))
	}
}

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
	s := Settings{DigestKey: "secretsmanager://digest"}
	key := s.DigestKeyReader(AWSLoader(t.Context()))
	if _, err := key(t.Context()); err == nil {
		t.Fatal("the first read did not fail")
	}
	for range 2 {
		if k, err := key(t.Context()); err != nil || len(k.Key) == 0 {
			t.Errorf("after that: %+v, %v", k, err)
		}
	}
	if reads != failures+1 {
		t.Errorf("it was read %d times", reads)
	}
}
