package awstest

import (
	"regexp"
	"slices"
	"sync"
)

// databases is what moto forgets of Amazon RDS (Amazon RDS API Reference,
// DBInstance and Parameter): whether Performance Insights is on, and that a
// parameter is a user's.
type databases struct {
	mu       sync.Mutex
	insights map[string]string // as they are told, by Region and instance
}

func newDatabases() *databases { return &databases{insights: map[string]string{}} }

var (
	dbInstance  = regexp.MustCompile(`<DBInstanceIdentifier>([^<]+)</DBInstanceIdentifier>`)
	dbParameter = regexp.MustCompile(`<ApplyMethod>[^<]*</ApplyMethod>`)
)

func (d *databases) serve(c *call, moto func(*call) *answer) *answer {
	got := moto(c)
	d.mu.Lock()
	defer d.mu.Unlock()
	if form := c.form(); form.Get("EnablePerformanceInsights") != "" {
		told := element("PerformanceInsightsEnabled", form.Get("EnablePerformanceInsights"))
		for _, member := range []string{"PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod"} {
			if v := form.Get(member); v != "" {
				told += element(member, v)
			}
		}
		d.insights[c.region+"/"+form.Get("DBInstanceIdentifier")] = told
	}
	if c.operation == "DescribeDBParameters" {
		got.body = dbParameter.ReplaceAllFunc(got.body, func(found []byte) []byte {
			return slices.Concat(found, []byte(element("Source", "user")))
		})
	}
	got.body = dbInstance.ReplaceAllFunc(got.body, func(found []byte) []byte {
		return slices.Concat(found, []byte(d.insights[c.region+"/"+string(dbInstance.FindSubmatch(found)[1])]))
	})
	return got
}
