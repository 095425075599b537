mock_provider "aws" {
  source          = "../mocks"
  override_during = plan

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/mocked"
      id  = "mocked"
    }
  }
}

variables {
  name        = "example-states"
  kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  replica = {
    name        = "example-states-copy"
    region      = "ap-northeast-3"
    kms_key_arn = "arn:aws:kms:ap-northeast-3:123456789012:key/66666666-7777-8888-9999-000000000000"
  }
  tags = { Owner = "platform", DataClass = "restricted", Environment = "test" }
}

run "private_encrypted_versioned" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
      one(aws_s3_bucket_ownership_controls.this.rule).object_ownership == "BucketOwnerEnforced",
    ])
    error_message = "Something could be made public."
  }

  assert {
    condition     = one(aws_s3_bucket_versioning.this.versioning_configuration).status == "Enabled"
    error_message = "There is no versioning."
  }

  assert {
    condition = (
      one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn &&
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).bucket_key_enabled
    )
    error_message = "States are not encrypted with the key, or each asks KMS."
  }

  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.this.rule[0].noncurrent_version_expiration).noncurrent_days == 400
    error_message = "History is kept for another time."
  }
}

run "nobody_deletes_a_state" {
  command = plan

  assert {
    condition = { for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Sid => "${s.Effect} ${s.Principal}" } == {
      TLSOnly                 = "Deny *"
      TLS12OrNewer            = "Deny *"
      NobodyDeletesStates     = "Deny *"
      NobodyDeletesVersions   = "Deny *"
      NobodyChoosesAnotherKey = "Deny *"
      NobodyChoosesNoKey      = "Deny *"
    }
    error_message = "The policy lets somebody in, or does not keep everybody out."
  }

  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Condition if startswith(s.Sid, "TLS")] == [
      { Bool = { "aws:SecureTransport" = "false" } }, { NumericLessThan = { "s3:TlsVersion" = "1.2" } },
    ]
    error_message = "A state could be sent in the clear, or with old TLS."
  }

  assert {
    condition     = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.NotResource if s.Action == "s3:DeleteObject"] == ["arn:aws:s3:::example-states/*.tflock"]
    error_message = "A state could be deleted, or a lock could not."
  }

  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Condition if s.Sid == "NobodyChoosesAnotherKey"] == [{
      Null            = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" }
      StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = var.kms_key_arn }
    }]
    error_message = "Whoever names no key is refused, or another key is not."
  }
}

run "copied_to_another_region" {
  command = plan

  assert {
    condition     = output.replica.region == "ap-northeast-3" && aws_s3_bucket_replication_configuration.this[0].rule[0].destination[0].encryption_configuration[0].replica_kms_key_id == var.replica.kms_key_arn
    error_message = "The copy is elsewhere, or with another key."
  }

  assert {
    condition     = aws_s3_bucket_replication_configuration.this[0].rule[0].delete_marker_replication[0].status == "Enabled"
    error_message = "Locks that were freed would stand in the copy."
  }

  assert {
    condition     = { for s in jsondecode(aws_iam_role_policy.replication[0].policy).Statement : s.Sid => s.Condition.StringEquals["kms:ViaService"] if can(s.Condition) } == { SourceKey = "s3.ap-northeast-1.amazonaws.com", TargetKey = "s3.ap-northeast-3.amazonaws.com" }
    error_message = "The keys are used otherwise than by S3, each in its Region."
  }

  assert {
    condition     = jsondecode(aws_iam_role.replication[0].assume_role_policy).Statement[0].Condition.ArnLike["aws:SourceArn"] == "arn:aws:s3:::example-states"
    error_message = "S3 could copy other buckets with the role."
  }
}

run "locks_by_file" {
  command = plan

  assert {
    condition     = output.backend.use_lockfile && output.backend.encrypt && output.backend.kms_key_id == var.kms_key_arn && output.backend.region == "ap-northeast-1"
    error_message = "A workspace would write its state unlocked, or with another key."
  }
}

run "without_a_copy" {
  command = plan

  variables {
    replica = null
  }

  assert {
    condition     = length(aws_iam_role.replication) + length(aws_iam_role_policy.replication) + length(aws_s3_bucket_replication_configuration.this) + length(module.replica) == 0 && output.replica == null
    error_message = "Something of the copy is made."
  }
}

run "refuses_a_name_with_a_dot" {
  command = plan

  variables {
    name = "example.states"
  }

  expect_failures = [var.name]
}

run "refuses_an_alias_as_key" {
  command = plan

  variables {
    kms_key_arn = "alias/states"
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_to_forget_within_days" {
  command = plan

  variables {
    history_days = 7
  }

  expect_failures = [var.history_days]
}

run "refuses_a_copy_with_a_key_elsewhere" {
  command = plan

  variables {
    replica = { name = "example-states-copy", region = "ap-northeast-3", kms_key_arn = "arn:aws:kms:us-west-2:123456789012:key/66666666-7777-8888-9999-000000000000" }
  }

  expect_failures = [var.replica]
}

run "refuses_a_copy_in_the_same_region" {
  command = plan

  variables {
    replica = { name = "example-states-copy", region = "ap-northeast-1", kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/66666666-7777-8888-9999-000000000000" }
  }

  expect_failures = [var.replica]
}

run "refuses_a_boundary_by_name" {
  command = plan

  variables {
    permissions_boundary = "boundary"
  }

  expect_failures = [var.permissions_boundary]
}

run "tells_who_read_it" {
  command = plan

  variables {
    access_log_bucket = "example-access-logs"
  }

  assert {
    condition     = aws_s3_bucket_logging.this[0].target_bucket == "example-access-logs" && aws_s3_bucket_logging.this[0].target_prefix == "example-states/"
    error_message = "Nobody would know who read it."
  }
}

run "refuses_to_tell_itself" {
  command = plan

  variables {
    access_log_bucket = "example-states"
  }

  expect_failures = [var.access_log_bucket]
}
