# Backlog calls, a pass starts: API Gateway, which lets Backlog's addresses in,
# and a function, which knows the token and what a push looks like. What it
# starts, and as whom, is bootstrap's (env/bootstrap/build.tf): what comes in
# from outside must not be able to change it.

locals {
  pipeline = var.webhook ? toset(["this"]) : toset([])
  bucket   = "${var.prefix}-reconcile-${var.account_id}"
  roles    = "arn:aws:iam::${var.account_id}:role/reconcile"
}

module "api" {
  source   = "../../modules/api_gw_rest"
  for_each = local.pipeline

  name             = "reconcile-webhook"
  function         = { name = module.webhook["this"].name, invoke_arn = module.webhook["this"].invoke_arn }
  path             = ["hook", "{token}"]
  clients          = [for address in var.pipeline.clients : "${address}/32"]
  account_role_arn = "${local.roles}/reconcile-api-logs"
  log_group_arn    = "arn:aws:logs:ap-northeast-1:${var.account_id}:log-group:/reconcile/reconcile-api" # bootstrap's
  tags             = var.tags
}

module "webhook" {
  source   = "../../modules/lambda"
  for_each = local.pipeline

  name        = "reconcile-webhook"
  description = "Starts a pass when Backlog tells of a push to the watched branch"
  role_arn    = "${local.roles}/reconcile-webhook"
  # What `make lambda` builds, where bootstrap's output says. It is found, and
  # not named by version and hash in the values: so it can be uploaded before the
  # first pass, and nobody commits a hash for each new one. People alone may put
  # it there, and a plan shows that it is another.
  package = { object = { bucket = local.bucket, key = "webhook/webhook.zip" } }
  environment = {
    RECONCILE_REPO           = var.pipeline.repository
    RECONCILE_BRANCH         = var.pipeline.branch
    RECONCILE_WEBHOOK_FROM   = join(",", sort(var.pipeline.clients))
    RECONCILE_WEBHOOK_TOKEN  = "secretsmanager://reconcile/webhook-token"
    RECONCILE_WEBHOOK_STARTS = "codebuild://reconcile"
  }
  kms_key_arn   = module.key["data"].arn
  log_group_arn = module.log_groups.log_groups["/reconcile/webhook"]
  tags          = var.tags
}
