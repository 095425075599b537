package awstest

import (
	"regexp"
	"slices"
	"sync"
)

// flowLogs stores the file options of flow logs, which moto drops (Amazon EC2 API
// Reference, DestinationOptionsRequest).
type flowLogs struct {
	mu      sync.Mutex
	options map[string]string // as in responses, by id
}

func newFlowLogs() *flowLogs { return &flowLogs{options: map[string]string{}} }

var (
	flowLogID = regexp.MustCompile(`(?s)<flowLogIdSet>\s*<item>([^<]+)</item>`)
	flowLog   = regexp.MustCompile(`<flowLogId>([^<]+)</flowLogId>`)
)

func (f *flowLogs) serve(c *call, moto func(*call) *response) *response {
	got := moto(c)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch c.operation {
	case "CreateFlowLogs":
		form, id := c.form(), flowLogID.FindSubmatch(got.body)
		if format := form.Get("DestinationOptions.FileFormat"); format != "" && id != nil {
			f.options[string(id[1])] = xmlElement("destinationOptions",
				xmlElement("fileFormat", format),
				xmlElement("hiveCompatiblePartitions", form.Get("DestinationOptions.HiveCompatiblePartitions")),
				xmlElement("perHourPartition", form.Get("DestinationOptions.PerHourPartition")))
		}
	case "DescribeFlowLogs":
		got.body = flowLog.ReplaceAllFunc(got.body, func(found []byte) []byte {
			return slices.Concat(found, []byte(f.options[string(flowLog.FindSubmatch(found)[1])]))
		})
	}
	return got
}
