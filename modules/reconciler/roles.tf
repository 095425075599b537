locals {
  # Trust policies, for this account only.
  trusted = merge(local.previews ? {
    planner = { service = "ecs-tasks.amazonaws.com", source = "arn:${local.partition}:ecs:${local.arn}:*" }
    preview = { service = "ecs-tasks.amazonaws.com", source = "arn:${local.partition}:ecs:${local.arn}:*" }
    } : {}, {
    task      = { service = "ecs-tasks.amazonaws.com", source = "arn:${local.partition}:ecs:${local.arn}:*" }
    execution = { service = "ecs-tasks.amazonaws.com", source = "arn:${local.partition}:ecs:${local.arn}:*" }
    scheduler = { service = "scheduler.amazonaws.com", source = "arn:${local.partition}:scheduler:${local.arn}:schedule-group/${var.name}" }
  })
}

resource "aws_iam_role" "this" {
  for_each = local.trusted

  name                 = "${var.name}-${each.key}"
  path                 = "/reconcile/" # policies protect roles by this path
  permissions_boundary = var.permissions_boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = each.value.service }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = each.value.source }
      }
    }]
  })

  tags = var.tags
}

resource "aws_iam_role_policy" "this" {
  for_each = toset(concat(["execution", "scheduler"], local.previews ? ["planner", "preview"] : []))

  name   = each.key
  role   = aws_iam_role.this[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.policies[each.key] })
}

# A separate policy, for other runners of the same image.
resource "aws_iam_policy" "task" {
  name        = "${var.name}-task"
  path        = "/reconcile/"
  description = "What a pass of ${var.name} may do"
  policy      = jsonencode({ Version = "2012-10-17", Statement = local.policies.task })

  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "task" {
  role       = aws_iam_role.this["task"].name
  policy_arn = aws_iam_policy.task.arn
}
