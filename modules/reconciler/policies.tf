# Permissions of each task.

locals {
  # Location of the bundles that previews and planners exchange.
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

  # Who may approve plans. Passes and previews read it, and the planner does not.
  read_approvers = [for name in var.approvers[*] : {
    Sid      = "Approvers"
    Effect   = "Allow"
    Action   = ["ssm:GetParameter"]
    Resource = ["arn:${local.partition}:ssm:${local.arn}:parameter${name}"]
  }]

  policies = {
    task = concat(
      local.read_approvers,
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
          # Without it, S3 answers 403 for a missing key.
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
          # To check whether a task that held a lease has ended.
          Sid       = "Tasks"
          Effect    = "Allow"
          Action    = ["ecs:DescribeTasks"]
          Resource  = ["arn:${local.partition}:ecs:${local.arn}:task/${var.name}/*"]
          Condition = { ArnEquals = { "ecs:cluster" = local.cluster } }
        },
      ],
      flatten([for bucket in module.page : [
        {
          Sid      = "Page"
          Effect   = "Allow"
          Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
          Resource = ["${bucket.arn}/${var.page.prefix}/*"]
        },
        {
          # Without it, S3 answers 403 for a missing key.
          Sid      = "PageList"
          Effect   = "Allow"
          Action   = ["s3:ListBucket"]
          Resource = [bucket.arn]
        },
      ]]),
      [for arns in [sort(var.codebuild_project_arns)] : {
        Sid      = "Builds"
        Effect   = "Allow"
        Action   = ["codebuild:BatchGetBuilds"]
        Resource = arns
      } if length(arns) > 0],
      # Only its own definition, with its own roles.
      [for roles in [[for name in ["execution", "task"] : "arn:${local.partition}:iam::${local.account}:role/reconcile/${var.name}-${name}"]] : {
        Sid       = "StartPassRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = roles
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      } if var.tasks_for_workspaces],
      [for family in ["${var.name}-worker"] : {
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
          # Only the topic knows its KMS key.
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
          # Terraform first lists with the prefix env:/.
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

    # The coordinator reads pull requests, merges them and writes the comments.
    # It has the secrets of Git and Backlog, runs no code of pull requests, and
    # can assume no role.
    preview = concat(local.read_approvers, [
      {
        Sid      = "Record"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:Query"]
        Resource = [aws_dynamodb_table.this.arn]
      },
      {
        # Its planner tasks, and approvals before the merge, in a separate
        # partition.
        Sid      = "Given"
        Effect   = "Allow"
        Action   = ["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem"]
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
        # Without it, S3 answers 403 while there is no response yet.
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
        # To check whether a planner has ended.
        Sid       = "Tasks"
        Effect    = "Allow"
        Action    = ["ecs:DescribeTasks"]
        Resource  = ["arn:${local.partition}:ecs:${local.arn}:task/${var.name}/*"]
        Condition = { ArnEquals = { "ecs:cluster" = local.cluster } }
      },
    ])

    # The planner runs code that nobody has approved. It may read the record and
    # the bundle of its key, write its response there, and assume the plan
    # roles.
    planner = concat(
      [
        {
          Sid      = "Record"
          Effect   = "Allow"
          Action   = ["dynamodb:GetItem", "dynamodb:Query"]
          Resource = [aws_dynamodb_table.this.arn]
        },
        {
          # These items contain the keys of other bundles.
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
          # With it, sensitive outputs are recognized and not printed.
          Sid      = "Secrets"
          Effect   = "Allow"
          Action   = ["secretsmanager:GetSecretValue"]
          Resource = [aws_secretsmanager_secret.this["digest-key"].arn]
        },
        local.use_of_key,
        {
          # Stolen credentials do not work elsewhere. A request must come
          # through a VPC endpoint or from a fixed address, or AWS makes it for
          # the task.
          Sid      = "Elsewhere"
          Effect   = "Deny"
          Action   = ["*"]
          Resource = ["*"]
          Condition = {
            BoolIfExists            = { "aws:ViaAWSService" = "false" }
            NotIpAddressIfExists    = { "aws:SourceIp" = local.addresses }
            StringNotEqualsIfExists = { "aws:SourceVpc" = module.vpc.id }
          }
        },
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
        # This action supports no resource.
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
}
