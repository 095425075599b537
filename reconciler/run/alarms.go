package run

import (
	"context"
	"strings"
)

// AlarmState is the state of an alarm, in CloudWatch's words.
type AlarmState string

// States of alarms.
const (
	AlarmOK         AlarmState = "OK"
	AlarmOn         AlarmState = "ALARM"
	AlarmNoData     AlarmState = "INSUFFICIENT_DATA"
	AlarmMissing    AlarmState = "MISSING"    // not CloudWatch's: there is no such alarm
	AlarmUnreadable AlarmState = "UNREADABLE" // not CloudWatch's: Why says why
)

// AlarmReading is one alarm as it was read.
type AlarmReading struct {
	ARN   string     `json:"arn"`
	State AlarmState `json:"state"`
	Why   string     `json:"why,omitempty"`
}

// Name returns the name of the alarm, for people.
func (r AlarmReading) Name() string {
	_, name, _ := strings.Cut(r.ARN, ":alarm:")
	return name
}

// Alarms reads alarms. An alarm that cannot be read is a reading, too.
type Alarms interface {
	// ReadAlarms reads alarms with the rights of a role; "": with reconcile's own.
	ReadAlarms(ctx context.Context, role string, arns []string) []AlarmReading
}

// ReadAlarms reads alarms as the configuration says.
func (c *Config) ReadAlarms(ctx context.Context, role string, arns []string) []AlarmReading {
	if len(arns) == 0 {
		return nil
	}
	if c.Alarms != nil {
		return c.Alarms.ReadAlarms(ctx, role, arns)
	}
	var all []AlarmReading
	for _, arn := range arns {
		all = append(all, AlarmReading{ARN: arn, State: AlarmUnreadable, Why: "this run has no access to CloudWatch"})
	}
	return all
}
