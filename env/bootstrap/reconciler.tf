module "reconciler" {
  source = "../../modules/reconciler"

  repository   = var.site.repository
  image_digest = var.reconciler.image_digest
  run          = var.reconciler.run
  settings     = var.reconciler.settings
  network = {
    cidr                = var.reconciler.networks.tokyo.cidr
    egress              = var.reconciler.networks.tokyo.egress
    zones               = { for letter, z in var.reconciler.networks.tokyo.zones : letter => merge(z, { id = var.site.zones.tokyo[letter] }) }
    flow_log_bucket_arn = module.logs["tokyo"].arn
  }
  kms_key_arn = module.work_key["tokyo"].arn
  snapshots = {
    bucket            = local.buckets.work.tokyo
    access_log_bucket = module.access_logs["tokyo"].name
    replication = {
      bucket_arn  = module.standby.snapshots.bucket_arn
      role_arn    = module.snapshots_role.arn
      kms_key_arn = module.work_key["osaka"].arn
    }
  }
  page                   = one([for page in var.reconciler.page[*] : merge(page, { bucket = local.buckets.page.tokyo })])
  secrets                = local.token
  workspace_roles        = local.workspace_roles
  drift                  = { enabled = var.reconciler.drift }
  preview                = var.reconciler.networks.tokyo.egress == "nat" ? { enabled = var.reconciler.preview, plan_roles = local.plan_roles } : null
  tasks_for_workspaces   = var.reconciler.tasks_for_workspaces
  notify                 = { topic_arns = [module.alarms["tokyo"].arn], backlog = true }
  codebuild_project_arns = [local.build_arn]
  alarm_topic_arns       = [module.alarms["tokyo"].arn]
  permissions_boundary   = aws_iam_policy.boundary.arn
  tags                   = var.tags
}

# The standby takes over when Tokyo is lost. It has its own record, and nothing
# starts it automatically.
module "standby" {
  source    = "../../modules/reconciler"
  providers = { aws = aws.osaka }

  name         = "reconcile-standby"
  repository   = var.site.repository
  image_digest = var.reconciler.standby_image_digest
  run          = { enabled = false }
  settings     = var.reconciler.settings
  network = {
    cidr                = var.reconciler.networks.osaka.cidr
    egress              = var.reconciler.networks.osaka.egress
    zones               = { for letter, z in var.reconciler.networks.osaka.zones : letter => merge(z, { id = var.site.zones.osaka[letter] }) }
    flow_log_bucket_arn = module.logs["osaka"].arn
  }
  kms_key_arn          = module.work_key["osaka"].arn
  snapshots            = { bucket = local.buckets.work.osaka, access_log_bucket = module.access_logs["osaka"].name }
  secrets              = local.token
  workspace_roles      = local.workspace_roles
  alarm_topic_arns     = [module.alarms["osaka"].arn]
  permissions_boundary = aws_iam_policy.boundary.arn
  tags                 = var.tags
}

# When Tokyo and Git are lost, the standby applies a snapshot of Tokyo's: S3
# copies them to where it looks for its own.
module "snapshots_role" {
  source = "../../modules/iam"

  name                 = "reconcile-snapshots-replication"
  path                 = "/reconcile/"
  description          = "S3, which copies snapshots to the standby's Region"
  permissions_boundary = aws_iam_policy.boundary.arn
  trust                = { services = ["s3.amazonaws.com"] }
  statements = {
    Source = {
      actions   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
      resources = ["arn:aws:s3:::${local.buckets.work.tokyo}"]
    }
    SourceObjects = {
      actions   = ["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"]
      resources = ["arn:aws:s3:::${local.buckets.work.tokyo}/snapshots/*"]
    }
    Target = {
      actions   = ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"]
      resources = ["arn:aws:s3:::${local.buckets.work.osaka}/snapshots/*"]
    }
    SourceKey = {
      actions    = ["kms:Decrypt"]
      resources  = [module.work_key["tokyo"].arn]
      conditions = { StringEquals = { "kms:ViaService" = ["s3.${var.site.regions.tokyo}.amazonaws.com"] } }
    }
    TargetKey = {
      actions    = ["kms:Encrypt", "kms:GenerateDataKey"]
      resources  = [module.work_key["osaka"].arn]
      conditions = { StringEquals = { "kms:ViaService" = ["s3.${var.site.regions.osaka}.amazonaws.com"] } }
    }
  }
  tags = var.tags
}

# The account that owns the Direct Connect connection checks whether its
# interfaces are up. The external id proves that it acts for us.
module "connect_role" {
  source   = "../../modules/iam"
  for_each = { for owner in var.site.connect[*] : "owner" => owner }

  name                 = "reconcile-connect"
  path                 = "/reconcile/"
  description          = "The account that owns the Direct Connect connection"
  permissions_boundary = aws_iam_policy.boundary.arn
  trust                = { roles = [each.value.role_arn], external_id = each.value.external_id }
  statements = {
    Look = {
      actions = [
        "directconnect:DescribeDirectConnectGatewayAssociations", "directconnect:DescribeDirectConnectGatewayAttachments",
        "directconnect:DescribeDirectConnectGateways", "directconnect:DescribeVirtualInterfaces",
      ]
      resources = ["*"] # the ids are unknown before this call
    }
  }
  tags = var.tags
}
