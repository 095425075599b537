package awsredact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
)

// TestProtect uses a server that rejects every signature and quotes the request, as AWS
// does.
func TestProtect(t *testing.T) {
	t.Parallel()
	const key, token = "wJalrXUtnFEMI/K7MDENG+secret", "FwoGZXIvYXdzEB//token+with/signs=="
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		quoted := fmt.Sprintf("The Canonical String for this request should have been 'GET x-amz-security-token:%s %s %s'",
			r.Header.Get("X-Amz-Security-Token"), url.QueryEscape(token), key)
		w.WriteHeader(http.StatusForbidden)
		if r.Header.Get("X-Amz-Target") != "" {
			fmt.Fprintf(w, `{"__type":"InvalidSignatureException","message":%q}`, quoted)
			return
		}
		io.WriteString(w, "<Error><Code>SignatureDoesNotMatch</Code><Message>"+quoted+"</Message></Error>")
	}))
	defer server.Close()
	cfg := aws.Config{
		Region: "ap-northeast-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("AKID", key, token)),
	}
	RedactErrors(&cfg)
	_, fromSecrets := secretsmanager.NewFromConfig(cfg).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("x")})
	_, fromS3 := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }).
		GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
	for name, err := range map[string]error{"Secrets Manager": fromSecrets, "S3": fromS3} {
		var api smithy.APIError
		if err == nil || !errors.As(err, &api) || !strings.Contains(api.ErrorCode(), "Signature") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, secret := range []string{key, token, url.QueryEscape(token)} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %q is in %s", name, secret, err)
			}
		}
		if !strings.Contains(err.Error(), "(redacted)") {
			t.Errorf("%s: nothing was hidden in %s", name, err)
		}
	}
}

// TestErrorOfGettingCredentials: an error of the provider of credentials quotes those of the
// environment, and there are no others to compare it with.
func TestErrorOfGettingCredentials(t *testing.T) {
	const token = "FwoGZXIvYXdzEB//token+of/the/environment=="
	t.Setenv("AWS_SESSION_TOKEN", token)
	cfg := aws.Config{
		Region: "ap-northeast-1", RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("AssumeRole: x-amz-security-token:" + token + " " + url.QueryEscape(token))
		}),
	}
	RedactErrors(&cfg)
	_, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("x")})
	if err == nil || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), url.QueryEscape(token)) || !strings.Contains(err.Error(), "(redacted)") {
		t.Errorf("the error: %v", err)
	}
}
