module "reconciler" {
  source = "../../modules/reconciler"

  repository   = var.reconciler.repository
  image_digest = var.reconciler.image_digest
  run          = var.reconciler.run
  settings     = var.reconciler.settings
  network = {
    cidr                = var.reconciler.networks.tokyo.cidr
    zones               = var.reconciler.networks.tokyo.zones
    flow_log_bucket_arn = module.logs["tokyo"].arn
  }
  kms_key_arn            = module.work_key["tokyo"].arn
  snapshots              = { bucket = local.buckets.work.tokyo, access_log_bucket = module.logs["tokyo"].name }
  secrets                = { webhook-token = "Token in the URL of Backlog's webhook: 32 random letters and digits" }
  workspace_roles        = local.workspace_roles
  drift                  = { enabled = var.reconciler.drift }
  preview                = { enabled = var.reconciler.preview, plan_roles = local.plan_roles }
  notify                 = { topic_arns = [module.alarms["tokyo"].arn], backlog = true }
  codebuild_project_arns = [local.build_arn]
  alarm_topic_arns       = [module.alarms["tokyo"].arn]
  permissions_boundary   = aws_iam_policy.boundary.arn
  tags                   = var.tags
}

# Takes over when Tokyo is lost, with a record of its own: nothing starts it
# until somebody says so.
module "standby" {
  source    = "../../modules/reconciler"
  providers = { aws = aws.osaka }

  name         = "reconcile-standby"
  repository   = var.reconciler.repository
  image_digest = var.reconciler.standby_image_digest
  run          = { enabled = false }
  settings     = var.reconciler.settings
  network = {
    cidr                = var.reconciler.networks.osaka.cidr
    zones               = var.reconciler.networks.osaka.zones
    flow_log_bucket_arn = module.logs["osaka"].arn
  }
  kms_key_arn          = module.work_key["osaka"].arn
  snapshots            = { bucket = local.buckets.work.osaka, access_log_bucket = module.logs["osaka"].name }
  workspace_roles      = local.workspace_roles
  alarm_topic_arns     = [module.alarms["osaka"].arn]
  permissions_boundary = aws_iam_policy.boundary.arn
  tags                 = var.tags
}

# Roles of the webhook's way in are made here: it starts passes, so it must not
# be able to change what they may do.

module "webhook_role" {
  source = "../../modules/iam"

  name                 = "reconcile-webhook"
  path                 = "/reconcile/"
  description          = "The function that Backlog's webhook calls"
  permissions_boundary = aws_iam_policy.boundary.arn
  trust                = { services = ["lambda.amazonaws.com"] }
  statements = {
    # The build as it is, told only what started it: it may become any workspace's
    # role, and the function is what the internet talks to.
    Start = {
      actions   = ["codebuild:StartBuild"]
      resources = [local.build_arn]
      conditions = {
        "ForAllValues:StringEquals" = { "codebuild:environment.environmentVariables.name" = ["RECONCILE_TRIGGER"] }
        # Each is there if a request overrides it (CodeBuild User Guide,
        # "AWS CodeBuild condition keys").
        Null = { for key in [
          "artifacts", "cache", "encryptionKey", "environment.certificate", "environment.computeType", "environment.fleet.fleetArn",
          "environment.image", "environment.imagePullCredentialsType", "environment.privilegedMode", "environment.registryCredential",
          "environment.type", "logsConfig", "secondaryArtifacts", "secondarySources", "serviceRole", "source.auth.type",
          "source.buildspec", "source.insecureSsl", "source.location",
        ] : "codebuild:${key}" => ["true"] }
      }
    }
    Token = {
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [module.reconciler.secret_arns["webhook-token"]]
    }
    TokenKey = {
      actions    = ["kms:Decrypt"]
      resources  = [module.work_key["tokyo"].arn]
      conditions = { StringEquals = { "kms:ViaService" = ["secretsmanager.${local.regions.tokyo}.amazonaws.com"] } }
    }
    Logs = {
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["arn:aws:logs:${local.regions.tokyo}:${var.account_id}:log-group:/reconcile/webhook:*"]
    }
    Traces = {
      actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      resources = ["*"]
      reason    = "X-Ray takes no resource."
    }
  }
  tags = var.tags
}

# One for the account and Region: API Gateway's access logs.
module "api_logs_role" {
  source = "../../modules/iam"

  name                 = "reconcile-api-logs"
  path                 = "/reconcile/"
  description          = "API Gateway, which writes access logs"
  permissions_boundary = aws_iam_policy.boundary.arn
  trust                = { services = ["apigateway.amazonaws.com"] }
  # It must be AWS's own: API Gateway asks for these rights, on everything.
  managed_policies = { logs = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs" }
  tags             = var.tags
}

# The account that owns the Direct Connect connection looks whether its
# interfaces are up. It proves by the external id that it acts for us.
module "connect_role" {
  source   = "../../modules/iam"
  for_each = { for owner in var.connect[*] : "owner" => owner }

  name                 = "reconcile-connect"
  path                 = "/reconcile/"
  description          = "The account that owns the Direct Connect connection"
  permissions_boundary = aws_iam_policy.boundary.arn
  trust                = { roles = [each.value.role_arn], external_id = each.value.external_id }
  statements = {
    Look = {
      actions = [
        "directconnect:DescribeDirectConnectGatewayAssociations", "directconnect:DescribeDirectConnectGatewayAttachments",
        "directconnect:DescribeDirectConnectGateways", "directconnect:DescribeVirtualInterfaces",
      ]
      resources = ["*"] # it cannot know ids before it has looked
    }
  }
  tags = var.tags
}
