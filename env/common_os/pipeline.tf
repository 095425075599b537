# A second webhook, for the case that Tokyo is lost: a call from Backlog starts
# the standby's task. It is disabled while Tokyo works, because two separate
# records must not apply the same infrastructure. bootstrap owns its roles, as
# in Tokyo. The function checks address and token, because an HTTP API cannot.

locals {
  pipeline = var.webhook ? toset(["this"]) : toset([])
  standby  = "reconcile-standby"
  starts = one([for here in local.pipeline : join("", [
    "ecs://${local.standby}/${local.standby}?container=reconcile",
    "&subnets=${join(",", sort(local.standby_subnets))}",
    "&security_groups=${data.aws_security_group.standby[here].id}",
    length(local.private) == 0 ? "&public_ip=true" : "",
  ])])

  # Private subnets; where bootstrap's network has none, tasks have public addresses.
  private         = try(data.aws_subnets.standby["private"].ids, [])
  standby_subnets = length(local.private) == 0 ? try(data.aws_subnets.standby["public"].ids, []) : local.private
}

module "api" {
  source   = "../../modules/api_gw"
  for_each = local.pipeline

  name          = "${local.standby}-webhook"
  function      = { name = module.webhook["this"].name, invoke_arn = module.webhook["this"].invoke_arn }
  routes        = ["POST /hook/{token}"]
  log_group_arn = module.watch.log_groups["/reconcile/standby-api"]
  tags          = var.tags
}

module "webhook" {
  source   = "../../modules/lambda"
  for_each = local.pipeline

  name        = "${local.standby}-webhook"
  description = "Starts a pass of the standby when Backlog tells of a push to the watched branch"
  role_arn    = "arn:aws:iam::${var.site.account_id}:role/reconcile/${local.standby}-webhook"
  package     = { object = { bucket = "${var.site.prefix}-reconcile-osaka-${var.site.account_id}", key = "webhook/webhook.zip" } }
  environment = {
    RECONCILE_REPO           = var.site.repository
    RECONCILE_BRANCH         = var.pipeline.branch
    RECONCILE_WEBHOOK_FROM   = join(",", sort(var.pipeline.clients))
    RECONCILE_WEBHOOK_TOKEN  = "secretsmanager://${local.standby}/webhook-token"
    RECONCILE_WEBHOOK_STARTS = local.starts
  }
  kms_key_arn   = module.key["data"].arn
  log_group_arn = module.watch.log_groups["/reconcile/standby-webhook"]
  tags          = var.tags
}

# The standby's network, which bootstrap created, found by name.

data "aws_vpc" "standby" {
  for_each = local.pipeline

  tags = { Name = local.standby }
}

data "aws_subnets" "standby" {
  for_each = toset(var.webhook ? ["private", "public"] : [])

  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.standby["this"].id]
  }

  filter {
    name   = "tag:Name"
    values = ["${local.standby}-${each.key}-*"]
  }
}

data "aws_security_group" "standby" {
  for_each = local.pipeline

  vpc_id = data.aws_vpc.standby["this"].id
  name   = local.standby
}
