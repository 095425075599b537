mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name        = "app/data"
  description = "Data of the test"
  tags        = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "rotates_and_is_not_lost_at_once" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "The key does not rotate, or can be deleted sooner than in 30 days."
  }

  assert {
    condition     = length(local.policy.Statement) == 1
    error_message = "Somebody but the account may use the key."
  }
}

run "services_use_it_for_this_account_alone" {
  command = plan

  variables {
    services = ["sns.amazonaws.com", "logs.amazonaws.com"]
    grantees = ["arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"]
  }

  assert {
    condition = [for s in jsondecode(aws_kms_key.this.policy).Statement : s.Sid] == [
      "AccountDelegatesByIAM", "ServiceSnsAmazonawsCom", "CloudWatchLogs", "Grantees", "GranteesPassOnToAWS",
    ]
    error_message = "The policy's statements are others."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : can(s.Condition) if can(s.Principal.Service)])
    error_message = "A service may use the key for anybody."
  }

  assert {
    condition     = jsondecode(aws_kms_key.this.policy).Statement[2].Principal.Service == "logs.ap-northeast-1.amazonaws.com"
    error_message = "CloudWatch Logs is not that of the key's Region."
  }
}

run "refuses_a_name_of_aws" {
  command = plan

  variables {
    name = "aws/sns"
  }

  expect_failures = [var.name]
}

run "refuses_a_service_that_is_none" {
  command = plan

  variables {
    services = ["sns"]
  }

  expect_failures = [var.services]
}

run "refuses_logs_of_another_region" {
  command = plan

  variables {
    services = ["logs.us-east-1.amazonaws.com"]
  }

  expect_failures = [var.services]
}

run "refuses_a_grantee_that_is_no_role" {
  command = plan

  variables {
    grantees = ["*"]
  }

  expect_failures = [var.grantees]
}
