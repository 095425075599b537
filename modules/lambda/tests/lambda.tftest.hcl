mock_provider "aws" {
  source          = "../mocks"
  override_during = plan

  mock_data "aws_s3_object" {
    defaults = {
      version_id      = "3HL4kqtJvjVBH40Nrjfkd"
      checksum_sha256 = "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="
    }
  }
}

variables {
  name          = "webhook"
  description   = "Starts a pass when Backlog says that something was pushed"
  role_arn      = "arn:aws:iam::123456789012:role/webhook"
  package       = { filename = "webhook.zip", hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  kms_key_arn   = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  log_group_arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/reconcile/webhook"
  tags          = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "logs_where_it_is_told" {
  command = plan

  assert {
    condition     = one(aws_lambda_function.this.logging_config).log_group == "/reconcile/webhook" && one(aws_lambda_function.this.logging_config).log_format == "JSON"
    error_message = "It would make a log group of its own, which nothing deletes."
  }

  assert {
    condition     = aws_lambda_function.this.runtime == "provided.al2023" && aws_lambda_function.this.architectures == tolist(["arm64"]) && aws_lambda_function.this.kms_key_arn == var.kms_key_arn
    error_message = "It runs elsewhere, or its variables have another key."
  }

  assert {
    condition     = length(aws_lambda_function.this.environment) == 0 && length(aws_lambda_permission.this) == 0
    error_message = "Somebody may call it who was not named."
  }
}

run "called_by_one_source" {
  command = plan

  variables {
    environment = { TOKEN_SECRET_ARN = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:reconcile/webhook-abcdef", PROJECT = "reconcile" }
    callers     = { alarms = { service = "sns.amazonaws.com", source_arn = "arn:aws:sns:ap-northeast-1:123456789012:alarms" } }
  }

  assert {
    condition     = aws_lambda_permission.this["alarms"].source_arn == "arn:aws:sns:ap-northeast-1:123456789012:alarms" && aws_lambda_permission.this["alarms"].principal == "sns.amazonaws.com"
    error_message = "Anybody's topic could call it."
  }

  assert {
    condition     = one(aws_lambda_function.this.environment).variables.PROJECT == "reconcile"
    error_message = "The variables are lost."
  }
}

run "comes_from_s3_by_version" {
  command = plan

  variables {
    package = { object = { bucket = "example-reconcile", key = "webhook/webhook.zip" } }
  }

  assert {
    condition     = aws_lambda_function.this.s3_object_version == "3HL4kqtJvjVBH40Nrjfkd" && aws_lambda_function.this.s3_key == "webhook/webhook.zip" && aws_lambda_function.this.filename == null
    error_message = "It would run whatever lies there."
  }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="
    error_message = "A new program would not be seen."
  }
}

run "refuses_an_object_of_unknown_content" {
  command = plan

  variables {
    package = { object = { bucket = "example-reconcile", key = "webhook/webhook.zip" } }
  }

  override_data {
    target = data.aws_s3_object.this["this"]
    values = { checksum_sha256 = "" }
  }

  expect_failures = [data.aws_s3_object.this]
}

run "refuses_two_packages" {
  command = plan

  variables {
    package = {
      filename = "webhook.zip"
      hash     = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
      object   = { bucket = "example-reconcile", key = "webhook/webhook.zip" }
    }
  }

  expect_failures = [var.package]
}

run "refuses_a_file_without_its_hash" {
  command = plan

  variables {
    package = { filename = "webhook.zip" }
  }

  expect_failures = [var.package]
}

run "refuses_a_name_with_a_space" {
  command = plan

  variables {
    name = "web hook"
  }

  expect_failures = [var.name]
}

run "refuses_a_role_by_name" {
  command = plan

  variables {
    role_arn = "webhook"
  }

  expect_failures = [var.role_arn]
}

run "refuses_a_hash_in_hex" {
  command = plan

  variables {
    package = { filename = "webhook.zip", hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
  }

  expect_failures = [var.package]
}

run "refuses_a_runtime_at_its_end" {
  command = plan

  variables {
    runtime = "go1.x"
  }

  expect_failures = [var.runtime]
}

run "refuses_an_unknown_architecture" {
  command = plan

  variables {
    architecture = "amd64"
  }

  expect_failures = [var.architecture]
}

run "refuses_an_endless_call" {
  command = plan

  variables {
    timeout = 1000
  }

  expect_failures = [var.timeout]
}

run "refuses_too_little_memory" {
  command = plan

  variables {
    memory = 64
  }

  expect_failures = [var.memory]
}

run "refuses_a_secret_in_a_variable" {
  command = plan

  variables {
    environment = { BACKLOG_API_KEY = "correct-horse" }
  }

  expect_failures = [var.environment]
}

run "refuses_an_alias_for_a_key" {
  command = plan

  variables {
    kms_key_arn = "alias/webhook"
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_a_caller_without_a_source" {
  command = plan

  variables {
    callers = { alarms = { service = "sns.amazonaws.com", source_arn = "*" } }
  }

  expect_failures = [var.callers]
}

run "refuses_all_streams_for_a_group" {
  command = plan

  variables {
    log_group_arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/shop/hook:*"
  }

  expect_failures = [var.log_group_arn]
}
