package awstest

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// databases stores what moto drops of Amazon RDS: whether Performance Insights is
// enabled, that a parameter was set by the user, and that a promoted replica has no
// source (Amazon RDS API Reference, DBInstance, Parameter, and PromoteReadReplica). A
// version has two parts ("17.5"), also if a request named only the first.
type databases struct {
	mu               sync.Mutex
	insights         map[string]string // as in responses, by Region and instance
	promotedReplicas map[string]bool   // by Region and instance
}

func newDatabases() *databases {
	return &databases{insights: map[string]string{}, promotedReplicas: map[string]bool{}}
}

var (
	dbInstance  = regexp.MustCompile(`(?s)<DBInstance>.*?</DBInstance>`)
	dbName      = regexp.MustCompile(`<DBInstanceIdentifier>([^<]+)</DBInstanceIdentifier>`)
	dbSource    = regexp.MustCompile(`<ReadReplicaSourceDBInstanceIdentifier>[^<]*</ReadReplicaSourceDBInstanceIdentifier>`)
	dbVersion   = regexp.MustCompile(`<EngineVersion>(\d+)</EngineVersion>`)
	dbParameter = regexp.MustCompile(`<ApplyMethod>[^<]*</ApplyMethod>`)
)

func (d *databases) serve(c *call, moto func(*call) *response) *response {
	form := c.form()
	// EngineVersion is "the version number of the database engine to upgrade to"
	// (ModifyDBInstance), and DescribeDBEngineVersions lists no version as the target of
	// an upgrade from itself.
	if version := form.Get("EngineVersion"); c.operation == "ModifyDBInstance" && version != "" {
		if current := currentVersion(c, moto); strings.HasPrefix(current+".", version+".") {
			return c.errorResponse("InvalidParameterCombination", "cannot upgrade %s from %s to %s", form.Get("DBInstanceIdentifier"), current, version)
		}
	}
	got := moto(c)
	d.mu.Lock()
	defer d.mu.Unlock()
	name := c.region + "/" + form.Get("DBInstanceIdentifier")
	if form.Get("EnablePerformanceInsights") != "" {
		elements := xmlElement("PerformanceInsightsEnabled", form.Get("EnablePerformanceInsights"))
		for _, member := range []string{"PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod"} {
			if v := form.Get(member); v != "" {
				elements += xmlElement(member, v)
			}
		}
		d.insights[name] = elements
	}
	switch c.operation {
	case "PromoteReadReplica":
		d.promotedReplicas[name] = true
	case "CreateDBInstance", "CreateDBInstanceReadReplica":
		delete(d.promotedReplicas, name)
	case "DescribeDBParameters":
		got.body = dbParameter.ReplaceAllFunc(got.body, func(found []byte) []byte {
			return slices.Concat(found, []byte(xmlElement("Source", "user")))
		})
	}
	got.body = dbInstance.ReplaceAllFunc(got.body, func(found []byte) []byte {
		m := dbName.FindSubmatch(found)
		if m == nil {
			return found
		}
		name := c.region + "/" + string(m[1])
		found = dbVersion.ReplaceAll(found, []byte("<EngineVersion>$1.5</EngineVersion>"))
		if d.promotedReplicas[name] {
			found = dbSource.ReplaceAll(found, nil)
		}
		return bytes.Replace(found, m[0], slices.Concat(m[0], []byte(d.insights[name])), 1)
	})
	return got
}

// currentVersion returns the engine version of the call's instance, as moto stores it.
func currentVersion(c *call, moto func(*call) *response) string {
	got := moto(newQueryCall("rds", c.region, url.Values{
		"Action": {"DescribeDBInstances"}, "Version": {"2014-10-31"}, "DBInstanceIdentifier": {c.form().Get("DBInstanceIdentifier")},
	}))
	if m := dbVersion.FindSubmatch(got.body); m != nil {
		return string(m[1])
	}
	return ""
}
