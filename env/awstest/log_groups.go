package awstest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// logGroupsOf returns the log groups that AWS makes by itself when it has answered a call,
// unless they exist. They have no key of ours and no end. Sources: RDS User Guide,
// "Publishing database logs to Amazon CloudWatch Logs"; API Gateway Developer Guide, "Set
// up CloudWatch logging for REST APIs"; Amazon ECS Developer Guide, "Container Insights";
// RDS User Guide, "Enhanced Monitoring".
func logGroupsOf(c *call) (groups []string) {
	form := c.form()
	switch c.service + " " + c.operation {
	case "rds CreateDBInstance", "rds CreateDBInstanceReadReplica", "rds ModifyDBInstance":
		for name, values := range form {
			if strings.HasPrefix(name, "EnableCloudwatchLogsExports.") || strings.HasPrefix(name, "CloudwatchLogsExportConfiguration.EnableLogTypes.") {
				groups = append(groups, fmt.Sprintf("/aws/rds/instance/%s/%s", form.Get("DBInstanceIdentifier"), values[0]))
			}
		}
		if interval := form.Get("MonitoringInterval"); interval != "" && interval != "0" {
			groups = append(groups, "RDSOSMetrics")
		}
	case "apigateway PATCH /account":
		if strings.Contains(string(c.body), "/cloudwatchRoleArn") {
			groups = append(groups, "/aws/apigateway/welcome")
		}
	case "ecs CreateCluster":
		in := c.bodyObject()
		settings, _ := in["settings"].([]any)
		for _, setting := range settings {
			if s, ok := setting.(map[string]any); ok && s["name"] == "containerInsights" && s["value"] != "disabled" {
				groups = append(groups, fmt.Sprintf("/aws/ecs/containerinsights/%s/performance", asString(in["clusterName"])))
			}
		}
	}
	return groups
}

// makeLogGroups makes the log groups that AWS makes by itself after a call.
func (s *Server) makeLogGroups(c *call) {
	for _, group := range logGroupsOf(c) {
		made := (&call{service: "logs", region: c.region, method: http.MethodPost, path: "/", header: signedHeader("logs", c.region)}).withBody(map[string]any{"logGroupName": group})
		made.header.Set("X-Amz-Target", "Logs_20140328.CreateLogGroup")
		made.header.Set("Content-Type", "application/x-amz-json-1.1")
		s.handlers["logs"](made, s.forward) // an error: it exists
	}
}

// LogGroup is a log group as CloudWatch Logs describes it.
type LogGroup struct {
	Name, KeyARN string
	Days         int // 0: logs never expire
}

// LogGroups returns the log groups of a Region.
func (s *Server) LogGroups(region string) (groups []LogGroup) {
	c := (&call{service: "logs", region: region, method: http.MethodPost, path: "/", header: signedHeader("logs", region)}).withBody(map[string]any{})
	c.header.Set("X-Amz-Target", "Logs_20140328.DescribeLogGroups")
	c.header.Set("Content-Type", "application/x-amz-json-1.1")
	found, _ := decodeObject(s.handlers["logs"](c, s.forward).body)["logGroups"].([]any)
	for _, each := range found {
		group, _ := each.(map[string]any)
		days, _ := strconv.Atoi(fmt.Sprint(group["retentionInDays"]))
		groups = append(groups, LogGroup{Name: asString(group["logGroupName"]), KeyARN: asString(group["kmsKeyId"]), Days: days})
	}
	return groups
}
