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

# Storage.

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
  # Under the same keys: the reconciler there finds them among its own.
  replication = one([for r in var.snapshots.replication[*] : merge(r, { prefix = "${var.snapshots.prefix}/" })])
  # The same time as the record retains planning tasks.
  retention = { prefixes = { "${var.snapshots.prefix}/previews/" = 7 } }

  access_log_bucket = var.snapshots.access_log_bucket
  tags              = var.tags
}

# Only the task may write it. S3's own key: CloudFront and a VPC endpoint could not read with
# another one. Each pass replaces the time of the last check, so versions are not kept.
module "page" {
  source   = "../s3"
  for_each = { for page in var.page[*] : "this" => page }

  name              = each.value.bucket
  kms_key_arn       = null
  retention         = { noncurrent_days = 1 }
  readers           = each.value.readers
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

# Only untagged images expire, so that no image in use is deleted.
resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({ rules = [{
    rulePriority = 1
    description  = "Untagged images, after 90 days"
    selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 90 }
    action       = { type = "expire" }
  }] })
}

# No values: people set them, so that neither code nor state contains one.
resource "aws_secretsmanager_secret" "this" {
  # checkov:skip=CKV2_AWS_57:People type them in: what they open takes no new ones by itself.
  for_each = local.secrets

  name                    = "${var.name}/${each.key}"
  description             = each.value
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = 30

  tags = var.tags
}

# Evidence stays longer than what wrote it.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/reconcile/${var.name}"
  kms_key_id        = var.kms_key_arn
  retention_in_days = 400
  skip_destroy      = true

  tags = var.tags
}
