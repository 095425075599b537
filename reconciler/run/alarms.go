package run

import (
	"context"
	"fmt"
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

	// isAmbiguous: another alarm that was read with it has the same name.
	isAmbiguous bool
}

// Name returns the name of the alarm, for people; with its Region and account if they need them.
func (r AlarmReading) Name() string {
	parts := strings.SplitN(r.ARN, ":", 7)
	if len(parts) < 7 {
		return r.ARN
	}
	if !r.isAmbiguous {
		return parts[6]
	}
	return fmt.Sprintf("%s in %s of %s", parts[6], parts[3], parts[4])
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
		return markAmbiguous(markUnknown(c.Alarms.ReadAlarms(ctx, role, arns)))
	}
	var all []AlarmReading
	for _, arn := range arns {
		all = append(all, AlarmReading{ARN: arn, State: AlarmUnreadable, Why: "this run has no access to CloudWatch"})
	}
	return all
}

// markUnknown makes an alarm in a state that we do not know one that cannot be read: it is not OK.
func markUnknown(all []AlarmReading) []AlarmReading {
	for i, r := range all {
		switch r.State {
		case AlarmOK, AlarmOn, AlarmNoData, AlarmMissing, AlarmUnreadable:
		default:
			all[i].State, all[i].Why = AlarmUnreadable, fmt.Sprintf("its state is %q, which this version does not know", r.State)
		}
	}
	return all
}

// markAmbiguous marks the alarms that share a name.
func markAmbiguous(all []AlarmReading) []AlarmReading {
	count := map[string]int{}
	for _, r := range all {
		count[r.Name()]++
	}
	for i, r := range all {
		all[i].isAmbiguous = count[r.Name()] > 1
	}
	return all
}
