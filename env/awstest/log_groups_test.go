package awstest

import (
	"net/url"
	"slices"
	"testing"
)

// AWS makes log groups by itself where they are missing: without a key and without an end.
func TestLogGroupsThatAWSMakes(t *testing.T) {
	s := Start(t)
	const region = "ap-northeast-3"
	s.CallJSON(t, "logs", region, "Logs_20140328.CreateLogGroup", map[string]any{"logGroupName": "/aws/rds/instance/shop/upgrade", "kmsKeyId": "arn:aws:kms:x"})
	s.CallJSON(t, "logs", region, "Logs_20140328.PutRetentionPolicy", map[string]any{"logGroupName": "/aws/rds/instance/shop/upgrade", "retentionInDays": 400})
	s.CallQuery(t, "rds", region, url.Values{
		"Action": {"CreateDBInstance"}, "Version": {"2014-10-31"}, "DBInstanceIdentifier": {"shop"}, "DBInstanceClass": {"db.m8g.large"}, "Engine": {"postgres"},
		"EngineVersion": {"17"}, "MasterUsername": {"us"}, "MasterUserPassword": {"secret-secret"}, "AllocatedStorage": {"20"},
		"EnableCloudwatchLogsExports.member.1": {"postgresql"}, "EnableCloudwatchLogsExports.member.2": {"upgrade"},
	})
	s.CallJSON(t, "ecs", region, "AmazonEC2ContainerServiceV20141113.CreateCluster", map[string]any{
		"clusterName": "reconcile", "settings": []any{map[string]any{"name": "containerInsights", "value": "enabled"}},
	})
	s.CallJSON(t, "ecs", region, "AmazonEC2ContainerServiceV20141113.CreateCluster", map[string]any{
		"clusterName": "quiet", "settings": []any{map[string]any{"name": "containerInsights", "value": "disabled"}},
	})
	want := []LogGroup{
		{Name: "/aws/ecs/containerinsights/reconcile/performance"},
		{Name: "/aws/rds/instance/shop/postgresql"},
		{Name: "/aws/rds/instance/shop/upgrade", KeyARN: "arn:aws:kms:x", Days: 400},
	}
	if got := s.LogGroups(region); !slices.Equal(got, want) {
		t.Errorf("log groups %+v, want %+v", got, want)
	}
	account := &call{service: "apigateway", operation: "PATCH /account", body: []byte(`{"patchOperations":[{"op":"replace","path":"/cloudwatchRoleArn","value":"x"}]}`)}
	if got := logGroupsOf(account); !slices.Equal(got, []string{"/aws/apigateway/welcome"}) {
		t.Errorf("of API Gateway: %v", got)
	}
}
