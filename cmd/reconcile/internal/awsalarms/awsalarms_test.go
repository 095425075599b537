package awsalarms_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"reconcile/cmd/reconcile/internal/awsalarms"
	"reconcile/internal/awsfake"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform/roles"
)

const (
	tokyo   = "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:errors"
	osaka   = "arn:aws:cloudwatch:ap-northeast-3:123456789012:alarm:errors"
	missing = "arn:aws:cloudwatch:ap-northeast-3:123456789012:alarm:none"
)

func TestReadAlarms(t *testing.T) {
	t.Parallel()
	fake := awsfake.Start(t, nil)
	fake.SetAlarm(tokyo, "OK")
	fake.SetAlarm(osaka, "ALARM")
	assumed := ""
	reader := awsalarms.Reader{
		AWS: func() (aws.Config, error) {
			return aws.Config{
				Region: "us-east-1", BaseEndpoint: &fake.URL, RetryMaxAttempts: 1,
				Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
			}, nil
		},
		AssumeRole: func(_ context.Context, role, _ string) (roles.Credentials, error) {
			if assumed = role; strings.HasSuffix(role, "denied") {
				return roles.Credentials{}, errors.New("not allowed")
			}
			return roles.Credentials{AccessKeyID: "c", SecretAccessKey: "d", SessionToken: "e"}, nil
		},
	}
	states := func(role string) (got []run.AlarmState, why string) {
		for _, r := range reader.ReadAlarms(t.Context(), role, []string{osaka, missing, tokyo}) {
			got = append(got, r.State)
			why += r.Why + ";"
		}
		return got, why
	}
	if got, why := states("role/plan"); !slices.Equal(got, []run.AlarmState{run.AlarmOn, run.AlarmMissing, run.AlarmOK}) || !strings.Contains(why, "no such alarm") || assumed != "role/plan" {
		t.Errorf("got %v: %s (as %q)", got, why, assumed)
	}
	none := []run.AlarmState{run.AlarmUnreadable, run.AlarmUnreadable, run.AlarmUnreadable}
	if got, why := states("role/denied"); !slices.Equal(got, none) || !strings.Contains(why, "assume role/denied: not allowed") {
		t.Errorf("a role that cannot be assumed: %v: %s", got, why)
	}
	fake.DenyAlarms("AccessDenied")
	if got, why := states(""); !slices.Equal(got, none) || !strings.Contains(why, "AccessDenied") {
		t.Errorf("without the right: %v: %s", got, why)
	}
}
