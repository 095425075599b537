package awstest

import (
	"net/url"
	"strings"
	"testing"
)

// Replicas follow a database of another Region until they are promoted, and RDS refuses
// what its documents say.
func TestReplicas(t *testing.T) {
	s := Start(t)
	call := func(want, region, action string, parameters ...string) string {
		t.Helper()
		form := url.Values{"Action": {action}, "Version": {"2014-10-31"}}
		for i := 0; i < len(parameters); i += 2 {
			form.Set(parameters[i], parameters[i+1])
		}
		got := s.serve(newQueryCall("rds", region, form))
		if code := elementOf(got.body, "Code"); code != want {
			t.Errorf("%s in %s: %q, want %q\n%s", action, region, code, want, got.body)
		}
		return string(got.body)
	}
	create := func(name string, parameters ...string) {
		t.Helper()
		call("", "ap-northeast-1", "CreateDBInstance", append([]string{
			"DBInstanceIdentifier", name, "DBInstanceClass", "db.m8g.large", "Engine", "postgres", "EngineVersion", "17",
			"MasterUsername", "us", "MasterUserPassword", "secret-secret", "AllocatedStorage", "20",
		}, parameters...)...)
	}
	const arn = "arn:aws:rds:ap-northeast-1:" + Account + ":db:"
	replicate := func(want, source string) string {
		t.Helper()
		return call(want, "ap-northeast-3", "CreateDBInstanceReadReplica", "DBInstanceIdentifier", "replica", "SourceDBInstanceIdentifier", arn+source)
	}
	source := func() string {
		t.Helper()
		return elementOf([]byte(call("", "ap-northeast-3", "DescribeDBInstances", "DBInstanceIdentifier", "replica")), "ReadReplicaSourceDBInstanceIdentifier")
	}
	create("shop", "BackupRetentionPeriod", "7")
	create("unsaved", "BackupRetentionPeriod", "0")
	create("managed", "BackupRetentionPeriod", "7", "ManageMasterUserPassword", "true")
	for _, name := range []string{"shop", "managed"} {
		id := elementOf([]byte(call("", "ap-northeast-1", "DescribeDBInstances", "DBInstanceIdentifier", name)), "DbiResourceId")
		found := call("", "ap-northeast-1", "DescribeDBInstances", "Filters.Filter.1.Name", "dbi-resource-id", "Filters.Filter.1.Values.Value.1", id)
		if got := elementOf([]byte(found), "DBInstanceIdentifier"); got != name || strings.Count(found, "<DBInstance>") != 1 {
			t.Errorf("the resource id %s of %s is that of %s", id, name, found)
		}
	}
	for class, n := range map[string]int{"db.m8g.large": 1, "db.x9.huge": 0} {
		options := call("", "ap-northeast-3", "DescribeOrderableDBInstanceOptions", "Engine", "postgres", "DBInstanceClass", class)
		if got := strings.Count(options, "<StorageType>gp3<"); got != n {
			t.Errorf("%s is offered %d times", class, got)
		}
	}
	replicate("DBInstanceNotFound", "other")
	replicate("InvalidDBInstanceState", "unsaved")
	replicate("InvalidParameterCombination", "managed")
	if got := replicate("", "shop"); !strings.Contains(got, "<CreateDBInstanceReadReplicaResult>") || elementOf([]byte(got), "EngineVersion") != "17.5" {
		t.Errorf("the new replica: %s", got)
	}
	if got := source(); got != arn+"shop" {
		t.Errorf("the replica follows %q", got)
	}
	call("InvalidParameterCombination", "ap-northeast-3", "DeleteDBInstance", "DBInstanceIdentifier", "replica", "FinalDBSnapshotIdentifier", "replica-final")
	call("", "ap-northeast-3", "PromoteReadReplica", "DBInstanceIdentifier", "replica")
	if got := source(); got != "" {
		t.Errorf("the promoted replica follows %q", got)
	}
	call("InvalidParameterCombination", "ap-northeast-3", "ModifyDBInstance", "DBInstanceIdentifier", "replica", "EngineVersion", "17")
	call("", "ap-northeast-3", "DeleteDBInstance", "DBInstanceIdentifier", "replica", "FinalDBSnapshotIdentifier", "replica-final")
}
