package rights

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func queryCall(service, form string) Call {
	values, _ := url.ParseQuery(form)
	return Call{
		Service: service, Region: "ap-northeast-1", Operation: values.Get("Action"), Method: "POST", Path: "/",
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(form),
	}
}

func pathCall(service, method, target, body string) Call {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	return Call{Service: service, Region: "ap-northeast-1", Method: method, Path: u.EscapedPath(), Query: u.Query(), Header: http.Header{}, Body: []byte(body)}
}

func jsonCall(service, operation, body string) Call {
	c := pathCall(service, "POST", "/", body)
	c.Operation = operation
	return c
}

func TestQueries(t *testing.T) {
	a := NewInventory("123456789012")
	a.Reference = NewServiceReference(t)
	a.Observe(queryCall("iam", "Action=CreateRole&RoleName=servers&Path=/estate/"), []byte(`<Arn>arn:aws:iam::123456789012:role/estate/servers</Arn><PermissionsBoundaryArn>arn:aws:iam::123456789012:policy/ceiling</PermissionsBoundaryArn>`))
	a.Observe(pathCall("s3", "PUT", "/states?encryption", `<R><KMSMasterKeyID>arn:aws:kms:ap-northeast-1:123456789012:key/1</KMSMasterKeyID></R>`), nil)
	for name, c := range map[string]struct {
		call Call
		want string
	}{
		"ids tell types; what is made has none yet": {
			queryCall("ec2", "Action=CreateSubnet&VpcId=vpc-0123456789abcdef0&TagSpecification.1.ResourceType=subnet&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=a"), `
			ec2:CreateSubnet of arn:aws:ec2:ap-northeast-1:123456789012:subnet/any, aws:RequestTag/Name a
			ec2:CreateSubnet of arn:aws:ec2:ap-northeast-1:123456789012:vpc/vpc-0123456789abcdef0
			ec2:CreateTags of arn:aws:ec2:ap-northeast-1:123456789012:subnet/any, aws:RequestTag/Name a, ec2:CreateAction CreateSubnet`,
		},
		"lists take no resource": {
			queryCall("ec2", "Action=DescribeVpcs&VpcId.1=vpc-0123456789abcdef0"), `
			ec2:DescribeVpcs of *`,
		},
		"a role is known with its path and boundary": {
			queryCall("iam", "Action=PutRolePolicy&RoleName=servers&PolicyName=x&PolicyDocument={}"), `
			iam:PutRolePolicy of arn:aws:iam::123456789012:role/estate/servers, iam:PermissionsBoundary arn:aws:iam::123456789012:policy/ceiling`,
		},
		"names by other names, and tags": {
			queryCall("rds", "Action=CreateDBSubnetGroup&DBSubnetGroupName=shop&Tags.Tag.1.Key=Owner&Tags.Tag.1.Value=us"), `
			rds:CreateDBSubnetGroup of arn:aws:rds:ap-northeast-1:123456789012:subgrp:shop, aws:RequestTag/Owner us
			rds:AddTagsToResource of arn:aws:rds:ap-northeast-1:123456789012:subgrp:shop, aws:RequestTag/Owner us`,
		},
		"a replica and its source in another Region": {
			queryCall("rds", "Action=CreateDBInstanceReadReplica&DBInstanceIdentifier=shop-2&SourceDBInstanceIdentifier=arn:aws:rds:ap-northeast-3:123456789012:db:shop"), `
			rds:CreateDBInstanceReadReplica of arn:aws:rds:ap-northeast-1:123456789012:db:shop-2
			rds:CreateDBInstanceReadReplica of arn:aws:rds:ap-northeast-3:123456789012:db:shop
			rds:CreateDBInstanceReadReplica of arn:aws:rds:ap-northeast-1:123456789012:pg:any
			rds:CreateDBInstanceReadReplica of arn:aws:rds:ap-northeast-1:123456789012:subgrp:any
			iam:CreateServiceLinkedRole of arn:aws:iam::123456789012:role/aws-service-role/rds.amazonaws.com/any, iam:AWSServiceName rds.amazonaws.com
			rds:CreateDBInstanceReadReplica of arn:aws:rds:ap-northeast-1:123456789012:og:default:any`,
		},
		"an object, and the key of its bucket": {
			pathCall("s3", "GET", "/states/tokyo/terraform.tfstate", ""), `
			s3:GetObject of arn:aws:s3:::states/tokyo/terraform.tfstate
			kms:Decrypt of arn:aws:kms:ap-northeast-1:123456789012:key/1, kms:ViaService s3.ap-northeast-1.amazonaws.com`,
		},
		"a part of a bucket, whose role is handed over": {
			pathCall("s3", "PUT", "/logs?replication", `<R><Role>arn:aws:iam::123456789012:role/estate/copier</Role></R>`), `
			s3:PutReplicationConfiguration of arn:aws:s3:::logs
			iam:PassRole of arn:aws:iam::123456789012:role/estate/copier, iam:PassedToService s3.amazonaws.com`,
		},
		"lists of names": {
			jsonCall("monitoring", "DeleteDashboards", `{"DashboardNames": ["shop-a", "shop-b"]}`), `
			cloudwatch:DeleteDashboards of arn:aws:cloudwatch::123456789012:dashboard/shop-a
			cloudwatch:DeleteDashboards of arn:aws:cloudwatch::123456789012:dashboard/shop-b`,
		},
		"the parts of a transaction": {
			jsonCall("dynamodb", "TransactWriteItems", `{"TransactItems": [{"Put": {"TableName": "t", "Item": {"pk": {"S": "LEASE"}}}}, {"ConditionCheck": {"TableName": "t"}}]}`), `
			dynamodb:ConditionCheckItem of arn:aws:dynamodb:ap-northeast-1:123456789012:table/t, dynamodb:LeadingKeys LEASE
			dynamodb:PutItem of arn:aws:dynamodb:ap-northeast-1:123456789012:table/t, dynamodb:LeadingKeys LEASE`,
		},
		"a task in a cluster": {
			jsonCall("ecs", "RunTask", `{"cluster": "c", "taskDefinition": "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/t:1"}`), `
			ecs:RunTask of arn:aws:ecs:ap-northeast-1:123456789012:task-definition/t:1, ecs:cluster arn:aws:ecs:ap-northeast-1:123456789012:cluster/c`,
		},
		"a path's names": {
			pathCall("elasticfilesystem", "GET", "/2015-02-01/file-systems/fs-1/policy", ""), `
			elasticfilesystem:DescribeFileSystemPolicy of arn:aws:elasticfilesystem:ap-northeast-1:123456789012:file-system/fs-1`,
		},
		"a path that is the resource": {
			pathCall("apigateway", "GET", "/restapis/x/stages", ""), `
			apigateway:GET of arn:aws:apigateway:ap-northeast-1::/restapis/x/stages`,
		},
		"what needs no leave": {queryCall("sts", "Action=GetCallerIdentity"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			queries, err := a.Queries(c.call)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, query := range queries {
				got = append(got, query.String())
			}
			want := strings.TrimSpace(strings.ReplaceAll(c.want, "\t", ""))
			if got := strings.Join(got, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
	for name, call := range map[string]Call{
		"no such action": queryCall("ec2", "Action=CreateCastle"),
		"no such path":   pathCall("backup", "GET", "/castles", ""),
	} {
		if queries, err := a.Queries(call); err == nil {
			t.Errorf("%s: %v", name, queries)
		}
	}
}
