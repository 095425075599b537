// Package awsalarms reads the states of CloudWatch alarms, each in its own Region.
package awsalarms

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform/roles"
)

// Reader reads alarms. It makes clients only when an alarm is to be read.
type Reader struct {
	AWS func() (aws.Config, error)
	// AssumeRole returns credentials of the role that a workspace is planned with.
	AssumeRole roles.Assumer
}

// maxNames is how many alarms one call of DescribeAlarms can name.
const maxNames = 100

// sessionName is the name of our sessions of roles.
const sessionName = "reconcile-alarms"

// ReadAlarms implements run.Alarms.
func (r *Reader) ReadAlarms(ctx context.Context, role string, arns []string) []run.AlarmReading {
	byRegion := map[string][]string{}
	states := map[string]run.AlarmReading{}
	for _, text := range arns {
		parsed, err := arn.Parse(text)
		if err != nil {
			states[text] = newUnreadable(text, err)
			continue
		}
		byRegion[parsed.Region] = append(byRegion[parsed.Region], text)
	}
	cfg, err := r.configFor(ctx, role)
	for _, region := range slices.Sorted(maps.Keys(byRegion)) {
		for group := range slices.Chunk(byRegion[region], maxNames) {
			if err != nil {
				for _, text := range group {
					states[text] = newUnreadable(text, err)
				}
				continue
			}
			maps.Copy(states, describe(ctx, cfg, region, group))
		}
	}
	readings := make([]run.AlarmReading, 0, len(arns))
	for _, text := range arns {
		readings = append(readings, states[text])
	}
	return readings
}

func newUnreadable(text string, err error) run.AlarmReading {
	return run.AlarmReading{ARN: text, State: run.AlarmUnreadable, Why: err.Error()}
}

// configFor returns the SDK's settings with the credentials of a role; "": with our own.
func (r *Reader) configFor(ctx context.Context, role string) (aws.Config, error) {
	cfg, err := r.AWS()
	if err != nil || role == "" {
		return cfg, err
	}
	c, err := r.AssumeRole(ctx, role, sessionName)
	if err != nil {
		return cfg, fmt.Errorf("assume %s: %w", role, err)
	}
	cfg.Credentials = credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)
	return cfg, nil
}

// describe reads alarms of one Region.
func describe(ctx context.Context, cfg aws.Config, region string, arns []string) map[string]run.AlarmReading {
	client := cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) { o.Region = region })
	states := map[string]run.AlarmReading{}
	var names []string
	for _, text := range arns {
		_, name, _ := strings.Cut(text, ":alarm:")
		names = append(names, name)
		states[text] = run.AlarmReading{ARN: text, State: run.AlarmMissing, Why: "there is no such alarm in this Region of the role's account"}
	}
	pages := cloudwatch.NewDescribeAlarmsPaginator(client, &cloudwatch.DescribeAlarmsInput{
		AlarmNames: names, AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}, MaxRecords: aws.Int32(maxNames),
	})
	note := func(text *string, state types.StateValue) {
		if _, asked := states[aws.ToString(text)]; asked {
			states[*text] = run.AlarmReading{ARN: *text, State: run.AlarmState(state)}
		}
	}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			for _, text := range arns {
				states[text] = newUnreadable(text, err)
			}
			return states
		}
		for _, a := range page.MetricAlarms {
			note(a.AlarmArn, a.StateValue)
		}
		for _, a := range page.CompositeAlarms {
			note(a.AlarmArn, a.StateValue)
		}
	}
	return states
}
