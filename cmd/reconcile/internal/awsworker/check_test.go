package awsworker

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// A project must allow as many builds at once as a pass starts.
func TestCheckCodeBuild(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		project string
		isFit   bool
	}{
		"no limit":  {`{"name": "p"}`, true},
		"high":      {`{"name": "p", "concurrentBuildLimit": 4}`, true},
		"low":       {`{"name": "p", "concurrentBuildLimit": 3}`, false},
		"not there": {``, false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"projects": [`+c.project+`]}`)
		}))
		cfg := aws.Config{Region: "ap-northeast-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}
		if err := CheckCodeBuild(t.Context(), cfg, "p", 4); (err == nil) != c.isFit {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
}
