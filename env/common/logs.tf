# Evidence: retained for 400 days and copied to the second Region. Nobody can
# delete the copies. S3 cannot deliver access logs to a locked bucket, and for
# load balancers it is not documented, so their buckets only deny deletion.

locals {
  logs = {
    # Load balancers and S3 cannot deliver to a bucket with a customer managed
    # key.
    access   = { services = ["logging.s3.amazonaws.com"], keyed = false }
    balancer = { services = ["logdelivery.elasticloadbalancing.amazonaws.com"], keyed = false }
    flow     = { services = ["delivery.logs.amazonaws.com"], keyed = true }
  }
  kept   = { expire_days = 800, noncurrent_days = 400 }
  locked = { expire_days = 800, lock_days = 400 }
}

module "access_logs" {
  source = "../../modules/s3"

  name         = "${var.site.prefix}-access-logs-${var.site.account_id}"
  kms_key_arn  = null
  retention    = local.kept
  deny_delete  = true
  log_services = local.logs.access.services
  replication  = { bucket_arn = module.logs_copy["access"].arn, role_arn = module.replication.arn }
  tags         = var.tags
}

module "logs" {
  source   = "../../modules/s3"
  for_each = { for name, log in local.logs : name => log if name != "access" }

  name         = "${var.site.prefix}-${each.key}-logs-${var.site.account_id}"
  kms_key_arn  = each.value.keyed ? module.key["logs"].arn : null
  retention    = each.value.keyed ? local.locked : local.kept
  deny_delete  = !each.value.keyed
  log_services = each.value.services
  replication = {
    bucket_arn  = module.logs_copy[each.key].arn
    role_arn    = module.replication.arn
    kms_key_arn = each.value.keyed ? module.logs_copy_key.arn : null
  }
  access_log_bucket = module.access_logs.name
  tags              = var.tags
}

module "logs_copy" {
  source   = "../../modules/s3"
  for_each = local.logs

  name        = "${var.site.prefix}-${each.key}-logs-copy-${var.site.account_id}"
  region      = local.far
  kms_key_arn = each.value.keyed ? module.logs_copy_key.arn : null
  retention   = local.locked
  tags        = var.tags
}

module "logs_copy_key" {
  source = "../../modules/kms"

  name        = "estate/logs-copy"
  description = "Copies of logs"
  region      = local.far
  tags        = var.tags
}

module "replication" {
  source = "../../modules/iam"

  name                 = "logs-replication"
  path                 = "/estate/"
  description          = "S3, which copies logs to the second Region"
  permissions_boundary = local.boundary_arn
  trust                = { services = ["s3.amazonaws.com"] }
  statements = {
    Source = {
      actions   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
      resources = [for name in keys(local.logs) : "arn:aws:s3:::${var.site.prefix}-${name}-logs-${var.site.account_id}"]
    }
    SourceObjects = {
      actions   = ["s3:GetObjectLegalHold", "s3:GetObjectRetention", "s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"]
      resources = [for name in keys(local.logs) : "arn:aws:s3:::${var.site.prefix}-${name}-logs-${var.site.account_id}/*"]
    }
    Target = {
      actions   = ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"]
      resources = [for name in keys(local.logs) : "arn:aws:s3:::${var.site.prefix}-${name}-logs-copy-${var.site.account_id}/*"]
    }
    SourceKey = {
      actions    = ["kms:Decrypt"]
      resources  = [module.key["logs"].arn]
      conditions = { StringEquals = { "kms:ViaService" = ["s3.${var.site.regions.tokyo}.amazonaws.com"] } }
    }
    TargetKey = {
      actions    = ["kms:Encrypt", "kms:GenerateDataKey"]
      resources  = [module.logs_copy_key.arn]
      conditions = { StringEquals = { "kms:ViaService" = ["s3.${local.far}.amazonaws.com"] } }
    }
  }
  tags = var.tags
}

# The pipeline's log groups exist even while it is switched off, so that its
# logs stay. API Gateway would make its group by itself when it gets the role
# that writes its logs.
module "log_groups" {
  source = "../../modules/cloudwatch"

  kms_key_arn = module.key["logs"].arn
  log_groups = merge(
    { for name in ["/aws/apigateway/welcome", "/reconcile/webhook", "/shop/servers"] : name => {} },
    { for name in local.database_log_groups : name => {} },
  )
  tags = var.tags
}

# RDS would make these by itself, without our key and without an end. Each
# generation of a database has its own (modules/application_data).
locals {
  database_log_groups = flatten([for name, d in var.databases : [
    for number in range(1, d.generations + 1) : [
      for log in d.logs : "/aws/rds/instance/${name}${number == 1 ? "" : "-${number}"}/${log}"
    ]
  ]])
}
