package awstest

import (
	"bytes"
	"regexp"
	"slices"
	"sync"
)

// databases stores what moto drops of Amazon RDS: whether Performance Insights is
// enabled, that a parameter was set by the user, and that a promoted replica has no
// source (Amazon RDS API Reference, DBInstance, Parameter, and PromoteReadReplica).
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
	dbParameter = regexp.MustCompile(`<ApplyMethod>[^<]*</ApplyMethod>`)
)

func (d *databases) serve(c *call, moto func(*call) *response) *response {
	got := moto(c)
	d.mu.Lock()
	defer d.mu.Unlock()
	form := c.form()
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
		if d.promotedReplicas[name] {
			found = dbSource.ReplaceAll(found, nil)
		}
		return bytes.Replace(found, m[0], slices.Concat(m[0], []byte(d.insights[name])), 1)
	})
	return got
}
