resource "aws_scheduler_schedule_group" "this" {
  name = var.name

  tags = var.tags
}

# Scheduled tasks. Two passes at the same time do no harm, because of the leases
# in the record. Of two previews the second finds nothing to do. A pass does not
# wait for a drift check.
locals {
  scheduled = merge(
    var.run.mode == "schedule" ? { pass = { what = "A pass", rate = var.run.schedule, enabled = var.run.enabled } } : {},
    var.drift == null ? {} : { drift = { what = "A look for drift", rate = var.drift.schedule, enabled = var.drift.enabled } },
    local.previews ? { preview = { what = "Plans on pull requests", rate = var.preview.schedule, enabled = var.preview.enabled } } : {},
  )
}

resource "aws_scheduler_schedule" "this" {
  # checkov:skip=CKV_AWS_297:It says when, and names what is started: nothing to keep from anybody.
  for_each = { for kind, task in local.scheduled : kind => task if local.ready }

  name                = local.tasks[each.key].name
  description         = "${each.value.what} of ${var.name}"
  group_name          = aws_scheduler_schedule_group.this.name
  schedule_expression = each.value.rate
  state               = each.value.enabled ? "ENABLED" : "DISABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_ecs_cluster.this.arn
    role_arn = aws_iam_role.this["scheduler"].arn

    ecs_parameters {
      task_definition_arn     = aws_ecs_task_definition.this[each.key].arn
      launch_type             = "FARGATE"
      propagate_tags          = "TASK_DEFINITION"
      enable_ecs_managed_tags = true

      network_configuration {
        assign_public_ip = local.public
        subnets          = local.subnet_ids
        security_groups  = [module.security_group.id]
      }
    }

    # The next tick is the retry: Scheduler's default is 185 of them in a day.
    retry_policy {
      maximum_retry_attempts       = 0
      maximum_event_age_in_seconds = 60
    }
  }

  depends_on = [aws_iam_role_policy.this, module.routes]
}

moved {
  from = aws_scheduler_schedule.this[0]
  to   = aws_scheduler_schedule.this["pass"]
}

resource "aws_ecs_service" "this" {
  count = local.ready && var.run.mode == "watch" ? 1 : 0

  name                    = var.name
  cluster                 = aws_ecs_cluster.this.id
  task_definition         = aws_ecs_task_definition.this["pass"].arn
  desired_count           = var.run.enabled ? 1 : 0
  launch_type             = "FARGATE"
  propagate_tags          = "TASK_DEFINITION"
  enable_ecs_managed_tags = true

  # The new one must exist before the old one is deleted.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    assign_public_ip = local.public
    subnets          = local.subnet_ids
    security_groups  = [module.security_group.id]
  }

  tags = var.tags

  depends_on = [aws_iam_role_policy.this, module.routes]
}
