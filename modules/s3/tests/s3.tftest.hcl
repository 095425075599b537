mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name        = "example-logs"
  kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  tags        = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "private_encrypted_versioned" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "Something could be made public."
  }

  assert {
    condition     = one(aws_s3_bucket_ownership_controls.this.rule).object_ownership == "BucketOwnerEnforced"
    error_message = "Access lists are in force."
  }

  assert {
    condition     = one(aws_s3_bucket_versioning.this.versioning_configuration).status == "Enabled"
    error_message = "There is no versioning."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn
    error_message = "Objects are not encrypted with the key."
  }

  assert {
    condition     = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : "${s.Effect} ${s.Sid}"] == ["Deny TLSOnly", "Deny TLS12OrNewer"]
    error_message = "The policy lets somebody in, or what is not encrypted on its way."
  }

  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Condition] == [
      { Bool = { "aws:SecureTransport" = "false" } }, { NumericLessThan = { "s3:TlsVersion" = "1.2" } },
    ]
    error_message = "What is not encrypted on its way is let in, or old TLS."
  }

  assert {
    condition     = !aws_s3_bucket.this.object_lock_enabled && length(aws_s3_bucket_object_lock_configuration.this) == 0
    error_message = "There is a lock that nobody asked for."
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this.rule[0].expiration) == 0 && aws_s3_bucket_lifecycle_configuration.this.rule[0].noncurrent_version_expiration[0].noncurrent_days == 90
    error_message = "Objects expire, or old versions stay."
  }
}

run "a_prefix_expires_by_itself" {
  command = plan

  variables {
    retention = { prefixes = { "snapshots/previews/" = 7 } }
  }

  assert {
    condition = [for r in aws_s3_bucket_lifecycle_configuration.this.rule : [r.filter[0].prefix, r.expiration[0].days, r.noncurrent_version_expiration[0].noncurrent_days] if length(r.expiration) > 0] == [
      ["snapshots/previews/", 7, 1],
    ]
    error_message = "What is under the prefix stays, or something else goes."
  }
}

run "logs_locked_for_400_days" {
  command = plan

  variables {
    retention    = { expire_days = 400, lock_days = 400 }
    log_services = ["delivery.logs.amazonaws.com"]
  }

  assert {
    condition     = [for r in one(aws_s3_bucket_object_lock_configuration.this[0].rule).default_retention : "${r.mode} ${r.days}"] == ["GOVERNANCE 400"]
    error_message = "Logs are not locked for 400 days."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[0].expiration[0].days == 400
    error_message = "Logs do not expire after 400 days."
  }

  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Sid] == [
      "TLSOnly", "TLS12OrNewer", "LogsDeliveryLogsAmazonawsCom", "LogsAclCheck",
    ]
    error_message = "The policy's statements are others."
  }
}

run "logs_of_load_balancers_and_of_s3_itself" {
  command = plan

  variables {
    kms_key_arn  = null
    deny_delete  = true
    log_services = ["logdelivery.elasticloadbalancing.amazonaws.com", "logging.s3.amazonaws.com"]
  }

  assert {
    condition     = length(aws_s3_bucket_object_lock_configuration.this) == 0 && !aws_s3_bucket.this.object_lock_enabled
    error_message = "S3 could not deliver."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "Load balancers could not deliver."
  }

  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Sid] == [
      "TLSOnly", "TLS12OrNewer", "LogsLogdeliveryElasticloadbalancingAmazonawsCom", "LogsLoggingS3AmazonawsCom", "NobodyDeletesVersions",
    ]
    error_message = "The policy's statements are others."
  }

  assert {
    condition = alltrue([for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      can(s.Condition) || strcontains(s.Resource, "AWSLogs/123456789012/") if s.Effect == "Allow"
    ])
    error_message = "Logs of other accounts would be taken."
  }
}

run "copied_and_kept" {
  command = plan

  variables {
    deny_delete = true
    replication = {
      bucket_arn  = "arn:aws:s3:::example-logs-osaka"
      role_arn    = "arn:aws:iam::123456789012:role/replication"
      kms_key_arn = "arn:aws:kms:ap-northeast-3:123456789012:key/11111111-2222-3333-4444-555555555555"
      prefix      = "kept/"
    }
  }

  assert {
    condition     = one(one(aws_s3_bucket_replication_configuration.this[0].rule).filter).prefix == "kept/"
    error_message = "Objects with other keys would be copied."
  }

  assert {
    condition     = one(one(aws_s3_bucket_replication_configuration.this[0].rule).destination).bucket == "arn:aws:s3:::example-logs-osaka"
    error_message = "There is no copy."
  }

  assert {
    condition     = one(one(one(one(aws_s3_bucket_replication_configuration.this[0].rule).destination).encryption_configuration[*]).replica_kms_key_id[*]) == var.replication.kms_key_arn
    error_message = "The copy has no key."
  }

  assert {
    condition     = contains([for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Sid], "NobodyDeletesVersions")
    error_message = "Versions can be deleted."
  }
}

run "refuses_a_name_with_a_dot" {
  command = plan

  variables {
    name = "logs.example.com"
  }

  expect_failures = [var.name]
}

run "refuses_an_alias_for_a_key" {
  command = plan

  variables {
    kms_key_arn = "alias/logs"
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_part_of_a_day" {
  command = plan

  variables {
    retention = { noncurrent_days = 0.5 }
  }

  expect_failures = [var.retention]
}

run "refuses_an_unknown_lock" {
  command = plan

  variables {
    retention = { lock_days = 1, lock_mode = "governance" }
  }

  expect_failures = [var.retention]
}

run "refuses_a_lock_beyond_expiry" {
  command = plan

  variables {
    retention = { expire_days = 30, lock_days = 400 }
  }

  expect_failures = [var.retention]
}

run "refuses_an_unknown_log_service" {
  command = plan

  variables {
    log_services = ["logs.amazonaws.com"]
  }

  expect_failures = [var.log_services]
}

run "refuses_load_balancer_logs_with_a_key" {
  command = plan

  variables {
    log_services = ["logdelivery.elasticloadbalancing.amazonaws.com"]
  }

  expect_failures = [var.log_services]
}

run "refuses_access_logs_in_a_locked_bucket" {
  command = plan

  variables {
    kms_key_arn  = null
    retention    = { expire_days = 400, lock_days = 400 }
    log_services = ["logging.s3.amazonaws.com"]
  }

  expect_failures = [var.log_services]
}

run "refuses_load_balancer_logs_in_a_locked_bucket" {
  command = plan

  variables {
    kms_key_arn  = null
    retention    = { expire_days = 400, lock_days = 400 }
    log_services = ["logdelivery.elasticloadbalancing.amazonaws.com"]
  }

  expect_failures = [var.log_services]
}

run "refuses_a_copy_without_a_key" {
  command = plan

  variables {
    replication = { bucket_arn = "arn:aws:s3:::copy", role_arn = "arn:aws:iam::123456789012:role/replication" }
  }

  expect_failures = [var.replication]
}

run "refuses_tags_without_an_owner" {
  command = plan

  variables {
    tags = { DataClass = "internal", Environment = "test" }
  }

  expect_failures = [var.tags]
}

run "refuses_an_unknown_data_class" {
  command = plan

  variables {
    tags = { Owner = "platform", DataClass = "secret", Environment = "test" }
  }

  expect_failures = [var.tags]
}

run "tells_who_read_it" {
  command = plan

  variables {
    access_log_bucket = "example-access-logs"
  }

  assert {
    condition     = aws_s3_bucket_logging.this[0].target_bucket == "example-access-logs" && aws_s3_bucket_logging.this[0].target_prefix == "example-logs/"
    error_message = "Nobody would know who read it."
  }
}

run "refuses_to_tell_itself" {
  command = plan

  variables {
    access_log_bucket = "example-logs"
  }

  expect_failures = [var.access_log_bucket]
}

run "lets_readers_in" {
  command = plan

  variables {
    kms_key_arn = null
    readers = {
      distribution_arns = ["arn:aws:cloudfront::123456789012:distribution/EDFDVBD6EXAMPLE"]
      vpc_endpoint_ids  = ["vpce-0123456789abcdef0"]
    }
  }

  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : [s.Principal, s.Action, s.Condition] if s.Effect == "Allow"] == [
      [{ Service = "cloudfront.amazonaws.com" }, "s3:GetObject", { StringEquals = { "aws:SourceArn" = ["arn:aws:cloudfront::123456789012:distribution/EDFDVBD6EXAMPLE"] } }],
      ["*", "s3:GetObject", { StringEquals = { "aws:SourceVpce" = ["vpce-0123456789abcdef0"] } }],
    ]
    error_message = "Others may read, or readers may do more."
  }
}

run "refuses_a_distribution_by_id" {
  command = plan

  variables {
    readers = { distribution_arns = ["EDFDVBD6EXAMPLE"] }
  }

  expect_failures = [var.readers]
}

run "refuses_an_endpoint_by_name" {
  command = plan

  variables {
    kms_key_arn = null
    readers     = { vpc_endpoint_ids = ["office"] }
  }

  expect_failures = [var.readers]
}

run "refuses_an_endpoint_with_a_key" {
  command = plan

  variables {
    readers = { vpc_endpoint_ids = ["vpce-0123456789abcdef0"] }
  }

  expect_failures = [var.readers]
}
