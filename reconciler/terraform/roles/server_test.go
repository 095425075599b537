package roles_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"reconcile/reconciler/terraform/roles"
)

// TestServer: the SDK's own chain finds the server by its environment, and asks again for
// credentials that end in the next five minutes.
func TestServer(t *testing.T) {
	asked, fails := 0, false
	server, err := roles.NewServer(func(context.Context) (roles.Credentials, error) {
		asked++
		if fails {
			return roles.Credentials{}, errors.New("STS says no")
		}
		lasts := time.Minute
		if asked == 2 {
			lasts = time.Hour
		}
		return roles.Credentials{AccessKeyID: "ASIA" + strings.Repeat("x", asked), SecretAccessKey: "secret", SessionToken: "token", EndsAt: time.Now().Add(lasts)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	environment := server.Environment()
	for name, value := range environment {
		t.Setenv(name, value)
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"ASIAx", "ASIAxx", "ASIAxx"} {
		got, err := cfg.Credentials.Retrieve(t.Context())
		if err != nil || got.AccessKeyID != want || got.SecretAccessKey != "secret" || got.SessionToken != "token" {
			t.Errorf("request %d: %+v, %v", i, got, err)
		}
	}
	fails = true
	cfg.Credentials.(*aws.CredentialsCache).Invalidate()
	if _, err := cfg.Credentials.Retrieve(t.Context()); err == nil || !strings.Contains(err.Error(), "STS says no") {
		t.Errorf("a failure of STS: %v", err)
	}

	// Another program of this machine does not have the token.
	before := asked
	for _, token := range []string{"", "Bearer x", strings.ToLower(environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"])} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"], nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", token)
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.StatusCode != http.StatusForbidden || asked != before {
			t.Errorf("with the token %q: %s", token, got.Status)
		}
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := cfg.Credentials.Retrieve(t.Context()); err == nil {
		t.Error("a closed server gives credentials")
	}
}
