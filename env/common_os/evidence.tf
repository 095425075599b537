# What tells what happened, and the keys to it: it outlives everything else.

module "key" {
  source = "../../modules/kms"
  for_each = {
    data = {
      description = "Volumes, databases and files"
      services    = []
      # Auto Scaling starts servers on encrypted volumes.
      grantees = ["arn:aws:iam::${var.account_id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"]
    }
    logs = {
      description = "Logs"
      services    = ["delivery.logs.amazonaws.com", "logs.amazonaws.com"]
      grantees    = []
    }
    backup = {
      description = "Copies of backups"
      services    = ["backup.amazonaws.com"]
      grantees    = []
    }
  }

  name        = "estate/${each.key}"
  description = each.value.description
  services    = each.value.services
  grantees    = each.value.grantees
  tags        = var.tags
}

# Kept as in Tokyo, but for the copy: a role that makes one is Tokyo's to make.
module "logs" {
  source = "../../modules/s3"
  for_each = {
    # Load balancers deliver to no bucket with a key of ours.
    balancer = { services = ["logdelivery.elasticloadbalancing.amazonaws.com"], keyed = false }
    flow     = { services = ["delivery.logs.amazonaws.com"], keyed = true }
  }

  name         = "${var.prefix}-${each.key}-logs-osaka-${var.account_id}"
  kms_key_arn  = each.value.keyed ? module.key["logs"].arn : null
  retention    = { expire_days = 800, lock_days = 400 }
  log_services = each.value.services
  tags         = var.tags
}

# Takes the copies of Tokyo's backups, and makes none.
module "backup" {
  source = "../../modules/backup"

  name        = "estate"
  kms_key_arn = module.key["backup"].arn
  topic_arn   = module.alarms.arn
  tags        = var.tags
}

module "alarms" {
  source = "../../modules/sns"

  name          = "alarms"
  publishers    = ["backup.amazonaws.com", "cloudwatch.amazonaws.com"]
  subscriptions = var.alarm_subscriptions
  tags          = var.tags
}
