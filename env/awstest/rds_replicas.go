package awstest

import (
	"bytes"
	"regexp"
	"strings"
)

// createReplica creates a read replica of a database of another Region. moto would look
// for its subnet group in the source's Region, so for moto it is a database of its own with
// the source's properties.
func (d *databases) createReplica(c *call, name string, moto func(*call) *response) *response {
	form := c.form()
	arn := form.Get("SourceDBInstanceIdentifier")
	parts := strings.Split(arn, ":")
	if len(parts) != 7 || parts[3] == c.region {
		return c.errorResponse("NotImplemented", "a replica of %q: the emulator knows only sources in another Region, by ARN", arn)
	}
	source := describeDatabase(parts[3], parts[6], moto)
	switch {
	case !dbInstance.Match(source):
		return c.errorResponse("DBInstanceNotFound", "DBInstance %s not found", arn)
	case elementOf(source, "BackupRetentionPeriod") == "0":
		// RDS User Guide, "Working with DB instance read replicas": automatic backups of
		// the source must be on.
		return c.errorResponse("InvalidDBInstanceState", "Automated backups are not enabled for %s", arn)
	case bytes.Contains(source, []byte("<MasterUserSecret>")):
		// RDS User Guide, "Password management with Amazon RDS and AWS Secrets Manager",
		// limitations.
		return c.errorResponse("InvalidParameterCombination", "%s manages its master user password in Secrets Manager", arn)
	}
	for _, parameter := range []string{"PreSignedUrl", "SourceDBInstanceIdentifier", "SourceRegion"} {
		form.Del(parameter)
	}
	form.Set("Action", "CreateDBInstance")
	form.Set("BackupRetentionPeriod", "0") // a replica begins without backups (CreateDBInstanceReadReplica)
	form.Set("MasterUserPassword", "that of the source")
	form.Set("StorageEncrypted", elementOf(source, "StorageEncrypted"))
	for _, inherited := range []string{"AllocatedStorage", "Engine", "EngineVersion", "MasterUsername"} {
		form.Set(inherited, elementOf(source, inherited))
	}
	if !form.Has("DBInstanceClass") {
		form.Set("DBInstanceClass", elementOf(source, "DBInstanceClass"))
	}
	motoCall := *c
	motoCall.operation, motoCall.body = "CreateDBInstance", []byte(form.Encode())
	got := moto(&motoCall)
	if dbInstance.Match(got.body) {
		d.sources[name] = arn
	}
	got.body = bytes.ReplaceAll(got.body, []byte("CreateDBInstanceRe"), []byte("CreateDBInstanceReadReplicaRe"))
	return got
}

// elementOf returns the text of the first element of that name.
func elementOf(document []byte, name string) string {
	if m := regexp.MustCompile("<" + name + ">([^<]*)<").FindSubmatch(document); m != nil {
		return string(m[1])
	}
	return ""
}
