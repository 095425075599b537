# Evidence and its keys. They stay when everything else is removed.

module "key" {
  source = "../../modules/kms"
  for_each = {
    data = {
      description = "Volumes, databases and files"
      services    = []
      # Auto Scaling launches servers with encrypted volumes.
      grantees = ["arn:aws:iam::${var.site.account_id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"]
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

# Retained as in Tokyo, but not copied: Tokyo has the role that copies. Where
# load balancers deliver, nobody may delete versions, but there is no lock: see
# modules/s3.
module "logs" {
  source = "../../modules/s3"
  for_each = {
    # Load balancers cannot deliver to a bucket with a customer managed key.
    balancer = { services = ["logdelivery.elasticloadbalancing.amazonaws.com"], keyed = false }
    flow     = { services = ["delivery.logs.amazonaws.com"], keyed = true }
  }

  name         = "${var.site.prefix}-${each.key}-logs-osaka-${var.site.account_id}"
  kms_key_arn  = each.value.keyed ? module.key["logs"].arn : null
  retention    = each.value.keyed ? { expire_days = 800, lock_days = 400 } : { expire_days = 800, noncurrent_days = 400 }
  deny_delete  = !each.value.keyed
  log_services = each.value.services
  tags         = var.tags
}

# Receives the copies of Tokyo's backups, and makes no backups itself.
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
  subscriptions = var.site.alarm_subscriptions
  tags          = var.tags
}
