# Task definitions.

resource "aws_ecs_cluster" "this" {
  # checkov:skip=CKV_AWS_65:A pass reports its own metrics. Container Insights costs more than the task, and AWS makes its log group, without a key and without an end.
  name = var.name

  setting {
    name  = "containerInsights"
    value = "disabled"
  }

  tags = var.tags
}

# The command of each kind of task.
locals {
  without_git = merge(var.settings, {
    RECONCILE_REPO       = var.repository
    RECONCILE_STATE      = "dynamodb://${aws_dynamodb_table.this.name}"
    RECONCILE_SNAPSHOTS  = "s3://${var.snapshots.bucket}/${var.snapshots.prefix}"
    RECONCILE_DIGEST_KEY = "secretsmanager://${aws_secretsmanager_secret.this["digest-key"].name}"
    RECONCILE_GATE       = var.gate
    RECONCILE_OUTPUT     = "json"
    RECONCILE_METRICS    = "emf" # for the alarms, in this namespace:
    OTEL_SERVICE_NAME    = local.namespace
  })
  environment = merge(local.without_git, {
    RECONCILE_GIT_CREDENTIALS = "secretsmanager://${aws_secretsmanager_secret.this["git"].name}"
  }, var.approvers == null ? {} : { RECONCILE_APPROVERS = "ssm://${var.approvers}" })

  # The executor of each task that uses one, by the family of its tasks.
  executors = { for family, group in {
    "${var.name}-worker"  = module.security_group.id
    "${var.name}-planner" = one(values(module.planner_security_group)[*].id)
    } : family => join("", [
      "ecs://${var.name}/${family}?container=reconcile",
      "&subnets=${join(",", local.subnet_ids)}",
      "&security_groups=${coalesce(group, "none")}",
      local.public ? "&public_ip=true" : "",
  ]) }

  told                = concat(var.notify.backlog ? ["backlog"] : [], [for arn in sort(var.notify.topic_arns) : "sns://${arn}"])
  backlog_credentials = local.backlog ? "secretsmanager://${aws_secretsmanager_secret.this["backlog"].name}" : null

  telling = merge(
    length(local.told) == 0 ? {} : { RECONCILE_NOTIFY = join(",", local.told) },
    var.notify.issues == null ? {} : { RECONCILE_NOTIFY_ISSUES = var.notify.issues },
    var.notify.backlog ? { RECONCILE_BACKLOG_CREDENTIALS = local.backlog_credentials } : {},
  )

  showing = merge(
    { for page in var.page[*] : "RECONCILE_PAGE" => "s3://${page.bucket}/${page.prefix}" },
    { for page in var.page[*] : "RECONCILE_PAGE_URL" => page.url if page.url != null },
  )

  tasks = merge(
    { pass = {
      name    = var.name
      role    = "task"
      command = var.run.mode == "watch" ? ["watch", "--interval", var.run.interval] : ["now", "--trigger", "schedule"]
      env     = merge(local.environment, local.telling, local.showing, var.tasks_for_workspaces ? { RECONCILE_EXECUTOR = local.executors["${var.name}-worker"] } : {})
      small   = var.tasks_for_workspaces
    } },
    # Only the pass starts it, and adds a workspace and a key.
    var.tasks_for_workspaces ? { worker = {
      name    = "${var.name}-worker"
      role    = "task"
      command = ["worker", "apply"]
      env     = local.without_git
      small   = false
    } } : {},
    var.drift == null ? {} : { drift = {
      name    = "${var.name}-drift"
      role    = "task" # it writes the record, like a pass
      command = ["drift"]
      env     = merge(local.environment, local.telling, local.showing)
      small   = false
    } },
    local.previews ? { preview = {
      name    = "${var.name}-preview"
      role    = "preview"
      command = ["preview"]
      env = merge(local.environment, {
        RECONCILE_BACKLOG_CREDENTIALS = local.backlog_credentials
        RECONCILE_EXECUTOR            = local.executors["${var.name}-planner"]
      })
      small = true
    } } : {},
    # Only the task above starts it, and adds a key.
    local.previews ? { planner = {
      name    = "${var.name}-planner"
      role    = "planner"
      command = ["worker", "plan"]
      env = merge(local.without_git, {
        # Fargate allows no namespaces, so the task itself is the sandbox.
        RECONCILE_ALLOW_UNCONFINED = "true"
        RECONCILE_PLAN_FROM        = join(",", concat([module.vpc.id], local.addresses))
      })
      small = false
    } } : {},
  )
}

resource "aws_ecs_task_definition" "this" {
  for_each = { for kind, task in local.tasks : kind => task if local.ready }

  family                   = each.value.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.small ? var.small.cpu : var.size.cpu
  memory                   = each.value.small ? var.small.memory : var.size.memory
  execution_role_arn       = aws_iam_role.this["execution"].arn
  task_role_arn            = aws_iam_role.this[each.value.role].arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }

  # A small task lays out no tree and has what Fargate gives free of charge.
  dynamic "ephemeral_storage" {
    for_each = each.value.small ? [] : [var.size.disk_gib]

    content {
      size_in_gib = ephemeral_storage.value
    }
  }

  volume {
    name = "work"
  }

  container_definitions = jsonencode([{
    name                   = "reconcile"
    image                  = "${aws_ecr_repository.this.repository_url}@${var.image_digest}"
    command                = each.value.command
    essential              = true
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    # A stopped apply needs this time to write a complete state.
    stopTimeout = 120
    mountPoints = [{ sourceVolume = "work", containerPath = "/var/lib/reconcile", readOnly = false }]
    environment = [for name, value in each.value.env : { name = name, value = value }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = local.region
        awslogs-stream-prefix = each.key == "pass" ? "reconcile" : each.key
        # A blocked log must not block an apply.
        mode            = "non-blocking"
        max-buffer-size = "25m"
      }
    }
  }])

  tags = var.tags

  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.task]
}

moved {
  from = aws_ecs_task_definition.this[0]
  to   = aws_ecs_task_definition.this["pass"]
}
