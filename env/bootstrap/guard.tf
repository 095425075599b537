# Three policies for all roles. The guard is attached to every workspace's roles
# and denies privilege escalation. The boundary limits the roles of the control
# plane. The estate's boundary limits every role that the workspaces create.

locals {
  # ARNs of the control plane, as far as they contain names.
  own_roles   = [for type in ["instance-profile", "policy", "role"] : "arn:aws:iam::${var.site.account_id}:${type}/reconcile/*"]
  own_buckets = [for kind in ["reconcile", "states"] : "arn:aws:s3:::${var.site.prefix}-${kind}*-${var.site.account_id}"] # local.buckets
  own = [
    "arn:aws:cloudwatch:*:${var.site.account_id}:alarm:reconcile*",
    "arn:aws:cloudwatch::${var.site.account_id}:dashboard/reconcile*",
    "arn:aws:dynamodb:*:${var.site.account_id}:table/reconcile*",
    "arn:aws:ecr:*:${var.site.account_id}:repository/reconcile*",
    "arn:aws:ecs:*:${var.site.account_id}:cluster/reconcile*",
    "arn:aws:ecs:*:${var.site.account_id}:service/reconcile*/*",
    "arn:aws:ecs:*:${var.site.account_id}:task-definition/reconcile*",
    "arn:aws:ecs:*:${var.site.account_id}:task/reconcile*/*",
    "arn:aws:logs:*:${var.site.account_id}:log-group:/reconcile/reconcile*",
    "arn:aws:scheduler:*:${var.site.account_id}:schedule-group/reconcile*",
    "arn:aws:scheduler:*:${var.site.account_id}:schedule/reconcile*/*",
    "arn:aws:secretsmanager:*:${var.site.account_id}:secret:reconcile*",
    "arn:aws:sns:*:${var.site.account_id}:reconcile*",
  ]

  opener = "arn:aws:iam::*:role/reconcile/apply-common_os"

  own_keys = concat([for key in concat(values(module.states_key), values(module.work_key)) : key.arn], [for topic in module.alarms : topic.kms_key_arn])

  guard = [
    {
      # Roles, policies and boundaries of the control plane.
      Sid    = "OwnRoles"
      Effect = "Deny"
      Action = [
        "iam:Add*", "iam:Attach*", "iam:Create*", "iam:Delete*", "iam:Detach*", "iam:Put*", "iam:Remove*", "iam:Set*", "iam:Tag*",
        "iam:Untag*", "iam:Update*",
      ]
      Resource = local.own_roles
    },
    {
      # A role's trust policy is set once, at creation. A role has inline
      # policies or AWS's own. No role here creates users.
      Sid    = "TrustAndPeople"
      Effect = "Deny"
      Action = [
        "account:*", "iam:*AccessKey*", "iam:*AccountAlias", "iam:*AccountPasswordPolicy", "iam:*Group*", "iam:*LoginProfile",
        "iam:*MFADevice", "iam:*OpenIDConnectProvider*", "iam:*SAMLProvider*", "iam:*SSHPublicKey*", "iam:*ServerCertificate*",
        "iam:*ServiceSpecificCredential*", "iam:*SigningCertificate*", "iam:*User*", "iam:CreatePolicy*",
        "iam:CreateServiceLinkedRole", "iam:DeletePolicy*", "iam:DeleteRolePermissionsBoundary",
        "iam:SetDefaultPolicyVersion", "iam:UpdateAssumeRolePolicy", "organizations:*", "sso:*", "sts:AssumeRole*",
        "sts:GetFederationToken",
      ]
      Resource = "*"
    },
    {
      # A role without the boundary would not be limited.
      Sid       = "Unbounded"
      Effect    = "Deny"
      Action    = ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
      Resource  = "*"
      Condition = { StringNotEquals = { "iam:PermissionsBoundary" = local.estate_boundary_arn } }
    },
    {
      # Actions that return secrets, or that create, change or start something
      # with its own permissions.
      Sid    = "SecretsAndInvocations"
      Effect = "Deny"
      Action = [
        "codebuild:Create*", "codebuild:Delete*", "codebuild:Retry*", "codebuild:Start*", "codebuild:Update*",
        "ec2-instance-connect:*", "ec2:GetConsole*", "ec2:GetPasswordData", "ecs:ExecuteCommand", "ecs:RunTask",
        "ecs:StartTask", "events:Put*", "lambda:Invoke*", "rds-db:*", "scheduler:Create*", "scheduler:Update*",
        "secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue", "ssm:GetParameter*", "ssm:Send*",
        "ssm:Start*", "states:Start*",
      ]
      Resource = "*"
    },
    {
      # Keys are used only through services; nothing is decrypted directly.
      Sid       = "BareKeys"
      Effect    = "Deny"
      Action    = ["kms:Decrypt", "kms:ReEncrypt*"]
      Resource  = "*"
      Condition = { Null = { "kms:ViaService" = "true" } }
    },
    {
      # The control plane's own keys; their key policies delegate to IAM.
      Sid      = "OwnKeys"
      Effect   = "Deny"
      Action   = ["kms:CreateAlias", "kms:CreateGrant", "kms:DeleteAlias", "kms:PutKeyPolicy", "kms:TagResource", "kms:UntagResource", "kms:Update*"]
      Resource = concat(local.own_keys, ["arn:aws:kms:*:${var.site.account_id}:alias/reconcile/*"])
    },
    {
      # These keys may be used for states, but not for secrets.
      Sid       = "OwnKeysForStates"
      Effect    = "Deny"
      Action    = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"]
      Resource  = local.own_keys
      Condition = { StringNotLike = { "kms:ViaService" = "s3.*.amazonaws.com" } }
    },
    {
      Sid    = "OwnThings"
      Effect = "Deny"
      Action = [
        "cloudwatch:Delete*", "cloudwatch:Disable*", "cloudwatch:Put*", "dynamodb:*Item*", "dynamodb:Create*", "dynamodb:Delete*",
        "dynamodb:Update*", "ecr:Batch*", "ecr:Delete*", "ecr:Put*", "ecs:Create*", "ecs:Delete*", "ecs:Update*", "logs:Delete*",
        "logs:Put*", "secretsmanager:Create*", "secretsmanager:Delete*", "secretsmanager:Put*", "secretsmanager:Update*",
        "sns:Delete*", "sns:Set*", "sns:Subscribe",
      ]
      Resource = local.own
    },
    {
      Sid      = "OwnBuckets"
      Effect   = "Deny"
      Action   = ["s3:CreateBucket", "s3:DeleteBucket*", "s3:PutBucket*", "s3:PutEncryption*", "s3:PutLifecycle*", "s3:PutReplication*", "s3:TagResource", "s3:UntagResource"]
      Resource = local.own_buckets
    },
    {
      # EC2's ARNs contain ids. So the control plane's networks are identified
      # by their tag, which no other role may set or remove.
      Sid    = "OwnNetworks"
      Effect = "Deny"
      Action = [
        "ec2:A*", "ec2:Create*", "ec2:Delete*", "ec2:Detach*", "ec2:Disassociate*", "ec2:Modify*", "ec2:Re*",
        "ec2:RunInstances",
      ]
      Resource = "*"
      Condition = {
        StringLike = { "aws:ResourceTag/Name" = "reconcile*" }
        ArnNotLike = { "aws:PrincipalArn" = local.opener }
      }
    },
    {
      # common_os opens the standby's way out, and does nothing else there.
      Sid       = "Standby"
      Effect    = "Deny"
      NotAction = ["ec2:CreateNatGateway", "ec2:CreateRoute", "ec2:DeleteRoute"]
      Resource  = "arn:aws:ec2:*:*:*"
      Condition = { StringLike = { "aws:ResourceTag/Name" = "reconcile*" }, ArnLike = { "aws:PrincipalArn" = local.opener } }
    },
    {
      # Networks are found by this tag, so there must not be a second one.
      Sid       = "OwnNames"
      Effect    = "Deny"
      Action    = ["ec2:AllocateAddress", "ec2:Create*"]
      Resource  = "*"
      Condition = { StringLike = { "aws:RequestTag/Name" = "reconcile*" } }
    },
    {
      # Evidence, and where it is stored.
      Sid    = "Evidence"
      Effect = "Deny"
      Action = [
        "backup:DeleteBackupVault", "backup:DeleteBackupVaultLockConfiguration", "backup:DeleteRecoveryPoint", "backup:PutBackupVaultAccessPolicy", "cloudtrail:Delete*",
        "cloudtrail:Stop*", "cloudtrail:Update*", "config:Delete*", "config:Stop*", "guardduty:Delete*", "guardduty:Update*",
        "kms:DisableKey*", "kms:ScheduleKeyDeletion", "logs:DeleteLogGroup", "logs:DeleteLogStream", "logs:DeleteRetentionPolicy", "s3:BypassGovernanceRetention",
        "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObjectVersion", "s3:PutObjectRetention",
      ]
      Resource = "*"
    },
  ]

  # Services that roles of the control plane use, for the workspaces and for the
  # pass itself.
  ceiling = sort(distinct(concat(
    flatten([for used in local.used : [for s in used : concat(
      [for action in s.look : split(":", action)[0]],
      flatten([for at in s.at : [for action in at.actions : split(":", action)[0]]]),
      flatten([for change in s.change : [for action in change.actions : split(":", action)[0]]]),
    )]]),
    ["codebuild", "dynamodb", "ecr", "ecs", "iam", "route53resolver", "s3", "scheduler", "secretsmanager", "sts", "xray"],
  )))
}

resource "aws_iam_policy" "guard" {
  name        = "guard"
  path        = "/reconcile/"
  description = "What no workspace's role may do, whatever else it may"
  policy      = jsonencode({ Version = "2012-10-17", Statement = local.guard })

  tags = var.tags
}

# A boundary grants nothing, so it may name whole services. A role's own
# policies grant single actions.
resource "aws_iam_policy" "boundary" {
  name        = "boundary"
  path        = "/reconcile/"
  description = "Ceiling over the roles of the control plane and the workspaces"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Services", Effect = "Allow", Action = [for service in local.ceiling : "${service}:*"], Resource = "*" },
      {
        Sid      = "OwnCeiling"
        Effect   = "Deny"
        Action   = ["iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary", "iam:SetDefaultPolicyVersion"]
        Resource = local.own_roles
      },
    ]
  })

  tags = var.tags
}

resource "aws_iam_policy" "estate_boundary" {
  # checkov:skip=CKV_AWS_289:A boundary grants nothing: what a role may do, its own policies say.
  # checkov:skip=CKV_AWS_290:A boundary grants nothing: what a role may do, its own policies say.
  # checkov:skip=CKV_AWS_355:A boundary grants nothing: what a role may do, its own policies say.
  name        = "estate-boundary"
  path        = "/reconcile/"
  description = "Ceiling over the roles that the estate makes"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Servers, backups and copies of logs. As a boundary it names kinds of
        # actions, on all resources.
        Sid    = "Services"
        Effect = "Allow"
        Action = [
          "backup-storage:*", "backup:*", "cloudwatch:*", "ec2:CopySnapshot", "ec2:Create*Snapshot*", "ec2:CreateTags",
          "ec2:CreateVolume", "ec2:DeleteSnapshot", "ec2:Describe*", "ec2messages:*", "elasticfilesystem:*", "kms:CreateGrant",
          "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "logs:CreateLog*",
          "logs:Describe*", "logs:PutLogEvents", "rds:*", "s3:AbortMultipartUpload", "s3:Get*", "s3:List*", "s3:PutObject",
          "s3:Replicate*", "ssm:DescribeAssociation", "ssm:DescribeDocument", "ssm:GetDeployablePatchSnapshotForInstance",
          "ssm:GetDocument", "ssm:GetManifest", "ssm:List*", "ssm:PutComplianceItems", "ssm:PutConfigurePackageResult", "ssm:PutInventory", "ssm:UpdateAssociationStatus",
          "ssm:UpdateInstanceAssociationStatus", "ssm:UpdateInstanceInformation", "ssmmessages:*", "tag:GetResources",
        ]
        Resource = "*"
      },
      {
        Sid      = "Databases"
        Effect   = "Allow"
        Action   = ["rds-db:connect"]
        Resource = ["arn:aws:rds-db:*:${var.site.account_id}:dbuser:*/shop"]
      },
      {
        # States contain secrets, and the record decides what runs.
        Sid      = "ControlPlane"
        Effect   = "Deny"
        Action   = ["logs:*", "s3:*"]
        Resource = concat(local.own, flatten([for arn in local.own_buckets : [arn, "${arn}/*"]]))
      },
    ]
  })

  tags = var.tags
}
