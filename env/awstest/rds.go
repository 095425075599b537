package awstest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// databases stores what moto drops of Amazon RDS: whether Performance Insights is
// enabled, that a parameter was set by the user, what a replica follows until it is
// promoted, and the resource id, which is the same for all of moto's (Amazon RDS API
// Reference, DBInstance, Parameter, and PromoteReadReplica). A version has two parts
// ("17.5"), also if a request named only the first.
type databases struct {
	mu       sync.Mutex
	insights map[string]string // as in responses, by Region and instance
	sources  map[string]string // ARNs of what replicas follow, by Region and instance
	names    map[string]string // by Region and resource id
	// restorable is until when each database can be restored; zero leaves it out.
	restorable time.Time
}

// SetRestorableTime sets LatestRestorableTime of all databases, which moves by itself on AWS.
func (s *Server) SetRestorableTime(at time.Time) {
	s.databases.mu.Lock()
	defer s.databases.mu.Unlock()
	s.databases.restorable = at
}

func newDatabases() *databases {
	return &databases{insights: map[string]string{}, sources: map[string]string{}, names: map[string]string{}}
}

// resourceID returns the resource id of an instance.
func (d *databases) resourceID(region, name string) string {
	sum := sha256.Sum256([]byte(region + "/" + name))
	id := "db-" + strings.ToUpper(hex.EncodeToString(sum[:13]))
	d.names[region+"/"+id] = name
	return id
}

var (
	dbInstance  = regexp.MustCompile(`(?s)<DBInstance>.*?</DBInstance>`)
	dbName      = regexp.MustCompile(`<DBInstanceIdentifier>([^<]+)</DBInstanceIdentifier>`)
	dbVersion   = regexp.MustCompile(`<EngineVersion>(\d+)</EngineVersion>`)
	dbResource  = regexp.MustCompile(`<DbiResourceId>[^<]*</DbiResourceId>`)
	dbParameter = regexp.MustCompile(`<ApplyMethod>[^<]*</ApplyMethod>`)
)

func (d *databases) serve(c *call, moto func(*call) *response) *response {
	form := c.form()
	// EngineVersion is "the version number of the database engine to upgrade to"
	// (ModifyDBInstance), and DescribeDBEngineVersions lists no version as the target of
	// an upgrade from itself.
	if version := form.Get("EngineVersion"); c.operation == "ModifyDBInstance" && version != "" {
		current := dbVersion.FindSubmatch(describeDatabase(c.region, form.Get("DBInstanceIdentifier"), moto))
		if current != nil && strings.HasPrefix(string(current[1])+".", version+".") {
			return c.errorResponse("InvalidParameterCombination", "cannot upgrade %s from %s to %s", form.Get("DBInstanceIdentifier"), current[1], version)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	name := c.region + "/" + form.Get("DBInstanceIdentifier")
	var got *response
	switch {
	case c.operation == "DescribeOrderableDBInstanceOptions":
		return describeClasses(c)
	case c.operation == "CreateDBInstanceReadReplica":
		got = d.createReplica(c, name, moto)
	case c.operation == "DeleteDBInstance" && d.sources[name] != "" && form.Get("FinalDBSnapshotIdentifier") != "":
		// "Can't be specified when deleting a read replica" (DeleteDBInstance).
		return c.errorResponse("InvalidParameterCombination", "FinalDBSnapshotIdentifier cannot be specified when deleting a replica")
	case form.Get("Filters.Filter.1.Name") == "dbi-resource-id":
		named := *c
		if instance := d.names[c.region+"/"+form.Get("Filters.Filter.1.Values.Value.1")]; instance != "" {
			form.Set("Filters.Filter.1.Name", "db-instance-id")
			form.Set("Filters.Filter.1.Values.Value.1", instance)
			named.body = []byte(form.Encode())
		}
		got = moto(&named)
	default:
		got = moto(c)
	}
	if got.status >= http.StatusBadRequest {
		return got
	}
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
	case "PromoteReadReplica", "DeleteDBInstance":
		delete(d.sources, name)
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
		found = dbResource.ReplaceAll(found, []byte(xmlElement("DbiResourceId", d.resourceID(c.region, string(m[1])))))
		found = dbVersion.ReplaceAll(found, []byte("<EngineVersion>$1.5</EngineVersion>"))
		more := d.insights[name]
		if !d.restorable.IsZero() {
			more += xmlElement("LatestRestorableTime", d.restorable.UTC().Format(time.RFC3339))
		}
		if source := d.sources[name]; source != "" {
			more += xmlElement("ReadReplicaSourceDBInstanceIdentifier", source)
		}
		return bytes.Replace(found, m[0], slices.Concat(m[0], []byte(more)), 1)
	})
	return got
}

// describeDatabase returns an instance as moto describes it.
func describeDatabase(region, name string, moto func(*call) *response) []byte {
	return moto(newQueryCall("rds", region, url.Values{
		"Action": {"DescribeDBInstances"}, "Version": {"2014-10-31"}, "DBInstanceIdentifier": {name},
	})).body
}
