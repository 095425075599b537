# Backlog calls, a pass starts: API Gateway, which lets Backlog's addresses in;
# a function, which knows the token and what a push looks like; a build, which
# runs `reconcile now` with the record of the scheduled task, so that the two
# never fight. Their roles are bootstrap's: what starts passes must not be able
# to change who may.

locals {
  pipeline = var.webhook ? toset(["this"]) : toset([])
  bucket   = "${var.prefix}-reconcile-${var.account_id}"
  roles    = "arn:aws:iam::${var.account_id}:role/reconcile"
  registry = "${var.account_id}.dkr.ecr.ap-northeast-1.amazonaws.com"
}

module "api" {
  source   = "../../modules/api_gw_rest"
  for_each = local.pipeline

  name             = "reconcile-webhook"
  function         = { name = module.webhook["this"].name, invoke_arn = module.webhook["this"].invoke_arn }
  path             = ["hook", "{token}"]
  clients          = [for address in var.pipeline.clients : "${address}/32"]
  account_role_arn = "${local.roles}/reconcile-api-logs"
  log_group_arn    = module.log_groups.log_groups["/reconcile/api"]
  tags             = var.tags
}

module "webhook" {
  source   = "../../modules/lambda"
  for_each = local.pipeline

  name        = "reconcile-webhook"
  description = "Starts a pass when Backlog tells of a push to the watched branch"
  role_arn    = "${local.roles}/reconcile-webhook"
  package = {
    object = { bucket = local.bucket, key = "webhook/webhook.zip", version = var.pipeline.program.version }
    hash   = var.pipeline.program.hash
  }
  environment = {
    RECONCILE_REPO           = var.pipeline.repository
    RECONCILE_BRANCH         = var.pipeline.branch
    RECONCILE_WEBHOOK_FROM   = join(",", sort(var.pipeline.clients))
    RECONCILE_WEBHOOK_TOKEN  = "secretsmanager://reconcile/webhook-token"
    RECONCILE_WEBHOOK_STARTS = "codebuild://${module.build["this"].name}"
  }
  kms_key_arn   = module.key["data"].arn
  log_group_arn = module.log_groups.log_groups["/reconcile/webhook"]
  tags          = var.tags
}

module "build" {
  source   = "../../modules/codebuild"
  for_each = local.pipeline

  name        = "reconcile"
  description = "One pass over the estate"
  image       = "${local.registry}/reconcile@${var.pipeline.image_digest}"
  commands    = ["reconcile now --trigger webhook"]
  run_as      = "reconcile"
  role_arn    = "${local.roles}/reconcile-build"
  # The same record as the scheduled task's, under the same names.
  environment = merge(var.pipeline.settings, {
    RECONCILE_REPO            = var.pipeline.repository
    RECONCILE_BRANCH          = var.pipeline.branch
    RECONCILE_STATE           = "dynamodb://reconcile"
    RECONCILE_SNAPSHOTS       = "s3://${local.bucket}/snapshots"
    RECONCILE_GIT_CREDENTIALS = "secretsmanager://reconcile/git"
    RECONCILE_DIGEST_KEY      = "secretsmanager://reconcile/digest-key"
    RECONCILE_OUTPUT          = "json"
    # Whoever applies tells, with the same words.
    RECONCILE_NOTIFY              = "backlog,sns://arn:aws:sns:ap-northeast-1:${var.account_id}:reconcile-alarms"
    RECONCILE_BACKLOG_CREDENTIALS = "secretsmanager://reconcile/backlog"
    RECONCILE_METRICS             = "emf" # as the scheduled task does, which the alarms see in the namespace:
    OTEL_SERVICE_NAME             = "Reconcile/reconcile"
  })
  # In reconcile's own network, whose addresses Backlog lets in.
  vpc = {
    id                 = data.aws_vpc.reconcile["this"].id
    subnet_ids         = { for id in data.aws_subnets.reconcile["this"].ids : id => id }
    security_group_ids = [data.aws_security_group.reconcile["this"].id]
  }
  kms_key_arn   = module.key["data"].arn
  log_group_arn = module.log_groups.log_groups["/reconcile/build"]
  tags          = var.tags
}

# What bootstrap made, found by its names.

data "aws_vpc" "reconcile" {
  for_each = local.pipeline

  tags = { Name = "reconcile" }
}

data "aws_subnets" "reconcile" {
  for_each = local.pipeline

  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.reconcile["this"].id]
  }

  filter {
    name   = "tag:Name"
    values = ["reconcile-private-*"]
  }
}

data "aws_security_group" "reconcile" {
  for_each = local.pipeline

  vpc_id = data.aws_vpc.reconcile["this"].id
  name   = "reconcile"
}
