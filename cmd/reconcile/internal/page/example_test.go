package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/plandigest"
	"reconcile/internal/runid"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// newExampleModel returns a record as a team has it on an ordinary day: the pictures in docs
// show it.
func newExampleModel() *Model {
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 27, hour, minute, 0, 0, time.UTC) }
	commit := func(text string) commitid.ID { return commitid.ID(strings.Repeat(text, 4)) }
	applied := func(name string, c commitid.ID, when time.Time, upstreams ...string) inspect.StatusWorkspace {
		return inspect.StatusWorkspace{Name: name, Outcome: state.Applied, Commit: c, At: when, DependsOn: upstreams, Trace: state.Trace{"env/" + name: "040000:9c4f1d20b7", "modules/vpc": "040000:1f9e77ac02"}}
	}
	old, quota, cache := commit("5be0c61f94"), commit("c41d9f02e7"), commit("9d27fae310")
	drifted, driftedAt := inspect.DriftFound, at(1, 0)
	edge := applied("edge", quota, at(1, 12), "network")
	edge.Drift, edge.DriftAt, edge.DriftChanges = &drifted, &driftedAt, &state.Changes{Change: 1}
	database := applied("database", old, at(2, 31), "network")
	database.Outcome, database.Changes, database.Digest, database.Risk = state.Blocked, state.Changes{Change: 1, Replace: 1}, testDigest, "interruption"
	database.Why = "interrupts aws_db_instance.main"
	batch := applied("batch", old, at(2, 32), "database")
	batch.Outcome = state.Skipped
	switchover := applied("switchover", cache, at(2, 28), "app-a", "app-b")
	soakEnds := at(3, 8)
	rollout := inspect.RolloutStatus{
		Workspace: "switchover", Active: true, Phase: state.RolloutSoaking, Number: 10, Next: 50, Steps: []int{10, 50, 100}, Since: at(2, 28), SoakEnds: &soakEnds,
		Shares: map[string]map[string]float64{"shares": {"app-a": 90, "app-b": 10}},
		Alarms: []run.AlarmReading{{ARN: "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:errors-app-b", State: run.AlarmOK}, {ARN: "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:latency-app-b", State: run.AlarmOK}},
	}
	switchover.Outcome, switchover.Rollout = state.Rolling, &rollout
	m := newModel(applied("network", quota, at(1, 10)), database, applied("app-a", cache, at(0, 4), "network", "database"), applied("app-b", cache, at(0, 4), "network", "database"),
		batch, edge, applied("monitoring", old, at(0, 2)), switchover)
	slices.SortFunc(m.Status.Workspaces, func(a, b inspect.StatusWorkspace) int { return cmp.Compare(a.Name, b.Name) })
	m.Site.Record, m.Site.Logs = newModel().Site.Record, logs{"database": exampleLog}
	m.At = at(2, 40)
	m.Rollouts = map[string]inspect.RolloutStatus{"switchover": rollout}
	behind := at(2, 31)
	m.Status.Head = inspect.StatusHead{Commit: commit("a18e40c7d2"), OutOfSyncSince: &behind, Run: exampleRun(5)}
	phases := func(start int64, lengths ...int64) []state.PhaseTime {
		var all []state.PhaseTime
		names := []string{"waiting", "lease", "init", "plan", "gate", "apply", "record"}
		for i, length := range append([]int64{start}, lengths...) {
			begin := int64(0)
			if i > 0 {
				begin = all[i-1].EndMS
			}
			all = append(all, state.PhaseTime{Phase: names[i], StartMS: begin, EndMS: begin + length})
		}
		return all
	}
	risks := []state.ChangeRisk{
		{Address: "aws_db_instance.main", Risk: "interruption", Why: map[string]string{"en": "a change of instance_class restarts the database, for minutes", "ja": "instance_class の変更により、データベースが数分間再起動します"}},
		{Address: "aws_db_parameter_group.main", Risk: "replace", Why: map[string]string{"en": "its name changes", "ja": "名前が変わります"}},
	}
	record := func(n int, when time.Time, c commitid.ID, subject, outcome, trigger string, workspaces ...state.RunWorkspace) state.Run {
		return state.Run{ID: exampleRun(n), ToCommit: c, Subject: subject, Outcome: outcome, Trigger: trigger, StartedAt: when, EndedAt: when.Add(time.Duration(40+7*n) * time.Second), Workspaces: workspaces}
	}
	m.Runs = []state.Run{
		record(5, at(2, 31), commit("a18e40c7d2"), "Merge pull request #142 larger database", "blocked", "webhook",
			state.RunWorkspace{Name: "network", Outcome: state.NoChanges, Phases: phases(100, 300, 2600, 7400)},
			state.RunWorkspace{Name: "monitoring", Outcome: state.Applied, Changes: state.Changes{Add: 1}, Risk: "update", Phases: phases(140, 350, 3100, 6800, 200, 14800, 500)},
			state.RunWorkspace{Name: "database", Outcome: state.Blocked, Changes: database.Changes, Risk: database.Risk, Risks: risks, StaleReasons: []string{"env/database", "modules/database"}, Phases: phases(10600, 400, 3900, 19800, 300)},
			state.RunWorkspace{Name: "batch", Outcome: state.Skipped}),
		record(4, at(1, 9), quota, "Merge pull request #141 quotas of the edge", "applied", "webhook",
			state.RunWorkspace{Name: "network", Outcome: state.Applied, Changes: state.Changes{Change: 2}}, state.RunWorkspace{Name: "edge", Outcome: state.Applied, Changes: state.Changes{Add: 1, Change: 1}}),
		record(3, at(1, 0), old, "", "drifted", "drift", state.RunWorkspace{Name: "edge", Outcome: state.Drifted, Changes: state.Changes{Change: 1}}),
		record(2, at(0, 3), cache, "Merge pull request #139 cache for both sides", "applied", "schedule",
			state.RunWorkspace{Name: "app-a", Outcome: state.Applied, Changes: state.Changes{Add: 3}}, state.RunWorkspace{Name: "app-b", Outcome: state.Applied, Changes: state.Changes{Add: 3}}),
		record(1, at(0, 1), old, "Merge pull request #137 alarms", "applied", "manual", state.RunWorkspace{Name: "monitoring", Outcome: state.Applied, Changes: state.Changes{Add: 4}}),
	}
	m.Offered = []state.OfferedPlan{
		{Workspace: "database", Digest: testDigest, Risk: "interruption", Why: database.Why, Run: exampleRun(5), OfferedAt: at(2, 32)},
		{Workspace: "app-b", Digest: plandigest.New("k1", strings.Repeat("77d04e153f9c2a1b", 4)), Risk: "destroy", Why: "deletes aws_instance.old", PullRequest: 144, OfferedAt: at(2, 20), Difference: plandigest.Difference{Changes: []plandigest.Change{{Address: "aws_instance.old", Action: "delete"}}}},
	}
	m.OfferedOn["database"] = []state.OfferComment{{PullRequest: 142, ID: 5120, Digest: testDigest}}
	return m
}

func exampleRun(n int) runid.ID { return runid.ID(fmt.Sprintf("01KB2F8QW0M4T7ZC3V9D6XHR%02d", n)) }

const exampleLog = `# terraform plan
Terraform will perform the following actions:

  # aws_db_instance.main will be updated in-place
  ~ resource "aws_db_instance" "main" {
        id                          = "estate-production"
      ~ instance_class              = "db.r6g.large" -> "db.r6g.xlarge"
      ~ parameter_group_name        = "main-15" -> "main-16"
        # (54 unchanged attributes hidden)
    }

  # aws_db_parameter_group.main must be replaced
-/+ resource "aws_db_parameter_group" "main" {
      ~ arn    = "arn:aws:rds:ap-northeast-1:123456789012:pg:main-15" -> (known after apply)
      ~ name   = "main-15" -> "main-16" # forces replacement
        # (2 unchanged attributes hidden)

      + parameter {
          + apply_method = "immediate"
          + name         = "log_min_duration_statement"
          + value        = "500"
        }
    }

Plan: 1 to add, 1 to change, 1 to destroy.`
