package rights

// linkedRoles are the services that create their service-linked role at the first use,
// with the caller's permission iam:CreateServiceLinkedRole, by the action that is a first
// use. Each service's guide says so on its page "Using service-linked roles for …":
// API Gateway, AWS Backup, Amazon EC2 Auto Scaling, Amazon EFS, Elastic Load Balancing,
// Global Accelerator, Amazon RDS, Amazon VPC Transit Gateways.
var linkedRoles = map[string]string{
	"apigateway:POST":                                  "ops.apigateway.amazonaws.com",
	"autoscaling:CreateAutoScalingGroup":               "autoscaling.amazonaws.com",
	"backup:CreateBackupSelection":                     "backup.amazonaws.com",
	"ec2:CreateTransitGatewayVpcAttachment":            "transitgateway.amazonaws.com",
	"elasticfilesystem:CreateMountTarget":              "elasticfilesystem.amazonaws.com",
	"elasticfilesystem:CreateReplicationConfiguration": "elasticfilesystem.amazonaws.com",
	"elasticloadbalancing:CreateLoadBalancer":          "elasticloadbalancing.amazonaws.com",
	"globalaccelerator:CreateAccelerator":              "globalaccelerator.amazonaws.com",
	"rds:CreateDBInstance":                             "rds.amazonaws.com",
	"rds:CreateDBInstanceReadReplica":                  "rds.amazonaws.com",
}

// linkedRoleRows returns the row for the service-linked role that the action needs, if the
// account does not have the role yet.
func (a *Inventory) linkedRoleRows(action string) []dependentAction {
	service := linkedRoles[action]
	a.mu.Lock()
	defer a.mu.Unlock()
	if service == "" || a.linked[service] {
		return nil
	}
	return []dependentAction{{
		actions:   "iam:CreateServiceLinkedRole",
		resources: "arn:aws:iam::${Account}:role/aws-service-role/" + service + "/" + wildcard,
		context:   []string{"iam:AWSServiceName", service},
	}}
}
