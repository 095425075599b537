data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  region    = data.aws_region.this.region
  arn       = "${local.region}:${local.account}"

  ready     = var.image_digest != null
  running   = local.ready && var.run.enabled
  namespace = "Reconcile/${var.name}"
  cluster   = "arn:${local.partition}:ecs:${local.arn}:cluster/${var.name}"

  previews = var.preview != null
  backlog  = local.previews || var.notify.backlog
  secrets = merge(var.secrets, local.backlog ? { backlog = "API key of Backlog for reconcile: the key as it is, {\"api_key\": …} or {\"token\": …}" } : {}, {
    git        = "Credentials of Git for reconcile: {\"username\": …, \"password\": …} or {\"private_key\": …}"
    digest-key = "Key of reconcile's digests of outputs: 32 random bytes, as `openssl rand -base64 32` prints"
  })
}

# Network: an address of its own, that can be allowed in.

module "vpc" {
  source = "../vpc"

  name = var.name
  cidr = var.network.cidr
  subnets = merge(
    { for name, zone in var.network.zones : "public-${name}" => { zone = zone.id, cidr = zone.public, public = true } },
    { for name, zone in var.network.zones : "private-${name}" => { zone = zone.id, cidr = zone.private } },
  )
  nat_subnets         = [for name in keys(var.network.zones) : "public-${name}"]
  gateway_endpoints   = ["dynamodb", "s3"]
  flow_log_bucket_arn = var.network.flow_log_bucket_arn
  tags                = var.tags
}

module "routes" {
  source = "../vpc_routetable"

  name   = var.name
  vpc_id = module.vpc.id
  tables = merge(
    {
      public = {
        subnet_ids = { for name in keys(var.network.zones) : "public-${name}" => module.vpc.subnets["public-${name}"].id }
        routes     = { internet = { cidr = "0.0.0.0/0", internet_gateway_id = module.vpc.internet_gateway_id } }
      }
    },
    { for name in keys(var.network.zones) : "private-${name}" => {
      subnet_ids           = { "private-${name}" = module.vpc.subnets["private-${name}"].id }
      routes               = { internet = { cidr = "0.0.0.0/0", nat_gateway_id = module.vpc.nat_gateway_ids["public-${name}"] } }
      gateway_endpoint_ids = module.vpc.gateway_endpoint_ids
    } },
  )
  tags = var.tags
}

module "security_group" {
  source = "../security_group"

  name        = var.name
  description = "Passes of ${var.name}: out by HTTPS, in by nothing"
  vpc_id      = module.vpc.id
  egress = {
    https = { description = "Git, AWS and registries", ports = "443", cidr = "0.0.0.0/0" }
  }
  tags = var.tags
}

# Apart, so that what planners reach can be narrowed without passes.
module "planner_security_group" {
  source   = "../security_group"
  for_each = toset(local.previews ? ["this"] : [])

  name        = "${var.name}-planner"
  description = "Plans of pull requests of ${var.name}: out by HTTPS, in by nothing"
  vpc_id      = module.vpc.id
  egress = {
    https = { description = "AWS and registries", ports = "443", cidr = "0.0.0.0/0" }
  }
  tags = var.tags
}

# What it keeps.

resource "aws_dynamodb_table" "this" {
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = true

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  tags = var.tags
}

module "snapshots" {
  source = "../s3"

  name        = var.snapshots.bucket
  kms_key_arn = var.kms_key_arn
  deny_delete = true
  replication = var.snapshots.replication
  # As long as it is remembered that a planning was given away.
  retention = { prefixes = { "${var.snapshots.prefix}/previews/" = 7 } }

  access_log_bucket = var.snapshots.access_log_bucket
  tags              = var.tags
}

resource "aws_ecr_repository" "this" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.kms_key_arn
  }

  image_scanning_configuration {
    scan_on_push = true
  }

  tags = var.tags
}

# Only what nobody tagged goes: an image in use must not be counted out.
resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({ rules = [{
    rulePriority = 1
    description  = "Untagged images, after 90 days"
    selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 90 }
    action       = { type = "expire" }
  }] })
}

# No values: people type them in, so that neither code nor state holds any.
resource "aws_secretsmanager_secret" "this" {
  # checkov:skip=CKV2_AWS_57:People type them in: what they open takes no new ones by itself.
  for_each = local.secrets

  name                    = "${var.name}/${each.key}"
  description             = each.value
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = 30

  tags = var.tags
}

# Evidence outlives what wrote it.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/reconcile/${var.name}"
  kms_key_id        = var.kms_key_arn
  retention_in_days = 400
  skip_destroy      = true

  tags = var.tags
}

# What it may do.

locals {
  # Where previews and planners hand over what planning takes and gives.
  parcels = "${module.snapshots.arn}/${var.snapshots.prefix}/previews"

  use_of_key = {
    Sid      = "Key"
    Effect   = "Allow"
    Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource = [var.kms_key_arn]
    Condition = { StringEquals = {
      "kms:ViaService" = [for service in ["dynamodb", "s3", "secretsmanager"] : "${service}.${local.region}.${data.aws_partition.this.dns_suffix}"]
    } }
  }

  policies = {
    task = concat(
      [
        {
          Sid      = "Record"
          Effect   = "Allow"
          Action   = ["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
          Resource = [aws_dynamodb_table.this.arn]
        },
        {
          # DeleteObject: old snapshots and logs are pruned.
          Sid      = "Snapshots"
          Effect   = "Allow"
          Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
          Resource = ["${module.snapshots.arn}/${var.snapshots.prefix}/*"]
        },
        {
          # Without it a missing key is answered with 403.
          Sid      = "SnapshotsList"
          Effect   = "Allow"
          Action   = ["s3:ListBucket"]
          Resource = [module.snapshots.arn]
        },
        {
          Sid      = "Secrets"
          Effect   = "Allow"
          Action   = ["secretsmanager:GetSecretValue"]
          Resource = [for name in concat(var.notify.backlog ? ["backlog"] : [], ["digest-key", "git"]) : aws_secretsmanager_secret.this[name].arn]
        },
        local.use_of_key,
        {
          # Whether a task that held a lease is dead.
          Sid       = "Tasks"
          Effect    = "Allow"
          Action    = ["ecs:DescribeTasks"]
          Resource  = ["arn:${local.partition}:ecs:${local.arn}:task/${var.name}/*"]
          Condition = { ArnEquals = { "ecs:cluster" = local.cluster } }
        },
      ],
      [for arns in [sort(var.codebuild_project_arns)] : {
        Sid      = "Builds"
        Effect   = "Allow"
        Action   = ["codebuild:BatchGetBuilds"]
        Resource = arns
      } if length(arns) > 0],
      # Of its own definition alone, as what it is itself.
      [for roles in [[for name in ["execution", "task"] : "arn:${local.partition}:iam::${local.account}:role/reconcile/${var.name}-${name}"]] : {
        Sid       = "StartPassRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = roles
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      } if var.tasks_for_workspaces],
      [for family in [var.name] : {
        Sid       = "Start"
        Effect    = "Allow"
        Action    = ["ecs:RunTask"]
        Resource  = ["arn:${local.partition}:ecs:${local.arn}:task-definition/${family}:*"]
        Condition = { ArnEquals = { "ecs:cluster" = local.cluster } }
      } if var.tasks_for_workspaces],
      flatten([for arns in [sort(var.notify.topic_arns)] : [
        {
          Sid      = "Tell"
          Effect   = "Allow"
          Action   = ["sns:Publish"]
          Resource = arns
        },
        {
          # A topic's key is its own, and only its topic can say which it is.
          Sid       = "TellKey"
          Effect    = "Allow"
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = ["arn:${local.partition}:kms:*:${local.account}:key/*"]
          Condition = { StringLike = { "kms:ViaService" = "sns.*.${data.aws_partition.this.dns_suffix}" } }
        },
      ] if length(arns) > 0]),
      [for arns in [sort(var.workspace_roles)] : {
        Sid      = "Workspaces"
        Effect   = "Allow"
        Action   = ["sts:AssumeRole"]
        Resource = arns
      } if length(arns) > 0],
      flatten([for name, state in var.states : [
        {
          # Terraform lists with the prefix env:/ before anything else.
          Sid      = "StateList${md5(name)}"
          Effect   = "Allow"
          Action   = ["s3:ListBucket"]
          Resource = [state.bucket_arn]
        },
        {
          Sid      = "State${md5(name)}"
          Effect   = "Allow"
          Action   = ["s3:GetObject", "s3:PutObject"]
          Resource = ["${state.bucket_arn}/${state.prefix}*"]
        },
        {
          Sid      = "StateLock${md5(name)}"
          Effect   = "Allow"
          Action   = ["s3:DeleteObject"]
          Resource = ["${state.bucket_arn}/${state.prefix}*.tflock"]
        },
        {
          Sid       = "StateKey${md5(name)}"
          Effect    = "Allow"
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = [state.kms_key_arn]
          Condition = { StringLike = { "kms:ViaService" = "s3.*.${data.aws_partition.this.dns_suffix}" } }
        },
      ]]),
    )

    # Who reads pull requests, merges them and writes the comments has the
    # secrets of Git and Backlog; it runs no code of theirs, and can be no role.
    preview = [
      {
        Sid      = "Record"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:Query"]
        Resource = [aws_dynamodb_table.this.arn]
      },
      {
        # What it has given away, in a partition of its own.
        Sid      = "Given"
        Effect   = "Allow"
        Action   = ["dynamodb:PutItem"]
        Resource = [aws_dynamodb_table.this.arn]
        Condition = {
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["PREVIEW:*"] }
          Null                      = { "dynamodb:LeadingKeys" = "false" }
        }
      },
      {
        Sid      = "Parcels"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = ["${local.parcels}/*"]
      },
      {
        # Without it an answer that is not there yet is answered with 403.
        Sid      = "ParcelsList"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = [module.snapshots.arn]
      },
      {
        Sid      = "Secrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [for name in ["backlog", "digest-key", "git"] : aws_secretsmanager_secret.this[name].arn if local.previews]
      },
      local.use_of_key,
      {
        Sid       = "Start"
        Effect    = "Allow"
        Action    = ["ecs:RunTask"]
        Resource  = ["arn:${local.partition}:ecs:${local.arn}:task-definition/${var.name}-planner:*"]
        Condition = { ArnEquals = { "ecs:cluster" = local.cluster } }
      },
      {
        Sid       = "StartPassRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = [for name in ["execution", "planner"] : "arn:${local.partition}:iam::${local.account}:role/reconcile/${var.name}-${name}"]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        # Whether a planner has ended.
        Sid       = "Tasks"
        Effect    = "Allow"
        Action    = ["ecs:DescribeTasks"]
        Resource  = ["arn:${local.partition}:ecs:${local.arn}:task/${var.name}/*"]
        Condition = { ArnEquals = { "ecs:cluster" = local.cluster } }
      },
    ]

    # A plan of a pull request runs code that nobody has approved: it can read
    # the record and the parcel whose key it was told, answer there, and be the
    # roles for plans.
    planner = concat(
      [
        {
          Sid      = "Record"
          Effect   = "Allow"
          Action   = ["dynamodb:GetItem", "dynamodb:Query"]
          Resource = [aws_dynamodb_table.this.arn]
        },
        {
          # The keys of others' parcels are written there.
          Sid       = "Given"
          Effect    = "Deny"
          Action    = ["dynamodb:GetItem", "dynamodb:Query"]
          Resource  = [aws_dynamodb_table.this.arn]
          Condition = { "ForAnyValue:StringLike" = { "dynamodb:LeadingKeys" = ["PREVIEW:*"] } }
        },
        {
          Sid      = "Parcel"
          Effect   = "Allow"
          Action   = ["s3:GetObject"]
          Resource = [for part in ["merged.tar.zst", "order.json", "tip.tar.zst"] : "${local.parcels}/*/${part}"]
        },
        {
          Sid      = "Answer"
          Effect   = "Allow"
          Action   = ["s3:PutObject"]
          Resource = ["${local.parcels}/*/answer.json"]
        },
        {
          # By it, sensitive outputs are known and not printed.
          Sid      = "Secrets"
          Effect   = "Allow"
          Action   = ["secretsmanager:GetSecretValue"]
          Resource = [aws_secretsmanager_secret.this["digest-key"].arn]
        },
        local.use_of_key,
      ],
      [for arns in [try(sort(var.preview.plan_roles), [])] : {
        Sid      = "Plans"
        Effect   = "Allow"
        Action   = ["sts:AssumeRole"]
        Resource = arns
      } if length(arns) > 0],
    )

    execution = [
      {
        # AWS knows no resource for it.
        Sid      = "Login"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      },
      {
        Sid      = "Image"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [aws_ecr_repository.this.arn]
      },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
      },
    ]

    scheduler = [
      {
        Sid       = "Run"
        Effect    = "Allow"
        Action    = ["ecs:RunTask"]
        Resource  = [for family in concat([var.name], [for kind in keys(local.scheduled) : "${var.name}-${kind}" if kind != "pass"]) : "arn:${local.partition}:ecs:${local.arn}:task-definition/${family}:*"]
        Condition = { ArnEquals = { "ecs:cluster" = local.cluster } }
      },
      {
        Sid       = "PassRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = [for role in concat(["execution"], local.previews ? ["preview"] : [], ["task"]) : aws_iam_role.this[role].arn]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        Sid       = "Tag"
        Effect    = "Allow"
        Action    = ["ecs:TagResource"]
        Resource  = ["arn:${local.partition}:ecs:${local.arn}:task/${var.name}/*"]
        Condition = { StringEquals = { "ecs:CreateAction" = "RunTask" } }
      },
    ]
  }

  # Who may be each role, for this account alone.
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
  path                 = "/reconcile/" # by which policies keep others off
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

# A policy of its own, for whoever else runs the same image.
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

# What runs.

resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }

  tags = var.tags
}

# What each kind of task runs.
locals {
  without_git = merge(var.settings, {
    RECONCILE_REPO       = var.repository
    RECONCILE_STATE      = "dynamodb://${aws_dynamodb_table.this.name}"
    RECONCILE_SNAPSHOTS  = "s3://${var.snapshots.bucket}/${var.snapshots.prefix}"
    RECONCILE_DIGEST_KEY = "secretsmanager://${aws_secretsmanager_secret.this["digest-key"].name}"
    RECONCILE_OUTPUT     = "json"
    RECONCILE_METRICS    = "emf" # which the alarms see, in the namespace:
    OTEL_SERVICE_NAME    = local.namespace
  })
  environment = merge(local.without_git, {
    RECONCILE_GIT_CREDENTIALS = "secretsmanager://${aws_secretsmanager_secret.this["git"].name}"
  })

  # Where work is done elsewhere, by the family of its task.
  executors = { for family, group in {
    (var.name)            = module.security_group.id
    "${var.name}-planner" = one(values(module.planner_security_group)[*].id)
    } : family => join("", [
      "ecs://${var.name}/${family}?container=reconcile",
      "&subnets=${join(",", [for name in sort(keys(var.network.zones)) : module.vpc.subnets["private-${name}"].id])}",
      "&security_groups=${coalesce(group, "none")}",
  ]) }

  told                = concat(var.notify.backlog ? ["backlog"] : [], [for arn in sort(var.notify.topic_arns) : "sns://${arn}"])
  backlog_credentials = local.backlog ? "secretsmanager://${aws_secretsmanager_secret.this["backlog"].name}" : null

  telling = merge(
    length(local.told) == 0 ? {} : { RECONCILE_NOTIFY = join(",", local.told) },
    var.notify.issues == null ? {} : { RECONCILE_NOTIFY_ISSUES = var.notify.issues },
    var.notify.backlog ? { RECONCILE_BACKLOG_CREDENTIALS = local.backlog_credentials } : {},
  )

  tasks = merge(
    { pass = {
      name    = var.name
      role    = "task"
      command = var.run.mode == "watch" ? ["watch", "--interval", var.run.interval] : ["now", "--trigger", "schedule"]
      env     = merge(local.environment, local.telling, var.tasks_for_workspaces ? { RECONCILE_EXECUTOR = local.executors[var.name] } : {})
    } },
    var.drift == null ? {} : { drift = {
      name    = "${var.name}-drift"
      role    = "task" # it writes the record, as a pass does
      command = ["drift"]
      env     = merge(local.environment, local.telling)
    } },
    local.previews ? { preview = {
      name    = "${var.name}-preview"
      role    = "preview"
      command = ["preview"]
      env = merge(local.environment, {
        RECONCILE_BACKLOG_CREDENTIALS = local.backlog_credentials
        RECONCILE_EXECUTOR            = local.executors["${var.name}-planner"]
      })
    } } : {},
    # Nobody starts it but the task above, which adds a key.
    local.previews ? { planner = {
      name    = "${var.name}-planner"
      role    = "planner"
      command = ["plan-parcel"]
      env     = local.without_git
    } } : {},
  )
}

resource "aws_ecs_task_definition" "this" {
  for_each = { for kind, task in local.tasks : kind => task if local.ready }

  family                   = each.value.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.size.cpu
  memory                   = var.size.memory
  execution_role_arn       = aws_iam_role.this["execution"].arn
  task_role_arn            = aws_iam_role.this[each.value.role].arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }

  ephemeral_storage {
    size_in_gib = var.size.disk_gib
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
    # An apply that is stopped needs the time to leave a whole state behind.
    stopTimeout = 120
    mountPoints = [{ sourceVolume = "work", containerPath = "/work", readOnly = false }]
    environment = [for name, value in each.value.env : { name = name, value = value }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = local.region
        awslogs-stream-prefix = each.key == "pass" ? "reconcile" : each.key
        # A log that cannot be written must not hold up an apply.
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

resource "aws_scheduler_schedule_group" "this" {
  name = var.name

  tags = var.tags
}

# What is started on a schedule. Two passes at once do no harm: leases in the
# record see to that; of two previews the second finds nothing to do; and a pass
# does not wait for a look for drift.
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
        assign_public_ip = false
        subnets          = [for name in keys(var.network.zones) : module.vpc.subnets["private-${name}"].id]
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

  # The new one must stand before the old one goes.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    assign_public_ip = false
    subnets          = [for name in keys(var.network.zones) : module.vpc.subnets["private-${name}"].id]
    security_groups  = [module.security_group.id]
  }

  tags = var.tags

  depends_on = [aws_iam_role_policy.this, module.routes]
}

# Who is told. What the figures mean is in docs/metrics.md; a test compares the
# names with those that the program knows.

locals {
  alarms = {
    "${var.name}-no-pass-completed" = {
      description = "No pass of ${var.name} completed in ${var.run.alarm_minutes} minutes: merged changes are not applied. See the log group ${aws_cloudwatch_log_group.this.name}, then `reconcile doctor`."
      metric      = "reconcile.pass.duration"
      statistic   = "SampleCount"
      when        = "<"
      threshold   = 1
      periods     = var.run.alarm_minutes / 5
      missing     = "breaching"
    }
    "${var.name}-behind" = {
      description = "The branch has been ahead of what ${var.name} has applied for ${var.run.behind_minutes} minutes: `reconcile status` says what fails, or waits for a person."
      metric      = "reconcile.staleness"
      statistic   = "Maximum"
      when        = ">"
      threshold   = var.run.behind_minutes * 60
      periods     = 1
      missing     = "ignore" # as it was, until a pass says otherwise
    }
    "${var.name}-workspace-failed" = {
      description = "A workspace of ${var.name} failed: `reconcile status` says which, `reconcile runs` shows its log."
      metric      = "reconcile.workspaces.failed"
      statistic   = "Maximum"
      when        = ">="
      threshold   = 1
      periods     = 1
      missing     = "ignore"
    }
    "${var.name}-drifted" = {
      description = "Something that ${var.name} applied was changed behind Git's back: `reconcile status` says which workspaces, and how to put it back."
      metric      = "reconcile.workspaces.drifted"
      statistic   = "Maximum"
      when        = ">="
      threshold   = 1
      periods     = 1
      missing     = "ignore" # as it was, until somebody looks again
    }
  }
  graphs = {
    "Passes"              = { "reconcile.pass.duration" = "Average", "reconcile.pass.failures" = "Sum" }
    "Workspaces"          = { "reconcile.workspaces.applied" = "Sum", "reconcile.workspaces.failed" = "Maximum", "reconcile.workspaces.blocked" = "Maximum", "reconcile.workspaces.drifted" = "Maximum" }
    "Seconds a workspace" = { "reconcile.visit.duration" = "Maximum", "reconcile.lease.wait" = "Maximum" }
    "Seconds behind"      = { "reconcile.staleness" = "Maximum" }
  }
}

module "alarms" {
  source = "../cloudwatch"

  alarms = { for name, a in local.alarms : name => {
    description = a.description
    namespace   = local.namespace
    metric      = a.metric
    statistic   = a.statistic
    period      = 300
    times       = a.periods
    of          = a.periods
    when        = a.when
    threshold   = a.threshold
    missing     = a.missing
    enabled     = local.running
  } }
  graphs     = { for title, metrics in local.graphs : title => { namespace = local.namespace, metrics = metrics } }
  dashboard  = var.name
  topic_arns = var.alarm_topic_arns
  tags       = var.tags
}
