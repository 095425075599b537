package run_test

import (
	"context"
	"strings"
	"testing"

	"reconcile/reconciler/run"
)

// alarmsIn are alarms in the states of their ARNs' ends.
type alarmsIn struct{}

func (alarmsIn) ReadAlarms(_ context.Context, _ string, arns []string) (all []run.AlarmReading) {
	for _, arn := range arns {
		all = append(all, run.AlarmReading{ARN: arn, State: run.AlarmState(arn[strings.LastIndex(arn, ":")+1:])})
	}
	return all
}

// An alarm in a state that this version does not know is not OK.
func TestReadAlarmsInAnUnknownState(t *testing.T) {
	t.Parallel()
	const prefix = "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:"
	config := &run.Config{Alarms: alarmsIn{}}
	readings := config.ReadAlarms(t.Context(), "", []string{prefix + "OK", prefix + "SNOOZED", prefix})
	for i, want := range []run.AlarmState{run.AlarmOK, run.AlarmUnreadable, run.AlarmUnreadable} {
		if got := readings[i]; got.State != want || (got.Why == "") != (want == run.AlarmOK) {
			t.Errorf("%s: %s, %q", got.ARN, got.State, got.Why)
		}
	}
	if why := readings[1].Why; !strings.Contains(why, "SNOOZED") {
		t.Errorf("it says %q", why)
	}
}
