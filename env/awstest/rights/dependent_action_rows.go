package rights

const (
	kmsKeyARN   = "arn:aws:kms:${Region}:${Account}:key/any"
	ec2ARN      = "arn:aws:ec2:${Region}:${Account}:"
	elbARN      = "arn:aws:elasticloadbalancing:${Region}:${Account}:"
	rdsARN      = "arn:aws:rds:${Region}:${Account}:"
	launchARNs  = ec2ARN + "instance/any " + ec2ARN + "network-interface/any " + ec2ARN + "volume/any " + ec2ARN + "security-group/any " + ec2ARN + "subnet/any " + ec2ARN + "launch-template/${LaunchTemplateId} arn:aws:ec2:${Region}::image/any"
	templateARN = ec2ARN + "launch-template/${LaunchTemplateId}"
)

// dependentActions are the actions that services call in the name of their caller, and
// those for tags on creation. Each row follows the service's own guide or, if that says
// nothing else, its page in the Service Authorization Reference.
var dependentActions = []dependentAction{
	// Tags. (For ELB's AddTags, AWS's list has only load balancers.)
	{action: "acm:RequestCertificate", condition: "tags", actions: "acm:AddTagsToCertificate", resources: "arn:aws:acm:${Region}:${Account}:certificate/any"},
	{action: "autoscaling:CreateAutoScalingGroup", condition: "tags", actions: "autoscaling:CreateOrUpdateTags", resources: "arn:aws:autoscaling:${Region}:${Account}:autoScalingGroup:any:autoScalingGroupName/${AutoScalingGroupName}"},
	{action: "backup:CreateBackupPlan", condition: "tags", actions: "backup:TagResource", resources: "arn:aws:backup:${Region}:${Account}:backup-plan:any"},
	{action: "backup:CreateBackupVault", condition: "tags", actions: "backup:TagResource", resources: "arn:aws:backup:${Region}:${Account}:backup-vault:${backupVaultName}"},
	{action: "cloudwatch:PutMetricAlarm", condition: "tags", actions: "cloudwatch:TagResource", resources: "arn:aws:cloudwatch:${Region}:${Account}:alarm:${AlarmName}"},
	{action: "directconnect:CreateDirectConnectGateway", condition: "tags", actions: "directconnect:TagResource", resources: "arn:aws:directconnect::${Account}:dx-gateway/any"},
	{action: "elasticfilesystem:CreateAccessPoint", condition: "tags", actions: "elasticfilesystem:TagResource", resources: "arn:aws:elasticfilesystem:${Region}:${Account}:access-point/any"},
	{action: "elasticfilesystem:CreateFileSystem", condition: "tags", actions: "elasticfilesystem:TagResource", resources: "arn:aws:elasticfilesystem:${Region}:${Account}:file-system/any"},
	{action: "elasticloadbalancing:CreateLoadBalancer", condition: "tags", actions: "elasticloadbalancing:AddTags", resources: elbARN + "loadbalancer/app/${Name}/any"},
	{action: "globalaccelerator:CreateAccelerator", condition: "tags", actions: "globalaccelerator:TagResource", resources: "arn:aws:globalaccelerator::${Account}:accelerator/any"},
	{action: "iam:CreateInstanceProfile", condition: "tags", actions: "iam:TagInstanceProfile", resources: "arn:aws:iam::${Account}:instance-profile${Path}${InstanceProfileName}"},
	{action: "iam:CreateRole", condition: "tags", actions: "iam:TagRole", resources: "arn:aws:iam::${Account}:role${Path}${RoleName}"},
	{action: "kms:CreateKey", condition: "tags", actions: "kms:TagResource", resources: kmsKeyARN},
	{action: "lambda:CreateFunction", condition: "tags", actions: "lambda:TagResource", resources: "arn:aws:lambda:${Region}:${Account}:function:${FunctionName}"},
	{action: "logs:CreateLogGroup", condition: "tags", actions: "logs:TagResource", resources: "arn:aws:logs:${Region}:${Account}:log-group:${logGroupName}"},
	{action: "rds:CreateDBInstance", condition: "tags", actions: "rds:AddTagsToResource", resources: rdsARN + "db:${DBInstanceIdentifier}"},
	{action: "rds:CreateDBInstanceReadReplica", condition: "tags", actions: "rds:AddTagsToResource", resources: rdsARN + "db:${DBInstanceIdentifier}"},
	{action: "rds:CreateDBParameterGroup", condition: "tags", actions: "rds:AddTagsToResource", resources: rdsARN + "pg:${DBParameterGroupName}"},
	{action: "rds:CreateDBSubnetGroup", condition: "tags", actions: "rds:AddTagsToResource", resources: rdsARN + "subgrp:${DBSubnetGroupName}"},
	{action: "s3:CreateBucket", condition: "tags", actions: "s3:TagResource", resources: "arn:aws:s3:::${BucketName}"},
	{action: "sns:CreateTopic", condition: "tags", actions: "sns:TagResource", resources: "arn:aws:sns:${Region}:${Account}:${Name}"},

	// Roles that are passed to a service.
	{action: "backup:CreateBackupSelection", actions: "iam:PassRole", resources: "=IamRoleArn", context: []string{"iam:PassedToService", "backup.amazonaws.com"}},
	{action: "codebuild:CreateProject", actions: "iam:PassRole", resources: "=serviceRole", context: []string{"iam:PassedToService", "codebuild.amazonaws.com"}},
	{action: "codebuild:UpdateProject", actions: "iam:PassRole", resources: "=serviceRole", context: []string{"iam:PassedToService", "codebuild.amazonaws.com"}},
	{action: "lambda:CreateFunction", actions: "iam:PassRole", resources: "=Role", context: []string{"iam:PassedToService", "lambda.amazonaws.com"}},
	{action: "lambda:UpdateFunctionConfiguration", actions: "iam:PassRole", resources: "=Role", context: []string{"iam:PassedToService", "lambda.amazonaws.com"}},
	{action: "apigateway:PATCH", actions: "iam:PassRole", resources: "=value", context: []string{"iam:PassedToService", "apigateway.amazonaws.com"}},
	{action: "s3:PutReplicationConfiguration", actions: "iam:PassRole", resources: "=Role", context: []string{"iam:PassedToService", "s3.amazonaws.com"}},

	// Lambda fetches a function's program with the caller's permissions.
	{action: "lambda:CreateFunction", condition: "S3Bucket", actions: "s3:GetObject", resources: "arn:aws:s3:::${S3Bucket}/${S3Key}"},
	{action: "lambda:CreateFunction", condition: "S3ObjectVersion", actions: "s3:GetObjectVersion", resources: "arn:aws:s3:::${S3Bucket}/${S3Key}"},
	{action: "lambda:UpdateFunctionCode", condition: "S3Bucket", actions: "s3:GetObject", resources: "arn:aws:s3:::${S3Bucket}/${S3Key}"},
	{action: "lambda:UpdateFunctionCode", condition: "S3ObjectVersion", actions: "s3:GetObjectVersion", resources: "arn:aws:s3:::${S3Bucket}/${S3Key}"},

	// A bucket that is created with object lock (CreateBucket).
	{action: "s3:CreateBucket", condition: "ObjectLockEnabledForBucket", actions: "s3:PutBucketObjectLockConfiguration s3:PutBucketVersioning", resources: "arn:aws:s3:::${BucketName}"},

	// Logs that AWS delivers.
	{action: "ec2:CreateFlowLogs", actions: "logs:CreateLogDelivery", resources: "*"},
	{action: "ec2:DeleteFlowLogs", actions: "logs:DeleteLogDelivery", resources: "*"},
	{action: "globalaccelerator:UpdateAcceleratorAttributes", condition: "FlowLogsS3Bucket", actions: "logs:CreateLogDelivery", resources: "*"},

	// Databases have the default options.
	{action: "rds:CreateDBInstance", actions: "rds:CreateDBInstance", resources: rdsARN + "og:default:any"},
	{action: "rds:CreateDBInstanceReadReplica", actions: "rds:CreateDBInstanceReadReplica", resources: rdsARN + "og:default:any"},

	// Keys.
	{action: "backup:CreateBackupVault", actions: "backup-storage:MountCapsule", resources: "*"},
	{action: "backup:CreateBackupVault", condition: "EncryptionKeyArn", actions: "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:GenerateDataKey kms:RetireGrant", resources: "=EncryptionKeyArn", context: []string{"kms:ViaService", "backup.${Region}.amazonaws.com"}},
	{action: "elasticfilesystem:CreateFileSystem", condition: "KmsKeyId", actions: "kms:CreateGrant kms:DescribeKey kms:GenerateDataKeyWithoutPlaintext", resources: "=KmsKeyId", context: []string{"kms:ViaService", "elasticfilesystem.${Region}.amazonaws.com"}},
	{action: "rds:CreateDBInstance", condition: "KmsKeyId", actions: "kms:CreateGrant kms:DescribeKey", resources: "=KmsKeyId", context: []string{"kms:ViaService", "rds.${Region}.amazonaws.com"}},
	{action: "rds:CreateDBInstanceReadReplica", condition: "KmsKeyId", actions: "kms:CreateGrant kms:DescribeKey", resources: "=KmsKeyId", context: []string{"kms:ViaService", "rds.${Region}.amazonaws.com"}},
	{action: "rds:CreateDBInstance", condition: "MasterUserSecretKmsKeyId", actions: "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:GenerateDataKey", resources: "=MasterUserSecretKmsKeyId", context: []string{"kms:ViaService", "secretsmanager.${Region}.amazonaws.com"}},
	{action: "rds:CreateDBInstance", condition: "ManageMasterUserPassword", actions: "secretsmanager:CreateSecret secretsmanager:TagResource", resources: "arn:aws:secretsmanager:${Region}:${Account}:secret:rds!any"},

	{action: "lambda:CreateFunction", condition: "KMSKeyArn", actions: "kms:CreateGrant kms:Decrypt kms:Encrypt", resources: "=KMSKeyArn", context: []string{"kms:ViaService", "lambda.${Region}.amazonaws.com"}},

	// The caller of Auto Scaling needs permission to launch from the template.
	{action: "autoscaling:CreateAutoScalingGroup", condition: "LaunchTemplateId", actions: "ec2:RunInstances", resources: launchARNs, context: []string{"ec2:LaunchTemplate", templateARN}},
	{action: "autoscaling:UpdateAutoScalingGroup", condition: "LaunchTemplateId", actions: "ec2:RunInstances", resources: launchARNs, context: []string{"ec2:LaunchTemplate", templateARN}},

	// A mount target is a network interface (EFS API, CreateMountTarget and
	// DeleteMountTarget, which name no context key).
	{action: "elasticfilesystem:CreateMountTarget", actions: "ec2:CreateNetworkInterface", resources: ec2ARN + "network-interface/any " + ec2ARN + "security-group/any " + ec2ARN + "subnet/${SubnetId}"},
	{action: "elasticfilesystem:DeleteMountTarget", actions: "ec2:DeleteNetworkInterface", resources: ec2ARN + "network-interface/any"},
}
