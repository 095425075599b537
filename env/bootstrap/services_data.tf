locals {
  services_data = { for name, w in local.workspaces : name => {
    keys = {
      look = ["kms:ListAliases"]
      at = {
        Keys = {
          actions   = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]
          resources = ["arn:aws:kms:*:${var.site.account_id}:key/*"]
        }
      }
      change = {
        NewKeys = {
          actions   = ["kms:CreateKey"]
          resources = ["*"]
          reason    = "AWS takes no resource for a key that is yet to be made."
        }
        # The guard protects reconcile's own keys. No role here deletes a key.
        Keys = {
          actions = [
            "kms:CreateAlias", "kms:DeleteAlias", "kms:EnableKeyRotation", "kms:PutKeyPolicy", "kms:TagResource", "kms:UntagResource",
            "kms:UpdateAlias", "kms:UpdateKeyDescription",
          ]
          # common has keys in both Regions.
          resources = [for kind in ["alias/estate/*", "alias/sns/alarms", "key/*"] : "arn:aws:kms:${w.home == "osaka" ? var.site.regions.osaka : "*"}:${var.site.account_id}:${kind}"]
        }
      }
    }

    buckets = {
      look = []
      at = {
        Buckets = {
          actions = [
            "s3:GetAccelerateConfiguration", "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLocation", "s3:GetBucketLogging",
            "s3:GetBucketObjectLockConfiguration", "s3:GetBucketOwnershipControls", "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketRequestPayment", "s3:GetBucketTagging", "s3:GetBucketVersioning", "s3:GetBucketWebsite",
            "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket",
            "s3:ListTagsForResource",
          ]
          resources = local.log_buckets[name]
        }
      }
      change = {
        # None may be deleted: they contain evidence.
        Buckets = {
          actions = [
            "s3:CreateBucket", "s3:PutBucketLogging", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration", "s3:TagResource", "s3:UntagResource",
          ]
          resources = local.log_buckets[name]
        }
      }
    }

    backup = {
      look = []
      at = {
        Backup = {
          actions = [
            "backup:DescribeBackupVault", "backup:GetBackupPlan", "backup:GetBackupSelection", "backup:GetBackupVaultNotifications",
            "backup:ListTags",
          ]
          resources = ["${local.arn[name].backup}:backup-plan:*", "${local.arn[name].backup}:backup-vault:estate"]
        }
      }
      # No role here deletes a vault or its lock.
      change = {
        Backup = {
          actions = [
            "backup:CreateBackupPlan", "backup:CreateBackupSelection", "backup:CreateBackupVault", "backup:DeleteBackupPlan",
            "backup:DeleteBackupSelection", "backup:DeleteBackupVaultNotifications", "backup:PutBackupVaultLockConfiguration",
            "backup:PutBackupVaultNotifications", "backup:TagResource", "backup:UntagResource", "backup:UpdateBackupPlan",
          ]
          resources = ["${local.arn[name].backup}:backup-plan:*", "${local.arn[name].backup}:backup-vault:estate"]
        }
        VaultStorage = {
          actions   = ["backup-storage:MountCapsule"]
          resources = ["*"]
          reason    = "The service behind AWS Backup takes no resource; a vault cannot be made without."
        }
        VaultKey = {
          actions    = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:RetireGrant"]
          resources  = ["${local.arn[name].kms}:key/*"]
          conditions = { StringLike = { "kms:ViaService" = ["backup.*.amazonaws.com"] } }
        }
      }
    }

    database = {
      look = [
        "rds:DescribeDBEngineVersions", "rds:DescribeDBInstances", "rds:DescribeDBParameterGroups", "rds:DescribeDBParameters",
        "rds:DescribeDBSubnetGroups", "rds:DescribeOrderableDBInstanceOptions",
      ]
      at = {
        DatabaseTags = {
          actions   = ["rds:ListTagsForResource"]
          resources = flatten([for n in w.names : [for type in ["db", "pg", "subgrp"] : "${local.arn[name].rds}:${type}:${n}*"]])
        }
      }
      change = {
        Database = {
          actions = [
            "rds:AddTagsToResource", "rds:CreateDBInstance", "rds:CreateDBInstanceReadReplica", "rds:CreateDBParameterGroup",
            "rds:CreateDBSnapshot", "rds:CreateDBSubnetGroup", "rds:DeleteDBInstance", "rds:DeleteDBParameterGroup",
            "rds:DeleteDBSubnetGroup", "rds:ModifyDBInstance", "rds:ModifyDBParameterGroup", "rds:ModifyDBSubnetGroup",
            "rds:PromoteReadReplica", "rds:RebootDBInstance", "rds:RemoveTagsFromResource", "rds:ResetDBParameterGroup",
            "rds:RestoreDBInstanceFromDBSnapshot",
          ]
          resources = concat(
            flatten([for n in w.names : [for type in ["db", "pg", "snapshot", "subgrp"] : "${local.arn[name].rds}:${type}:${n}*"]]),
            ["${local.arn[name].rds}:og:default*"],
          )
        }
        # RDS creates the master user's secret with the caller's permissions.
        DatabasePassword = {
          actions   = ["secretsmanager:CreateSecret", "secretsmanager:TagResource"]
          resources = ["${local.arn[name].secretsmanager}:secret:rds!*"]
        }
        DatabaseKey = {
          actions    = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
          resources  = ["${local.arn[name].kms}:key/*"]
          conditions = { StringLike = { "kms:ViaService" = ["rds.*.amazonaws.com", "secretsmanager.*.amazonaws.com"] } }
        }
        # The other Region may create replicas of its database, and nothing
        # else. On the way back to Tokyo, Tokyo follows Osaka. Later databases
        # also have a number.
        ReplicaSource = {
          actions   = ["rds:CreateDBInstanceReadReplica"]
          resources = flatten([for region in values(var.site.regions) : [for n in ["shop", "shop-*"] : "arn:aws:rds:${region}:${var.site.account_id}:db:${n}"]])
        }
      }
    }

    files = {
      look = [
        "elasticfilesystem:DescribeAccessPoints", "elasticfilesystem:DescribeFileSystems", "elasticfilesystem:DescribeMountTargets",
        "elasticfilesystem:DescribeReplicationConfigurations",
      ]
      at = {
        Files = {
          actions = [
            "elasticfilesystem:DescribeBackupPolicy", "elasticfilesystem:DescribeFileSystemPolicy",
            "elasticfilesystem:DescribeLifecycleConfiguration", "elasticfilesystem:DescribeMountTargetSecurityGroups",
            "elasticfilesystem:ListTagsForResource",
          ]
          resources = ["${local.arn[name].elasticfilesystem}:access-point/*", "${local.arn[name].elasticfilesystem}:file-system/*"]
        }
      }
      change = {
        Files = {
          actions = [
            "elasticfilesystem:CreateAccessPoint", "elasticfilesystem:CreateMountTarget",
            "elasticfilesystem:CreateReplicationConfiguration", "elasticfilesystem:DeleteAccessPoint",
            "elasticfilesystem:DeleteFileSystem", "elasticfilesystem:DeleteFileSystemPolicy", "elasticfilesystem:DeleteMountTarget",
            "elasticfilesystem:DeleteReplicationConfiguration", "elasticfilesystem:ModifyMountTargetSecurityGroups",
            "elasticfilesystem:PutBackupPolicy", "elasticfilesystem:PutFileSystemPolicy", "elasticfilesystem:PutLifecycleConfiguration",
            "elasticfilesystem:TagResource", "elasticfilesystem:UntagResource", "elasticfilesystem:UpdateFileSystem",
          ]
          resources = ["${local.arn[name].elasticfilesystem}:access-point/*", "${local.arn[name].elasticfilesystem}:file-system/*"]
        }
        NewFiles = {
          actions    = ["elasticfilesystem:CreateFileSystem"]
          resources  = ["*"]
          conditions = { Bool = { "elasticfilesystem:Encrypted" = ["true"] } }
          reason     = "AWS takes no resource for a file system that is yet to be made."
        }
        FilesKey = {
          actions    = ["kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"]
          resources  = ["${local.arn[name].kms}:key/*"]
          conditions = { StringLike = { "kms:ViaService" = ["elasticfilesystem.*.amazonaws.com"] } }
        }
        # EFS makes a mount target's interface with the caller's permissions. Its
        # API names no context key for that, so there is no condition.
        MountTargets = {
          actions   = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"]
          resources = local.ec2[name].files
        }
      }
    }
  } }

  log_buckets = { for name in keys(local.workspaces) : name => flatten([for kinds, suffixes in {
    common    = { kinds = ["access", "balancer", "flow"], suffixes = ["", "-copy"] }
    common_os = { kinds = ["balancer", "flow"], suffixes = ["-osaka"] }
  } : [for kind in suffixes.kinds : [for suffix in suffixes.suffixes : "arn:aws:s3:::${var.site.prefix}-${kind}-logs${suffix}-${var.site.account_id}"]] if kinds == name]) }
}
