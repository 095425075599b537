# Roles of the webhooks of common and common_os. A webhook starts passes, so it
# must not be able to change their permissions.

locals {
  token = { webhook-token = "Token in the URL of Backlog's webhook: 32 random letters and digits" }

  standby = "${var.site.regions.osaka}:${var.site.account_id}"

  # What each role may start.
  starts = {
    # The unchanged build, with only the variable that names its trigger. The
    # build may assume every workspace's role, and the function is open to the
    # internet.
    tokyo = { Start = {
      actions   = ["codebuild:StartBuild"]
      resources = [local.build_arn]
      conditions = {
        "ForAllValues:StringEquals" = { "codebuild:environment.environmentVariables.name" = ["RECONCILE_TRIGGER"] }
        # A key is present if a request overrides the setting (CodeBuild User
        # Guide, "AWS CodeBuild condition keys").
        Null = { for key in [
          "artifacts", "cache", "encryptionKey", "environment.certificate", "environment.computeType", "environment.fleet.fleetArn",
          "environment.image", "environment.imagePullCredentialsType", "environment.privilegedMode", "environment.registryCredential",
          "environment.type", "logsConfig", "secondaryArtifacts", "secondarySources", "serviceRole", "source.auth.type",
          "source.buildspec", "source.insecureSsl", "source.location",
        ] : "codebuild:${key}" => ["true"] }
      }
    } }
    # The standby's task in its cluster. ECS has no condition on overrides, so
    # this role can give the task any command.
    osaka = {
      Start = {
        actions    = ["ecs:RunTask"]
        resources  = ["arn:aws:ecs:${local.standby}:task-definition/reconcile-standby:*"]
        conditions = { ArnEquals = { "ecs:cluster" = ["arn:aws:ecs:${local.standby}:cluster/reconcile-standby"] } }
      }
      PassRoles = {
        actions    = ["iam:PassRole"]
        resources  = [for role in ["execution", "task"] : "arn:aws:iam::${var.site.account_id}:role/reconcile/reconcile-standby-${role}"]
        conditions = { StringEquals = { "iam:PassedToService" = ["ecs-tasks.amazonaws.com"] } }
      }
      Tag = {
        actions    = ["ecs:TagResource"]
        resources  = ["arn:aws:ecs:${local.standby}:task/reconcile-standby/*"]
        conditions = { StringEquals = { "ecs:CreateAction" = ["RunTask"] } }
      }
    }
  }
  tokens = { tokyo = module.reconciler.secret_arns["webhook-token"], osaka = module.standby.secret_arns["webhook-token"] }
  groups = { tokyo = "/reconcile/webhook", osaka = "/reconcile/standby-webhook" }
}

module "webhook_role" {
  source   = "../../modules/iam"
  for_each = var.site.regions

  name                 = "${local.installations[each.key]}-webhook"
  path                 = "/reconcile/"
  description          = "The function that Backlog's webhook calls"
  permissions_boundary = aws_iam_policy.boundary.arn
  trust                = { services = ["lambda.amazonaws.com"] }
  statements = merge(local.starts[each.key], {
    Token = {
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [local.tokens[each.key]]
    }
    TokenKey = {
      actions    = ["kms:Decrypt"]
      resources  = [module.work_key[each.key].arn]
      conditions = { StringEquals = { "kms:ViaService" = ["secretsmanager.${each.value}.amazonaws.com"] } }
    }
    Logs = {
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["arn:aws:logs:${each.value}:${var.site.account_id}:log-group:${local.groups[each.key]}:*"]
    }
    Traces = {
      actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      resources = ["*"]
      reason    = "X-Ray takes no resource."
    }
  })
  tags = var.tags
}

# One per account and Region, for API Gateway's access logs.
module "api_logs_role" {
  source = "../../modules/iam"

  name                 = "reconcile-api-logs"
  path                 = "/reconcile/"
  description          = "API Gateway, which writes access logs"
  permissions_boundary = aws_iam_policy.boundary.arn
  trust                = { services = ["apigateway.amazonaws.com"] }
  # It must be AWS's own policy: API Gateway requires these permissions on all
  # resources.
  managed_policies = { logs = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs" }
  tags             = var.tags
}
