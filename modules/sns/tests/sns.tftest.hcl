mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name = "alarms"
  tags = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "encrypted_and_open_to_alarms_of_the_account_alone" {
  command = plan

  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == module.key.arn
    error_message = "Messages are not encrypted with the topic's own key."
  }

  assert {
    condition = [for s in jsondecode(aws_sns_topic_policy.this.policy).Statement : "${s.Effect} ${s.Sid}"] == [
      "Allow OwnAccount", "Deny TLSOnly", "Allow ServiceCloudwatchAmazonawsCom",
    ]
    error_message = "The policy's statements are others."
  }

  assert {
    condition     = one([for s in jsondecode(aws_sns_topic_policy.this.policy).Statement : s.Condition if s.Sid == "TLSOnly"]) == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = "What is not encrypted on its way is let in."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_policy.this.policy).Statement[2].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "Alarms of other accounts would be taken."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_policy.this.policy).Statement[0].Resource == "arn:aws:sns:ap-northeast-1:123456789012:alarms"
    error_message = "The policy is not of this topic."
  }
}

run "subscribes" {
  command = plan

  variables {
    subscriptions = {
      oncall = { protocol = "email", endpoint = "oncall@example.com" }
      queue  = { protocol = "sqs", endpoint = "arn:aws:sqs:ap-northeast-1:123456789012:alarms", raw = true, dead_letter_arn = "arn:aws:sqs:ap-northeast-1:123456789012:dead" }
    }
  }

  assert {
    condition     = aws_sns_topic_subscription.this["oncall"].endpoint == "oncall@example.com" && aws_sns_topic_subscription.this["oncall"].redrive_policy == null
    error_message = "The address is not subscribed as asked."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_subscription.this["queue"].redrive_policy).deadLetterTargetArn == "arn:aws:sqs:ap-northeast-1:123456789012:dead"
    error_message = "What cannot be delivered is lost."
  }
}

run "refuses_a_name_with_a_space" {
  command = plan

  variables {
    name = "my alarms"
  }

  expect_failures = [var.name]
}

run "refuses_a_publisher_that_is_no_service" {
  command = plan

  variables {
    publishers = ["*"]
  }

  expect_failures = [var.publishers]
}

run "refuses_plain_http" {
  command = plan

  variables {
    subscriptions = { hook = { protocol = "http", endpoint = "http://example.com/hook" } }
  }

  expect_failures = [var.subscriptions]
}

run "refuses_an_endpoint_of_another_protocol" {
  command = plan

  variables {
    subscriptions = { oncall = { protocol = "sqs", endpoint = "oncall@example.com" } }
  }

  expect_failures = [var.subscriptions]
}

run "refuses_a_filter_that_is_no_json" {
  command = plan

  variables {
    subscriptions = { oncall = { protocol = "email", endpoint = "oncall@example.com", filter_policy = "level=high" } }
  }

  expect_failures = [var.subscriptions]
}
