package roles_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/terraform/roles"
)

// TestRestrictedCredentials: credentials that a pull request could steal are of little use.
func TestRestrictedCredentials(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	vpc, address := []any{"vpc-1"}, []any{"203.0.113.7", "198.51.100.0/24"}
	for name, c := range map[string]struct {
		places []string
		denied any // expected condition of the Deny statement; nil: none
		fails  bool
	}{
		"anywhere":            {nil, nil, false},
		"a VPC":               {[]string{"vpc-1"}, object{"StringNotEqualsIfExists": object{"aws:SourceVpc": vpc}}, false},
		"addresses":           {[]string{"203.0.113.7", "198.51.100.0/24"}, object{"NotIpAddressIfExists": object{"aws:SourceIp": address}}, false},
		"both":                {[]string{"203.0.113.7", "vpc-1", "198.51.100.0/24"}, object{"NotIpAddressIfExists": object{"aws:SourceIp": address}, "StringNotEqualsIfExists": object{"aws:SourceVpc": vpc}}, false},
		"a name":              {[]string{"example.com"}, nil, true},
		"a range that is not": {[]string{"203.0.113.0/33"}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			var asked object
			sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = object{"lasts": r.FormValue("DurationSeconds")}
				var policy struct {
					Statement []struct {
						Effect    string
						Condition any
					}
				}
				if text := r.FormValue("Policy"); text != "" && json.Unmarshal([]byte(text), &policy) == nil && len(policy.Statement) == 2 && policy.Statement[1].Effect == "Deny" {
					asked["denied"] = policy.Statement[1].Condition
				}
				http.Error(w, "no", http.StatusForbidden)
			}))
			defer sts.Close()
			assume, err := roles.NewRestrictedAssumer(func(context.Context) (aws.Config, error) {
				return aws.Config{Region: "ap-northeast-1", BaseEndpoint: &sts.URL, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}, nil
			}, c.places)
			if (err != nil) != c.fails {
				t.Fatal(err)
			}
			if c.fails {
				return
			}
			if _, err := assume(t.Context(), "arn:aws:iam::123456789012:role/plan", "session"); err == nil {
				t.Error("credentials from nobody")
			}
			want := object{"lasts": "900"}
			if denied, ok := c.denied.(object); ok {
				denied["BoolIfExists"] = object{"aws:ViaAWSService": "false"}
				want["denied"] = denied
			}
			if diff := cmp.Diff(want, asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRoleWithoutConfig(t *testing.T) {
	t.Parallel()
	assume := roles.NewAssumer(func(context.Context) (aws.Config, error) {
		return aws.Config{}, os.ErrPermission
	})
	if _, err := assume(t.Context(), "role", "session"); err == nil {
		t.Error("credentials without settings")
	}
}
