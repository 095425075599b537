# One role plans a workspace, one applies it. The first reads; the second reads
# and changes. Neither reads a secret, another workspace's state, or the roles
# here. Only passes may assume them, and operators those of the drill.

locals {
  services = { for name in keys(local.workspaces) : name => merge(
    local.services_network[name], local.services_data[name], local.services_servers[name], local.services_edge[name],
    local.services_pipeline[name],
  ) }
  used = { for name, w in local.workspaces : name => [for service in w.services : local.services[name][service]] }

  # The roles of passes, and of the planner of pull requests, which anybody may
  # open.
  passes   = [module.build_role.arn, module.reconciler.task_role_arn, module.standby.task_role_arn]
  previews = module.reconciler.planner_role_arn[*]

  # The states, and the permissions on them.
  homes  = merge(local.workspaces, { bootstrap = local.bootstrap })
  states = { for name, w in local.homes : name => "arn:aws:s3:::${local.buckets.states[w.home]}/${name}/terraform.tfstate" }
  state = { for name, w in local.homes : name => {
    # Terraform first lists with the prefix env:/, whatever its key is. So there
    # is no condition on s3:prefix.
    StateList = {
      actions   = ["s3:ListBucket"]
      resources = distinct([for n in concat([name], w.reads) : "arn:aws:s3:::${local.buckets.states[local.homes[n].home]}"])
    }
    State = {
      actions   = ["s3:GetObject"]
      resources = [for n in concat([name], w.reads) : local.states[n]]
    }
    StateLock = {
      actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      resources = ["${local.states[name]}.tflock"]
    }
    StateKey = {
      actions    = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources  = distinct([for n in concat([name], w.reads) : module.states_key[local.homes[n].home].arn])
      conditions = { StringLike = { "kms:ViaService" = ["s3.*.amazonaws.com"] } }
    }
    OtherObjects = {
      effect  = "Deny"
      actions = ["s3:GetObject", "s3:GetObjectVersion"]
      not_resources = concat(
        ["${local.states[name]}.tflock"],
        [for n in concat([name], w.reads) : local.states[n]],
        [for service in try(w.services, []) : local.programs[w.home] if service == "webhook"],
      )
    }
  } }
}

# What both may read.
resource "aws_iam_policy" "look" {
  for_each = local.used

  name        = "look-${each.key}"
  path        = "/reconcile/"
  description = "What is there of the workspace ${each.key}"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      # On all resources: these actions support no resource, or only ids that a
      # plan does not know beforehand.
      [{
        Sid      = "Look"
        Effect   = "Allow"
        Action   = sort(distinct(flatten([for s in each.value : s.look])))
        Resource = "*"
      }],
      flatten([for s in each.value : [for sid, at in s.at : merge({
        Sid      = "Look${sid}"
        Effect   = "Allow"
        Action   = sort(at.actions)
        Resource = sort(at.resources)
      }, { for conditions in try([at.conditions], []) : "Condition" => conditions })]]),
    )
  })

  tags = var.tags
}

# Changes of networks. Together with the rest they exceed the size limit of
# inline policies.
resource "aws_iam_policy" "network" {
  for_each = { for name, w in local.workspaces : name => setintersection(w.services, keys(local.services_network[name])) if contains(w.services, "network") }

  name        = "network-${each.key}"
  path        = "/reconcile/"
  description = "What an apply of the workspace ${each.key} changes of networks"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = flatten([for service in sort(each.value) : [for sid, change in local.services_network[each.key][service].change : {
      Sid      = sid
      Effect   = "Allow"
      Action   = sort(change.actions)
      Resource = sort(change.resources)
    }]])
  })

  tags = var.tags
}

module "plan_role" {
  source   = "../../modules/iam"
  for_each = local.homes

  name                 = "plan-${each.key}"
  path                 = "/reconcile/"
  description          = "Plans the workspace ${each.key}"
  permissions_boundary = aws_iam_policy.boundary.arn
  trust                = { roles = concat(local.passes, local.previews) }
  managed_policies = {
    guard = aws_iam_policy.guard.arn
    look  = each.key == "bootstrap" ? aws_iam_policy.look_bootstrap.arn : aws_iam_policy.look[each.key].arn
  }
  statements = merge(local.state[each.key], {
    # A plan decrypts only states.
    OtherKeyUse = {
      effect     = "Deny"
      actions    = ["kms:Decrypt"]
      resources  = ["*"]
      conditions = { StringNotLike = { "kms:ViaService" = ["s3.*.amazonaws.com"] } }
    }
  })
  tags = var.tags
}

module "apply_role" {
  source   = "../../modules/iam"
  for_each = local.workspaces

  name                 = "apply-${each.key}"
  path                 = "/reconcile/"
  description          = "Applies the workspace ${each.key}"
  permissions_boundary = aws_iam_policy.boundary.arn
  trust                = { roles = concat(local.passes, contains(local.drill, each.key) ? [module.operators_role.arn] : []) }
  managed_policies = merge(
    { guard = aws_iam_policy.guard.arn, look = aws_iam_policy.look[each.key].arn },
    { for name, policy in aws_iam_policy.network : "network" => policy.arn if name == each.key },
  )
  statements = merge(
    local.state[each.key],
    { StateWrite = { actions = ["s3:PutObject"], resources = [local.states[each.key]] } },
    merge([for service in setsubtract(each.value.services, keys(local.services_network[each.key])) : local.services[each.key][service].change]...),
    { for service, roles in each.value.passes : "Pass${title(split(".", service)[0])}" => {
      actions    = ["iam:PassRole"]
      resources  = [for role in roles : "arn:aws:iam::${var.site.account_id}:role/${role}"]
      conditions = { StringEquals = { "iam:PassedToService" = [service] } }
    } },
  )
  tags = var.tags
}

# Plans of the control plane.
resource "aws_iam_policy" "look_bootstrap" {
  name        = "look-bootstrap"
  path        = "/reconcile/"
  description = "What is there of the control plane"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # On all resources, as for the workspaces.
        Sid    = "Look"
        Effect = "Allow"
        Action = sort(distinct(concat(
          local.services_network["tokyo"].network.look, local.services_data["common"].keys.look,
          local.services_servers["common"].alarms.look, local.services_servers["common"].log_groups.look,
          ["ecs:DescribeTaskDefinition", "logs:DescribeMetricFilters", "sns:GetSubscriptionAttributes"],
        )))
        Resource = "*"
      },
      {
        Sid      = "LookBuckets"
        Effect   = "Allow"
        Action   = local.services_data["common"].buckets.at.Buckets.actions
        Resource = local.own_buckets
      },
      {
        Sid    = "LookNames"
        Effect = "Allow"
        Action = [
          "route53resolver:GetFirewallDomainList", "route53resolver:GetFirewallRuleGroup", "route53resolver:GetFirewallRuleGroupAssociation",
          "route53resolver:ListFirewallDomains", "route53resolver:ListFirewallRules", "route53resolver:ListTagsForResource",
        ]
        Resource = [for kind in ["domain-list", "rule-group", "rule-group-association"] : "arn:aws:route53resolver:*:${var.site.account_id}:firewall-${kind}/*"]
      },
      {
        Sid      = "LookKeys"
        Effect   = "Allow"
        Action   = local.services_data["common"].keys.at.Keys.actions
        Resource = ["arn:aws:kms:*:${var.site.account_id}:key/*"]
      },
      {
        Sid      = "LookRoles"
        Effect   = "Allow"
        Action   = concat(local.services_edge["common"].roles.at.Roles.actions, ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyTags", "iam:ListPolicyVersions"])
        Resource = concat(local.own_roles, ["arn:aws:iam::${var.site.account_id}:role/aws-service-role/*"])
      },
      {
        Sid    = "LookReconciler"
        Effect = "Allow"
        Action = [
          "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource", "codebuild:BatchGetProjects", "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive",
          "dynamodb:ListTagsOfResource", "ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:ListTagsForResource",
          "ecs:DescribeClusters", "ecs:DescribeServices", "ecs:ListTagsForResource", "logs:ListTagsForResource",
          "scheduler:GetSchedule", "scheduler:GetScheduleGroup", "scheduler:ListTagsForResource", "secretsmanager:DescribeSecret",
          "secretsmanager:GetResourcePolicy", "sns:GetTopicAttributes", "sns:ListTagsForResource",
        ]
        Resource = concat(local.own, [local.build_arn])
      },
    ]
  })

  tags = var.tags
}
