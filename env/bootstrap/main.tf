# The control plane: states, the record, the tasks that run reconcile, and all
# permissions. reconcile only plans it; people apply it. A pass that could
# change its own task, network or roles could stop itself, or grant itself more
# permissions.

locals {
  # Bucket names, unique in all of AWS, by home Region. Other workspaces use
  # them in their backend blocks.
  buckets = {
    states = { tokyo = "${var.site.prefix}-states-${var.site.account_id}", osaka = "${var.site.prefix}-states-osaka-${var.site.account_id}" }
    copies = { tokyo = "${var.site.prefix}-states-copy-${var.site.account_id}", osaka = "${var.site.prefix}-states-osaka-copy-${var.site.account_id}" }
    work   = { tokyo = "${var.site.prefix}-reconcile-${var.site.account_id}", osaka = "${var.site.prefix}-reconcile-osaka-${var.site.account_id}" }
    access = { tokyo = "${var.site.prefix}-reconcile-access-logs-${var.site.account_id}", osaka = "${var.site.prefix}-reconcile-access-logs-osaka-${var.site.account_id}" }
    page   = { tokyo = "${var.site.prefix}-reconcile-page-${var.site.account_id}" }
    logs   = { tokyo = "${var.site.prefix}-reconcile-logs-${var.site.account_id}", osaka = "${var.site.prefix}-reconcile-logs-osaka-${var.site.account_id}" }
  }
}

module "states_key" {
  source   = "../../modules/kms"
  for_each = var.site.regions

  name        = "reconcile/states"
  description = "Terraform's states and their copies"
  region      = each.value
  tags        = local.restricted
}

module "work_key" {
  source   = "../../modules/kms"
  for_each = var.site.regions

  name        = "reconcile/work"
  description = "The record, snapshots, images, secrets and logs of reconcile"
  region      = each.value
  services    = ["logs.amazonaws.com"]
  tags        = local.restricted
}

# Each state is in the Region of its resources and is copied to the other. So
# Osaka can be changed when Tokyo is lost.

module "states_tokyo" {
  source = "../../modules/state_backend"

  name                 = local.buckets.states.tokyo
  kms_key_arn          = module.states_key["tokyo"].arn
  permissions_boundary = aws_iam_policy.boundary.arn
  access_log_bucket    = module.access_logs["tokyo"].name
  replica = {
    name        = local.buckets.copies.tokyo
    region      = var.site.regions.osaka
    kms_key_arn = module.states_key["osaka"].arn
  }
  tags = local.restricted
}

module "states_osaka" {
  source    = "../../modules/state_backend"
  providers = { aws = aws.osaka }

  name                 = local.buckets.states.osaka
  kms_key_arn          = module.states_key["osaka"].arn
  permissions_boundary = aws_iam_policy.boundary.arn
  access_log_bucket    = module.access_logs["osaka"].name
  replica = {
    name        = local.buckets.copies.osaka
    region      = var.site.regions.tokyo
    kms_key_arn = module.states_key["tokyo"].arn
  }
  tags = local.restricted
}

# Access logs of states and snapshots. S3 cannot deliver them to a bucket with a
# customer managed key or with Object Lock. So this one uses S3's key, and its
# policy lets nobody delete a version.
module "access_logs" {
  source   = "../../modules/s3"
  for_each = var.site.regions

  name         = local.buckets.access[each.key]
  region       = each.value
  kms_key_arn  = null
  retention    = { expire_days = 800, noncurrent_days = 400 }
  deny_delete  = true
  log_services = ["logging.s3.amazonaws.com"]
  tags         = var.tags
}

# Flow logs of reconcile's networks.
module "logs" {
  source   = "../../modules/s3"
  for_each = var.site.regions

  name         = local.buckets.logs[each.key]
  region       = each.value
  kms_key_arn  = null
  retention    = { expire_days = 800, lock_days = 400 }
  log_services = ["delivery.logs.amazonaws.com"]
  tags         = var.tags
}

# A separate topic, because the estate's may be broken.
module "alarms" {
  source   = "../../modules/sns"
  for_each = var.site.regions

  name          = "reconcile-alarms"
  region        = each.value
  subscriptions = var.site.alarm_subscriptions
  tags          = var.tags
}

# Service-linked roles, which AWS's services create at their first use. Created
# here, so that no other role needs that permission and keys can name them.
resource "aws_iam_service_linked_role" "this" {
  for_each = var.service_linked_roles

  aws_service_name = each.key

  tags = var.tags
}
