# A call from Backlog starts a pass. API Gateway allows only Backlog's
# addresses. A function checks the token and the event. bootstrap owns the build
# and its role (env/bootstrap/build.tf), so that requests from outside cannot
# change them.

locals {
  pipeline = var.webhook ? toset(["this"]) : toset([])
  bucket   = "${var.site.prefix}-reconcile-${var.site.account_id}"
  roles    = "arn:aws:iam::${var.site.account_id}:role/reconcile"
}

module "api" {
  source   = "../../modules/api_gw_rest"
  for_each = local.pipeline

  name             = "reconcile-webhook"
  function         = { name = module.webhook["this"].name, invoke_arn = module.webhook["this"].invoke_arn }
  path             = ["hook", "{token}"]
  clients          = [for address in var.pipeline.clients : "${address}/32"]
  account_role_arn = "${local.roles}/reconcile-api-logs"
  log_group_arn    = "arn:aws:logs:${var.site.regions.tokyo}:${var.site.account_id}:log-group:/reconcile/reconcile-api" # bootstrap's
  tags             = var.tags

  # Its role makes API Gateway create a log group that is missing.
  depends_on = [module.log_groups]
}

module "webhook" {
  source   = "../../modules/lambda"
  for_each = local.pipeline

  name        = "reconcile-webhook"
  description = "Starts a pass when Backlog tells of a push to the watched branch"
  role_arn    = "${local.roles}/reconcile-webhook"
  # The program from `make lambda`, at the location in bootstrap's output. The
  # values contain no version and no hash of it. So it can be uploaded before
  # the first pass, and a new one needs no commit. Only people may upload it,
  # and a plan shows the change.
  package = { object = { bucket = local.bucket, key = "webhook/webhook.zip" } }
  environment = {
    RECONCILE_REPO           = var.site.repository
    RECONCILE_BRANCH         = var.pipeline.branch
    RECONCILE_WEBHOOK_FROM   = join(",", sort(var.pipeline.clients))
    RECONCILE_WEBHOOK_TOKEN  = "secretsmanager://reconcile/webhook-token"
    RECONCILE_WEBHOOK_STARTS = "codebuild://reconcile"
  }
  kms_key_arn   = module.key["data"].arn
  log_group_arn = module.log_groups.log_groups["/reconcile/webhook"]
  tags          = var.tags
}
