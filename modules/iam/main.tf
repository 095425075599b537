data "aws_caller_identity" "this" {}

locals {
  # Services that send the account they act for. The others (EC2, Lambda, …)
  # assume only roles that were passed to them by iam:PassRole.
  with_account = ["codebuild.amazonaws.com", "ecs-tasks.amazonaws.com", "s3.amazonaws.com", "scheduler.amazonaws.com", "vpc-flow-logs.amazonaws.com"]

  trust = {
    Version = "2012-10-17"
    Statement = concat(
      [for service in sort(var.trust.services) : merge(
        { Effect = "Allow", Principal = { Service = service }, Action = "sts:AssumeRole" },
        { for key in ["Condition"] : key => {
          StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id }
        } if contains(local.with_account, service) },
      )],
      [for arn in sort(var.trust.roles) : merge(
        { Effect = "Allow", Principal = { AWS = arn }, Action = ["sts:AssumeRole", "sts:TagSession"] },
        { for key in ["Condition"] : key => {
          StringEquals = { "sts:ExternalId" = var.trust.external_id }
        } if var.trust.external_id != null },
      )],
      # IAM User Guide, "IAM and AWS STS condition context keys",
      # sts:RoleSessionName: the name in the trail is the user's.
      [for account in var.trust.people ? [data.aws_caller_identity.this.account_id] : [] : {
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${account}:root" }
        Action    = "sts:AssumeRole"
        Condition = {
          Bool         = { "aws:MultiFactorAuthPresent" = "true" }
          StringEquals = { "sts:RoleSessionName" = "$${aws:username}" }
        }
      }],
    )
  }

  policy = {
    Version = "2012-10-17"
    Statement = [for sid, s in var.statements : merge(
      { Sid = sid, Effect = s.effect, Action = sort(s.actions) },
      { for key in ["Resource"] : key => sort(s.resources) if length(s.resources) > 0 },
      { for key in ["NotResource"] : key => sort(s.not_resources) if length(s.not_resources) > 0 },
      # In the form that AWS returns: a single value is not a list.
      { for key in ["Condition"] : key => { for test, keys in s.conditions : test => {
        for name, values in keys : name => try(one(values), sort(values))
      } } if length(s.conditions) > 0 },
    )]
  }
}

resource "aws_iam_role" "this" {
  name                 = var.name
  path                 = var.path
  description          = var.description
  assume_role_policy   = jsonencode(local.trust)
  permissions_boundary = var.permissions_boundary
  max_session_duration = 3600

  tags = var.tags
}

resource "aws_iam_role_policy" "this" {
  count = length(var.statements) > 0 ? 1 : 0

  role   = aws_iam_role.this.name
  name   = var.name
  policy = jsonencode(local.policy)

  lifecycle {
    precondition {
      condition     = length(jsonencode(local.policy)) <= 10240
      error_message = "The statements take ${length(jsonencode(local.policy))} characters; a role takes 10240."
    }
  }
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = var.managed_policies

  role       = aws_iam_role.this.name
  policy_arn = each.value
}

resource "aws_iam_instance_profile" "this" {
  count = contains(var.trust.services, "ec2.amazonaws.com") ? 1 : 0

  name = var.name
  path = var.path
  role = aws_iam_role.this.name

  tags = var.tags
}
