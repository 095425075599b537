data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  arn       = "arn:${local.partition}:s3:::${var.name}"

  # Conditions that distinguish our log deliveries from those that others
  # request of the service.
  delivery = {
    "delivery.logs.amazonaws.com" = {
      resource = "${local.arn}/*"
      condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:logs:*:${local.account}:*" }
      }
    }
    "logdelivery.elasticloadbalancing.amazonaws.com" = {
      resource  = "${local.arn}/*AWSLogs/${local.account}/*"
      condition = {}
    }
    "logging.s3.amazonaws.com" = {
      resource  = "${local.arn}/*"
      condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }
  }

  policy = {
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "TLSOnly"
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:*"
          Resource  = [local.arn, "${local.arn}/*"]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
        {
          Sid       = "TLS12OrNewer"
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:*"
          Resource  = [local.arn, "${local.arn}/*"]
          Condition = { NumericLessThan = { "s3:TlsVersion" = "1.2" } }
        },
      ],
      [for service in sort(var.log_services) : merge({
        Sid       = "Logs${replace(title(replace(service, ".", " ")), " ", "")}"
        Effect    = "Allow"
        Principal = { Service = service }
        Action    = "s3:PutObject"
        Resource  = local.delivery[service].resource
      }, length(local.delivery[service].condition) > 0 ? { Condition = local.delivery[service].condition } : {})],
      [for statement in [{
        Sid       = "LogsAclCheck"
        Effect    = "Allow"
        Principal = { Service = "delivery.logs.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = local.arn
        Condition = local.delivery["delivery.logs.amazonaws.com"].condition
      }] : statement if contains(var.log_services, "delivery.logs.amazonaws.com")],
      [for arns in [sort(var.readers.distribution_arns)] : {
        Sid       = "CloudFront"
        Effect    = "Allow"
        Principal = { Service = "cloudfront.amazonaws.com" }
        Action    = "s3:GetObject"
        Resource  = "${local.arn}/*"
        Condition = { StringEquals = { "aws:SourceArn" = arns } }
      } if length(arns) > 0],
      # S3 takes a policy that names endpoints for one that is not public.
      [for ids in [sort(var.readers.vpc_endpoint_ids)] : {
        Sid       = "Endpoints"
        Effect    = "Allow"
        Principal = "*"
        Action    = "s3:GetObject"
        Resource  = "${local.arn}/*"
        Condition = { StringEquals = { "aws:SourceVpce" = ids } }
      } if length(ids) > 0],
      [for statement in [{
        Sid       = "NobodyDeletesVersions"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["s3:DeleteBucket", "s3:DeleteObjectVersion"]
        Resource  = [local.arn, "${local.arn}/*"]
      }] : statement if var.deny_delete],
    )
  }
}

resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV_AWS_18:By a resource of its own, where a bucket is told; that bucket is told of by none.
  # checkov:skip=CKV_AWS_145:With a key, but for logs that AWS delivers to no such bucket: see kms_key_arn.
  # checkov:skip=CKV2_AWS_62:Nothing waits for objects.
  region = var.region

  bucket              = var.name
  object_lock_enabled = var.retention.lock_days != null

  tags = var.tags
}

resource "aws_s3_bucket_public_access_block" "this" {
  region = var.region

  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  region = var.region

  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  region = var.region

  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  region = var.region

  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_object_lock_configuration" "this" {
  count  = var.retention.lock_days == null ? 0 : 1
  region = var.region

  bucket = aws_s3_bucket.this.id

  rule {
    default_retention {
      mode = var.retention.lock_mode
      days = var.retention.lock_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  region = var.region

  bucket = aws_s3_bucket.this.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = var.retention.noncurrent_days
    }

    dynamic "expiration" {
      for_each = var.retention.expire_days[*]

      content {
        days = expiration.value
      }
    }
  }

  dynamic "rule" {
    for_each = var.retention.prefixes

    content {
      id     = "expire ${rule.key}"
      status = "Enabled"

      filter {
        prefix = rule.key
      }

      expiration {
        days = rule.value
      }

      noncurrent_version_expiration {
        noncurrent_days = 1
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  region = var.region

  bucket = aws_s3_bucket.this.id
  policy = jsonencode(local.policy)

  depends_on = [aws_s3_bucket_public_access_block.this]
}

# Access logs.
resource "aws_s3_bucket_logging" "this" {
  count  = var.access_log_bucket == null ? 0 : 1
  region = var.region

  bucket        = aws_s3_bucket.this.id
  target_bucket = var.access_log_bucket
  target_prefix = "${var.name}/"
}

resource "aws_s3_bucket_replication_configuration" "this" {
  count  = var.replication == null ? 0 : 1
  region = var.region

  bucket = aws_s3_bucket.this.id
  role   = var.replication.role_arn

  rule {
    id     = "everything"
    status = "Enabled"

    filter {
      prefix = var.replication.prefix
    }

    delete_marker_replication {
      status = "Enabled"
    }

    dynamic "source_selection_criteria" {
      for_each = var.kms_key_arn[*]

      content {
        sse_kms_encrypted_objects {
          status = "Enabled"
        }
      }
    }

    destination {
      bucket = var.replication.bucket_arn

      dynamic "encryption_configuration" {
        for_each = var.replication.kms_key_arn[*]

        content {
          replica_kms_key_id = encryption_configuration.value
        }
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
