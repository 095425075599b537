# The newest version of the object. Lambda gets exactly this version, so that it
# runs what the plan has shown.
data "aws_s3_object" "this" {
  for_each = { for object in var.package.object[*] : "this" => object }

  bucket        = each.value.bucket
  key           = each.value.key
  checksum_mode = "ENABLED"
  download_body = false

  lifecycle {
    postcondition {
      condition     = can(regex("^[A-Za-z0-9+/]{43}=$", self.checksum_sha256))
      error_message = "s3://${each.value.bucket}/${each.value.key} has no SHA-256 of the whole: upload it again, with aws s3 cp --checksum-algorithm SHA256."
    }
  }
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_115:concurrency says so where it matters: a share that is set aside is taken from the account's.
  # checkov:skip=CKV_AWS_116:Its callers wait for the answer: nothing is queued that could be lost.
  # checkov:skip=CKV_AWS_117:It reaches AWS's own addresses alone; in a VPC it would need a way out.
  # checkov:skip=CKV_AWS_272:The package is known by its hash.
  function_name = var.name
  description   = var.description
  role          = var.role_arn

  filename          = var.package.filename
  s3_bucket         = try(var.package.object.bucket, null)
  s3_key            = try(var.package.object.key, null)
  s3_object_version = one([for object in data.aws_s3_object.this : object.version_id])
  source_code_hash  = coalesce(var.package.hash, one([for object in data.aws_s3_object.this : object.checksum_sha256]))
  runtime           = var.runtime
  handler           = var.handler
  architectures     = [var.architecture]

  timeout                        = var.timeout
  memory_size                    = var.memory
  reserved_concurrent_executions = var.concurrency
  kms_key_arn                    = var.kms_key_arn

  dynamic "environment" {
    for_each = length(var.environment) > 0 ? [var.environment] : []

    content {
      variables = environment.value
    }
  }

  logging_config {
    log_format = "JSON"
    log_group  = split(":log-group:", var.log_group_arn)[1]
  }

  tracing_config {
    mode = "Active"
  }

  tags = merge(var.tags, { Name = var.name })
}

resource "aws_lambda_permission" "this" {
  for_each = var.callers

  statement_id  = each.key
  function_name = aws_lambda_function.this.function_name
  action        = "lambda:InvokeFunction"
  principal     = each.value.service
  source_arn    = each.value.source_arn
}
