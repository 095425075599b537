package rights

const (
	kmsKey     = "arn:aws:kms:${Region}:${Account}:key/any"
	ec2Thing   = "arn:aws:ec2:${Region}:${Account}:"
	elbThing   = "arn:aws:elasticloadbalancing:${Region}:${Account}:"
	rdsThing   = "arn:aws:rds:${Region}:${Account}:"
	started    = ec2Thing + "instance/any " + ec2Thing + "network-interface/any " + ec2Thing + "volume/any " + ec2Thing + "security-group/any " + ec2Thing + "subnet/any " + ec2Thing + "launch-template/${LaunchTemplateId} arn:aws:ec2:${Region}::image/any"
	byTemplate = ec2Thing + "launch-template/${LaunchTemplateId}"
)

// besides are what services ask in their caller's name, and for the tags that
// things are made with. Each follows the service's own guide or, where it says
// nothing else, its page in the Service Authorization Reference.
var besides = []also{
	// Tags. (Of ELB's AddTags AWS's list knows balancers alone.)
	{on: "acm:RequestCertificate", when: "tags", asks: "acm:AddTagsToCertificate", of: "arn:aws:acm:${Region}:${Account}:certificate/any"},
	{on: "autoscaling:CreateAutoScalingGroup", when: "tags", asks: "autoscaling:CreateOrUpdateTags", of: "arn:aws:autoscaling:${Region}:${Account}:autoScalingGroup:any:autoScalingGroupName/${AutoScalingGroupName}"},
	{on: "backup:CreateBackupPlan", when: "tags", asks: "backup:TagResource", of: "arn:aws:backup:${Region}:${Account}:backup-plan:any"},
	{on: "backup:CreateBackupVault", when: "tags", asks: "backup:TagResource", of: "arn:aws:backup:${Region}:${Account}:backup-vault:${backupVaultName}"},
	{on: "cloudwatch:PutMetricAlarm", when: "tags", asks: "cloudwatch:TagResource", of: "arn:aws:cloudwatch:${Region}:${Account}:alarm:${AlarmName}"},
	{on: "directconnect:CreateDirectConnectGateway", when: "tags", asks: "directconnect:TagResource", of: "arn:aws:directconnect::${Account}:dx-gateway/any"},
	{on: "elasticfilesystem:CreateAccessPoint", when: "tags", asks: "elasticfilesystem:TagResource", of: "arn:aws:elasticfilesystem:${Region}:${Account}:access-point/any"},
	{on: "elasticfilesystem:CreateFileSystem", when: "tags", asks: "elasticfilesystem:TagResource", of: "arn:aws:elasticfilesystem:${Region}:${Account}:file-system/any"},
	{on: "elasticloadbalancing:CreateLoadBalancer", when: "tags", asks: "elasticloadbalancing:AddTags", of: elbThing + "loadbalancer/app/${Name}/any"},
	{on: "globalaccelerator:CreateAccelerator", when: "tags", asks: "globalaccelerator:TagResource", of: "arn:aws:globalaccelerator::${Account}:accelerator/any"},
	{on: "iam:CreateInstanceProfile", when: "tags", asks: "iam:TagInstanceProfile", of: "arn:aws:iam::${Account}:instance-profile${Path}${InstanceProfileName}"},
	{on: "iam:CreateRole", when: "tags", asks: "iam:TagRole", of: "arn:aws:iam::${Account}:role${Path}${RoleName}"},
	{on: "kms:CreateKey", when: "tags", asks: "kms:TagResource", of: kmsKey},
	{on: "lambda:CreateFunction", when: "tags", asks: "lambda:TagResource", of: "arn:aws:lambda:${Region}:${Account}:function:${FunctionName}"},
	{on: "logs:CreateLogGroup", when: "tags", asks: "logs:TagResource", of: "arn:aws:logs:${Region}:${Account}:log-group:${logGroupName}"},
	{on: "rds:CreateDBInstance", when: "tags", asks: "rds:AddTagsToResource", of: rdsThing + "db:${DBInstanceIdentifier}"},
	{on: "rds:CreateDBInstanceReadReplica", when: "tags", asks: "rds:AddTagsToResource", of: rdsThing + "db:${DBInstanceIdentifier}"},
	{on: "rds:CreateDBParameterGroup", when: "tags", asks: "rds:AddTagsToResource", of: rdsThing + "pg:${DBParameterGroupName}"},
	{on: "rds:CreateDBSubnetGroup", when: "tags", asks: "rds:AddTagsToResource", of: rdsThing + "subgrp:${DBSubnetGroupName}"},
	{on: "s3:CreateBucket", when: "tags", asks: "s3:TagResource", of: "arn:aws:s3:::${BucketName}"},
	{on: "sns:CreateTopic", when: "tags", asks: "sns:TagResource", of: "arn:aws:sns:${Region}:${Account}:${Name}"},

	// Roles that are given to a service.
	{on: "backup:CreateBackupSelection", asks: "iam:PassRole", of: "=IamRoleArn", context: []string{"iam:PassedToService", "backup.amazonaws.com"}},
	{on: "codebuild:CreateProject", asks: "iam:PassRole", of: "=serviceRole", context: []string{"iam:PassedToService", "codebuild.amazonaws.com"}},
	{on: "codebuild:UpdateProject", asks: "iam:PassRole", of: "=serviceRole", context: []string{"iam:PassedToService", "codebuild.amazonaws.com"}},
	{on: "lambda:CreateFunction", asks: "iam:PassRole", of: "=Role", context: []string{"iam:PassedToService", "lambda.amazonaws.com"}},
	{on: "lambda:UpdateFunctionConfiguration", asks: "iam:PassRole", of: "=Role", context: []string{"iam:PassedToService", "lambda.amazonaws.com"}},
	{on: "apigateway:PATCH", asks: "iam:PassRole", of: "=value", context: []string{"iam:PassedToService", "apigateway.amazonaws.com"}},
	{on: "s3:PutReplicationConfiguration", asks: "iam:PassRole", of: "=Role", context: []string{"iam:PassedToService", "s3.amazonaws.com"}},

	// A function's program is fetched in the name of who names it.
	{on: "lambda:CreateFunction", when: "S3Bucket", asks: "s3:GetObject", of: "arn:aws:s3:::${S3Bucket}/${S3Key}"},
	{on: "lambda:CreateFunction", when: "S3ObjectVersion", asks: "s3:GetObjectVersion", of: "arn:aws:s3:::${S3Bucket}/${S3Key}"},
	{on: "lambda:UpdateFunctionCode", when: "S3Bucket", asks: "s3:GetObject", of: "arn:aws:s3:::${S3Bucket}/${S3Key}"},
	{on: "lambda:UpdateFunctionCode", when: "S3ObjectVersion", asks: "s3:GetObjectVersion", of: "arn:aws:s3:::${S3Bucket}/${S3Key}"},

	// A bucket that is born with a lock (CreateBucket).
	{on: "s3:CreateBucket", when: "ObjectLockEnabledForBucket", asks: "s3:PutBucketObjectLockConfiguration s3:PutBucketVersioning", of: "arn:aws:s3:::${BucketName}"},

	// Logs that AWS delivers.
	{on: "ec2:CreateFlowLogs", asks: "logs:CreateLogDelivery", of: "*"},
	{on: "ec2:DeleteFlowLogs", asks: "logs:DeleteLogDelivery", of: "*"},
	{on: "globalaccelerator:UpdateAcceleratorAttributes", when: "FlowLogsS3Bucket", asks: "logs:CreateLogDelivery", of: "*"},

	// Databases have the default options.
	{on: "rds:CreateDBInstance", asks: "rds:CreateDBInstance", of: rdsThing + "og:default:any"},
	{on: "rds:CreateDBInstanceReadReplica", asks: "rds:CreateDBInstanceReadReplica", of: rdsThing + "og:default:any"},

	// Keys.
	{on: "backup:CreateBackupVault", asks: "backup-storage:MountCapsule", of: "*"},
	{on: "backup:CreateBackupVault", when: "EncryptionKeyArn", asks: "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:GenerateDataKey kms:RetireGrant", of: "=EncryptionKeyArn", context: []string{"kms:ViaService", "backup.${Region}.amazonaws.com"}},
	{on: "elasticfilesystem:CreateFileSystem", when: "KmsKeyId", asks: "kms:CreateGrant kms:DescribeKey kms:GenerateDataKeyWithoutPlaintext", of: "=KmsKeyId", context: []string{"kms:ViaService", "elasticfilesystem.${Region}.amazonaws.com"}},
	{on: "rds:CreateDBInstance", when: "KmsKeyId", asks: "kms:CreateGrant kms:DescribeKey", of: "=KmsKeyId", context: []string{"kms:ViaService", "rds.${Region}.amazonaws.com"}},
	{on: "rds:CreateDBInstanceReadReplica", when: "KmsKeyId", asks: "kms:CreateGrant kms:DescribeKey", of: "=KmsKeyId", context: []string{"kms:ViaService", "rds.${Region}.amazonaws.com"}},
	{on: "rds:CreateDBInstance", when: "MasterUserSecretKmsKeyId", asks: "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:GenerateDataKey", of: "=MasterUserSecretKmsKeyId", context: []string{"kms:ViaService", "secretsmanager.${Region}.amazonaws.com"}},
	{on: "rds:CreateDBInstance", when: "ManageMasterUserPassword", asks: "secretsmanager:CreateSecret secretsmanager:TagResource", of: "arn:aws:secretsmanager:${Region}:${Account}:secret:rds!any"},

	{on: "lambda:CreateFunction", when: "KMSKeyArn", asks: "kms:CreateGrant kms:Decrypt kms:Encrypt", of: "=KMSKeyArn", context: []string{"kms:ViaService", "lambda.${Region}.amazonaws.com"}},

	// What is in a template, Auto Scaling's caller could start.
	{on: "autoscaling:CreateAutoScalingGroup", when: "LaunchTemplateId", asks: "ec2:RunInstances", of: started, context: []string{"ec2:LaunchTemplate", byTemplate}},
	{on: "autoscaling:UpdateAutoScalingGroup", when: "LaunchTemplateId", asks: "ec2:RunInstances", of: started, context: []string{"ec2:LaunchTemplate", byTemplate}},

	// A mount target is an interface.
	{on: "elasticfilesystem:CreateMountTarget", asks: "ec2:CreateNetworkInterface", of: ec2Thing + "network-interface/any " + ec2Thing + "security-group/any " + ec2Thing + "subnet/${SubnetId}", context: []string{"aws:CalledVia", "elasticfilesystem.amazonaws.com"}},
	{on: "elasticfilesystem:DeleteMountTarget", asks: "ec2:DeleteNetworkInterface", of: ec2Thing + "network-interface/any", context: []string{"aws:CalledVia", "elasticfilesystem.amazonaws.com"}},
}
