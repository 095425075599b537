package main

import (
	"github.com/rogpeppe/go-internal/testscript"

	"reconcile/internal/awsfake"
)

// alarm NAME STATE sets the state of a CloudWatch alarm in Tokyo: OK, ALARM,
// INSUFFICIENT_DATA, or none for no such alarm. "alarm denied CODE" makes CloudWatch refuse
// every call, "alarm denied none" ends that.
func alarmCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: alarm NAME STATE")
	}
	w := fixtureOf(ts)
	if w.alarms == nil {
		w.alarms = awsfake.Start(w.tb, nil)
		for name, value := range map[string]string{
			"AWS_ENDPOINT_URL_CLOUDWATCH": w.alarms.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
			"AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
		} {
			ts.Setenv(name, value)
		}
	}
	value := args[1]
	if value == "none" {
		value = ""
	}
	if args[0] == "denied" {
		w.alarms.DenyAlarms(value)
		return
	}
	w.alarms.SetAlarm("arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:"+args[0], value)
}
