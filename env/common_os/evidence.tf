# What tells what happened, and the keys to it: it outlives everything else.

locals {
  keys = {
    data = {
      description = "Databases, files and volumes in Osaka"
      services    = []
      # Auto Scaling starts servers with encrypted volumes.
      grantees = ["arn:aws:iam::${var.account_id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"]
    }
    logs = {
      description = "Logs in Osaka"
      services    = ["delivery.logs.amazonaws.com", "logs.amazonaws.com"]
      grantees    = []
    }
    backup = {
      description = "Backups in Osaka"
      services    = ["backup.amazonaws.com"]
      grantees    = []
    }
  }
}

module "keys" {
  source   = "../../modules/kms"
  for_each = local.keys

  name        = "estate/${each.key}"
  description = each.value.description
  services    = each.value.services
  grantees    = each.value.grantees
  tags        = var.tags
}

# Load balancers deliver to no bucket that has a key of its own.
module "balancer_logs" {
  source = "../../modules/s3"

  name         = "example-balancer-logs-osaka-${var.account_id}"
  kms_key_arn  = null
  log_services = ["logdelivery.elasticloadbalancing.amazonaws.com"]
  retention    = { expire_days = var.retention_days, lock_days = var.retention_days }
  tags         = var.tags
}

module "flow_logs" {
  source = "../../modules/s3"

  name         = "example-flow-logs-osaka-${var.account_id}"
  kms_key_arn  = module.keys["logs"].arn
  log_services = ["delivery.logs.amazonaws.com"]
  retention    = { expire_days = var.retention_days, lock_days = var.retention_days }
  tags         = var.tags
}

# Takes the copies of Tokyo's backups, and makes none.
module "backup" {
  source = "../../modules/backup"

  name        = "estate"
  kms_key_arn = module.keys["backup"].arn
  topic_arn   = module.alarms.arn
  tags        = var.tags
}

module "alarms" {
  source = "../../modules/sns"

  name          = "alarms"
  publishers    = ["backup.amazonaws.com", "cloudwatch.amazonaws.com"]
  subscriptions = var.alarms
  tags          = var.tags
}
