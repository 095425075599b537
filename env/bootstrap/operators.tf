# Roles of people. Any user of the account who may assume one does so with MFA
# and under their own name, so that each call in the trail has a person's name.

locals {
  # The workspaces that the drill applies.
  drill = ["common_os", "osaka-ap", "switchover"]

  records = { tokyo = module.reconciler.table.arn, osaka = module.standby.table.arn }
}

# People in a disaster (docs/drill.md): when Tokyo is lost, and its reconciler
# with it, they start the standby's task, or apply by themselves what Osaka
# needs.
module "operators_role" {
  source = "../../modules/iam"

  name                 = "operators"
  path                 = "/reconcile/"
  description          = "Operators in a disaster"
  permissions_boundary = aws_iam_policy.boundary.arn
  trust                = { people = true }
  statements = {
    Apply = {
      actions   = ["sts:AssumeRole"]
      resources = [for name in local.drill : "arn:aws:iam::${var.site.account_id}:role/reconcile/apply-${name}"]
    }
    Start     = local.starts.osaka.Start
    PassRoles = local.starts.osaka.PassRoles
    Tag       = local.starts.osaka.Tag
    Look = {
      actions   = ["ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "logs:DescribeLogGroups"]
      resources = ["*"] # these take no resource, or ids that are unknown before
    }
    Tasks = {
      actions   = ["ecs:DescribeTasks"]
      resources = ["arn:aws:ecs:*:${var.site.account_id}:task/reconcile*/*"]
    }
    Record = {
      actions   = ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Query"]
      resources = values(local.records)
    }
    # An approval is an item of the record: only the standby's, since Tokyo's
    # passes have their own approvers.
    Approve = {
      actions   = ["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem"]
      resources = [local.records.osaka]
    }
    RecordKey = {
      actions    = ["kms:Decrypt"]
      resources  = [for key in module.work_key : key.arn]
      conditions = { StringLike = { "kms:ViaService" = ["dynamodb.*.amazonaws.com"] } }
    }
    Logs = {
      actions   = ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"]
      resources = ["arn:aws:logs:*:${var.site.account_id}:log-group:/reconcile/*"]
    }
  }
  tags = var.tags
}

# Who approves plans on the command line (docs/approve.md): they read Tokyo's
# record and plans, and write approvals into the record. DynamoDB cannot limit
# that to some items of a partition, so only who may approve may have this role.
module "approvers_role" {
  source = "../../modules/iam"

  name                 = "approvers"
  path                 = "/reconcile/"
  description          = "People who approve plans"
  permissions_boundary = aws_iam_policy.boundary.arn
  trust                = { people = true }
  statements = {
    Record = {
      actions   = ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Query"]
      resources = [local.records.tokyo]
    }
    # Not the leases, which all records of the table share.
    Approve = {
      actions   = ["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem"]
      resources = [local.records.tokyo]
      conditions = {
        "ForAllValues:StringNotEquals" = { "dynamodb:LeadingKeys" = ["LEASE"] }
        Null                           = { "dynamodb:LeadingKeys" = ["false"] }
      }
    }
    # The plans that they decide about, and their logs.
    Runs = {
      actions   = ["s3:GetObject"]
      resources = ["arn:aws:s3:::${local.buckets.work.tokyo}/snapshots/runs/*"]
    }
    Key = {
      actions    = ["kms:Decrypt"]
      resources  = [module.work_key["tokyo"].arn]
      conditions = { StringEquals = { "kms:ViaService" = [for service in ["dynamodb", "s3"] : "${service}.${var.site.regions.tokyo}.amazonaws.com"] } }
    }
  }
  tags = var.tags
}
