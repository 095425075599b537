data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {
  region = var.region
}

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  region    = data.aws_region.this.region

  use = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]

  policy = {
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "AccountDelegatesByIAM"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      }],
      [for service in sort(setsubtract(var.services, ["logs.amazonaws.com"])) : {
        Sid       = "Service${replace(title(replace(service, ".", " ")), " ", "")}"
        Effect    = "Allow"
        Principal = { Service = service }
        Action    = local.use
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      }],
      # CloudWatch Logs sends no source account, but names the log group.
      [for statement in [{
        Sid       = "CloudWatchLogs"
        Effect    = "Allow"
        Principal = { Service = "logs.${local.region}.amazonaws.com" }
        Action    = local.use
        Resource  = "*"
        Condition = { ArnLike = {
          "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:*"
        } }
      }] : statement if contains(var.services, "logs.amazonaws.com")],
      # A service-linked role that uses encrypted volumes, such as Auto
      # Scaling's.
      [for statement in [
        {
          Sid       = "Grantees"
          Effect    = "Allow"
          Principal = { AWS = sort(var.grantees) }
          Action    = local.use
          Resource  = "*"
        },
        {
          Sid       = "GranteesPassOnToAWS"
          Effect    = "Allow"
          Principal = { AWS = sort(var.grantees) }
          Action    = "kms:CreateGrant"
          Resource  = "*"
          Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
        },
      ] : statement if length(var.grantees) > 0],
    )
  }
}

resource "aws_kms_key" "this" {
  region = var.region

  description             = var.description
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = jsonencode(local.policy)

  tags = merge(var.tags, { Name = var.name })
}

resource "aws_kms_alias" "this" {
  region = var.region

  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
