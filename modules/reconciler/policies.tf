# What each task may do.

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
        {
          # What planned code makes off with is of no use elsewhere. A request
          # comes by an endpoint of the VPC, or from one of its fixed addresses, or
          # AWS makes it on the task's behalf.
          Sid      = "Elsewhere"
          Effect   = "Deny"
          Action   = ["*"]
          Resource = ["*"]
          Condition = {
            BoolIfExists            = { "aws:ViaAWSService" = "false" }
            NotIpAddressIfExists    = { "aws:SourceIp" = [for name in sort(keys(var.network.zones)) : module.vpc.nat_addresses["public-${name}"]] }
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
}
