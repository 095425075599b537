# The webhook starts this build. It runs `reconcile now` like the scheduled
# task: in the same network, with the same settings and record, so that the two
# never conflict. It may assume every workspace's role. So it is defined here,
# where no pass can change what it runs.

locals {
  # By name, because of a cycle: the task describes its builds, and the build
  # has the task's settings.
  build_arn = "arn:aws:codebuild:${var.site.regions.tokyo}:${var.site.account_id}:project/reconcile"
}

module "build" {
  source   = "../../modules/codebuild"
  for_each = { for digest in var.reconciler.build_image_digest[*] : "this" => digest }

  name        = "reconcile"
  description = "One pass over the estate"
  image       = "${module.reconciler.repository_url}@${each.value}"
  commands    = ["reconcile now --trigger webhook"]
  # More than the longest wait of an apply: two and a half hours, modules/rds.
  timeout_minutes = 240
  run_as          = "reconcile"
  role_arn        = module.build_role.arn
  environment     = module.reconciler.environment
  # Builds get no public addresses. Where tasks have those, a build stands in
  # CodeBuild's own network.
  vpc = var.reconciler.networks.tokyo.egress == "public" ? null : {
    id                 = module.reconciler.network.vpc_id
    subnet_ids         = module.reconciler.network.subnet_ids
    security_group_ids = [module.reconciler.network.security_group_id]
  }
  kms_key_arn   = module.work_key["tokyo"].arn
  log_group_arn = module.build_logs.log_groups["/reconcile/reconcile-build"]
  tags          = var.tags
}

# Also the API's logs, which cannot go to a locked bucket. No role here may
# delete them or shorten the 400 days.
module "build_logs" {
  source = "../../modules/cloudwatch"

  kms_key_arn = module.work_key["tokyo"].arn
  log_groups  = { "/reconcile/reconcile-api" = {}, "/reconcile/reconcile-build" = {} }
  tags        = var.tags
}

module "build_role" {
  source = "../../modules/iam"

  name                 = "reconcile-build"
  path                 = "/reconcile/"
  description          = "Passes that a webhook started, in CodeBuild"
  permissions_boundary = aws_iam_policy.boundary.arn
  trust                = { services = ["codebuild.amazonaws.com"] }
  managed_policies     = { pass = module.reconciler.task_policy_arn }
  statements = {
    Logs = {
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["${module.build_logs.log_groups["/reconcile/reconcile-build"]}:*"]
    }
    Image = {
      actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      resources = [module.reconciler.repository_arn]
    }
    Login = {
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"] # these actions support no resource
    }
    Look = {
      actions   = ["ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"]
      resources = ["*"] # these neither
    }
    Interface = {
      actions = ["ec2:CreateNetworkInterface"]
      resources = concat(
        ["arn:aws:ec2:${var.site.regions.tokyo}:${var.site.account_id}:network-interface/*"],
        ["arn:aws:ec2:${var.site.regions.tokyo}:${var.site.account_id}:security-group/${module.reconciler.network.security_group_id}"],
        [for id in values(module.reconciler.network.subnet_ids) : "arn:aws:ec2:${var.site.regions.tokyo}:${var.site.account_id}:subnet/${id}"],
      )
    }
    InterfaceForBuilds = {
      actions   = ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"]
      resources = ["arn:aws:ec2:${var.site.regions.tokyo}:${var.site.account_id}:network-interface/*"]
      conditions = {
        ArnEquals = { "ec2:Subnet" = [for id in values(module.reconciler.network.subnet_ids) : "arn:aws:ec2:${var.site.regions.tokyo}:${var.site.account_id}:subnet/${id}"] }
      }
    }
  }
  tags = var.tags
}
