# The control plane: where states and the record lie, what runs reconcile, and
# who may do what. reconcile only plans it; people apply it. A pass that could
# change its own task, network or roles could end itself, or grant itself more.

locals {
  regions = { tokyo = "ap-northeast-1", osaka = "ap-northeast-3" }

  # Names that must be unique in all of AWS, by home. Other workspaces name
  # these in their backend blocks.
  buckets = {
    states = { tokyo = "${var.prefix}-states-${var.account_id}", osaka = "${var.prefix}-states-osaka-${var.account_id}" }
    copies = { tokyo = "${var.prefix}-states-copy-${var.account_id}", osaka = "${var.prefix}-states-osaka-copy-${var.account_id}" }
    work   = { tokyo = "${var.prefix}-reconcile-${var.account_id}", osaka = "${var.prefix}-reconcile-osaka-${var.account_id}" }
    logs   = { tokyo = "${var.prefix}-reconcile-logs-${var.account_id}", osaka = "${var.prefix}-reconcile-logs-osaka-${var.account_id}" }
  }
}

module "states_key" {
  source   = "../../modules/kms"
  for_each = local.regions

  name        = "reconcile/states"
  description = "Terraform's states and their copies"
  region      = each.value
  tags        = local.restricted
}

module "work_key" {
  source   = "../../modules/kms"
  for_each = local.regions

  name        = "reconcile/work"
  description = "The record, snapshots, images, secrets and logs of reconcile"
  region      = each.value
  services    = ["logs.amazonaws.com"]
  tags        = local.restricted
}

# States in the Region of what they describe, each copied to the other: what is
# in Osaka can be changed when Tokyo is lost.

module "states_tokyo" {
  source = "../../modules/state_backend"

  name                 = local.buckets.states.tokyo
  kms_key_arn          = module.states_key["tokyo"].arn
  permissions_boundary = aws_iam_policy.boundary.arn
  access_log_bucket    = module.logs["tokyo"].name
  replica = {
    name        = local.buckets.copies.tokyo
    region      = local.regions.osaka
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
  access_log_bucket    = module.logs["osaka"].name
  replica = {
    name        = local.buckets.copies.osaka
    region      = local.regions.tokyo
    kms_key_arn = module.states_key["tokyo"].arn
  }
  tags = local.restricted
}

# Flow logs of reconcile's networks, and who read states and snapshots. S3 tells
# of requests in no bucket with a key of ours, so this has S3's.
module "logs" {
  source   = "../../modules/s3"
  for_each = local.regions

  name         = local.buckets.logs[each.key]
  region       = each.value
  kms_key_arn  = null
  retention    = { expire_days = 800, lock_days = 400 }
  log_services = ["delivery.logs.amazonaws.com", "logging.s3.amazonaws.com"]
  tags         = var.tags
}

# Of its own, since the estate's may be what is broken.
module "alarms" {
  source   = "../../modules/sns"
  for_each = local.regions

  name          = "reconcile-alarms"
  region        = each.value
  subscriptions = var.alarm_subscriptions
  tags          = var.tags
}

# Roles that AWS's services make for themselves when they are first used. Made
# here, so that no other role needs to, and keys can name them.
resource "aws_iam_service_linked_role" "this" {
  for_each = var.service_linked_roles

  aws_service_name = each.key

  tags = var.tags
}
