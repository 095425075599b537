package env_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/modules/tftest"
)

// serviceNames are AWS's names of services by the prefix of resource types; the longest
// matching prefix counts.
var serviceNames = map[string]string{
	"acm": "ACM", "api_gateway": "API Gateway", "apigatewayv2": "API Gateway", "autoscaling": "Auto Scaling", "backup": "Backup",
	"cloudwatch": "CloudWatch", "codebuild": "CodeBuild", "db": "RDS", "dx": "Direct Connect", "dynamodb": "DynamoDB",
	"ec2_transit_gateway": "Transit Gateway", "ecr": "ECR", "ecs": "ECS", "efs": "EFS", "globalaccelerator": "Global Accelerator",
	"iam": "IAM", "kms": "KMS", "lambda": "Lambda", "launch_template": "EC2", "key_pair": "EC2", "lb": "ELB", "route53": "Route 53",
	"s3": "S3", "scheduler": "EventBridge", "secretsmanager": "Secrets Manager", "sns": "SNS", "vpn_gateway": "Site-to-Site VPN",

	"default_security_group": "VPC", "eip": "VPC", "flow_log": "VPC", "internet_gateway": "VPC", "nat_gateway": "VPC", "network_acl": "VPC",
	"route": "VPC", "security_group": "VPC", "subnet": "VPC", "vpc": "VPC",
}

// TestReadme compares the table of workspaces, modules and services in the
// READMEs with the tree.
func TestReadme(t *testing.T) {
	t.Parallel()
	dependsOn := map[string][]string{}
	for _, n := range loadGraph(t, newEstateRepo(t)) {
		dependsOn[n.Name] = n.DependsOn
	}
	var rows strings.Builder
	for _, name := range listWorkspaces(t) {
		var modules []string
		for module := range moduleCalls(t, name) {
			if base := filepath.Base(module); base != "upstream" {
				modules = append(modules, fmt.Sprintf("[%s](modules/%s)", base, base))
			}
		}
		slices.Sort(modules)
		region := map[string]string{"var.site.regions.tokyo": "Tokyo", "var.site.regions.osaka": "Osaka"}[readWorkspace(t, name).blocks["provider"][0].Attr("region")]
		used := map[string]bool{}
		addServices(t, name, nil, used)
		fmt.Fprintf(&rows, "| [%s](env/%s) | %s | %s | %s | %s |\n", name, name, region,
			strings.Join(dependsOn[name], ", "), strings.Join(modules, ", "), strings.Join(slices.Sorted(maps.Keys(used)), ", "))
	}
	japanese := strings.NewReplacer("| Tokyo |", "| 東京 |", "| Osaka |", "| 大阪 |")
	for path, table := range map[string]string{
		"../README.md":    "| workspace | Region | after | modules | AWS services |\n|---|---|---|---|---|\n" + rows.String(),
		"../README.ja.md": "| ワークスペース | リージョン | 先に適用 | モジュール | AWS のサービス |\n|---|---|---|---|---|\n" + japanese.Replace(rows.String()),
	} {
		tftest.CheckTables(t, path, "env", "\n"+table+"\n", *update)
	}
}

// addServices adds the services that a folder, which call called, and its modules use.
func addServices(t *testing.T, dir string, call *tftest.Block, used map[string]bool) {
	for _, r := range createdBlocks(t, dir, call, "resource") {
		kind, isAWS := strings.CutPrefix(r.Labels[0], "aws_")
		if !isAWS {
			continue
		}
		best := ""
		for begin := range serviceNames {
			if strings.HasPrefix(kind, begin) && len(begin) > len(best) {
				best = begin
			}
		}
		if best == "" {
			t.Errorf("unknown service of %s: add it to env/readme_test.go", r.Labels[0])
		}
		used[serviceNames[best]] = true
	}
	for _, m := range createdBlocks(t, dir, call, "module") {
		addServices(t, filepath.Join(dir, strings.Trim(m.Attr("source"), `"`)), &m, used)
	}
}
