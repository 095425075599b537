mock_provider "aws" {
  source          = "../../modules/mocks"
  override_during = plan

  mock_resource "aws_globalaccelerator_accelerator" {
    defaults = {
      arn     = "arn:aws:globalaccelerator::123456789012:accelerator/1234abcd-abcd-1234-abcd-1234abcdefgh"
      ip_sets = [{ ip_addresses = ["192.0.2.250", "198.51.100.52"], ip_family = "IPv4" }]
    }
  }

  mock_resource "aws_api_gateway_stage" {
    defaults = { invoke_url = "https://a1b2c3d4e5.execute-api.ap-northeast-1.amazonaws.com/live" }
  }

  mock_data "aws_vpc" {
    defaults = { id = "vpc-0123456789abcdef0" }
  }

  mock_data "aws_subnets" {
    defaults = { ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"] }
  }

  mock_data "aws_security_group" {
    defaults = { id = "sg-0123456789abcdef0" }
  }
}

run "readers_find_what_they_need" {
  command = plan

  assert {
    condition     = keys(output.kms_key_arns) == ["backup", "data", "logs"] && output.backup.tag == tomap({ Backup = "estate" })
    error_message = "Keys or the backups' tag are missing."
  }

  assert {
    condition     = output.accelerator.ip_addresses == ["192.0.2.250", "198.51.100.52"] && output.key_name == "operators"
    error_message = "The accelerator's addresses or the key pair are missing."
  }

  assert {
    condition     = length(compact([output.certificate_arn, output.topic_arn, output.instance_profile_arn, output.backup.vault_arn, output.log_buckets.balancer, output.log_buckets.flow_arn])) == 6
    error_message = "Something that readers build on is null."
  }
}

run "evidence_is_locked_and_copied" {
  command = plan

  assert {
    condition     = local.kept.lock_days == 400 && keys(module.logs) == ["balancer", "flow"] && keys(module.logs_copy) == ["access", "balancer", "flow"]
    error_message = "Logs can be deleted within 400 days, or are in one Region alone."
  }

  assert {
    condition     = keys(module.log_groups.log_groups) == ["/reconcile/api", "/reconcile/build", "/reconcile/webhook", "/shop/servers"]
    error_message = "A log group comes and goes with what writes to it."
  }
}

run "webhook_is_off_as_shipped" {
  command = plan

  assert {
    condition     = output.webhook_url == null && length(module.api) + length(module.webhook) + length(module.build) == 0
    error_message = "Something can be called from outside."
  }
}

run "webhook_can_be_switched_on" {
  command = plan

  variables {
    webhook = true
    pipeline = {
      repository   = "https://example.backlog.com/git/INFRA/estate.git"
      image_digest = "sha256:0f9c1fe6eb4b8a6a1f4b1ad1e7f4f0a0a4f6b6b0a3a45c1d6dc8a52a1d8f0c3e"
      program      = { version = "3HL4kqtJvjVBH40Nrjfkd", hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
      clients      = ["192.0.2.1"]
    }
  }

  assert {
    condition     = output.webhook_url == "https://a1b2c3d4e5.execute-api.ap-northeast-1.amazonaws.com/live/hook/TOKEN"
    error_message = "Operators are not told what to type into Backlog."
  }

  assert {
    condition     = contains([for filter in data.aws_subnets.reconcile["this"].filter : one(filter.values)], "reconcile-private-*")
    error_message = "Builds stand outside reconcile's network, where Backlog does not let them in."
  }
}

run "refuses_a_webhook_without_an_image" {
  command = plan

  variables {
    webhook = true
  }

  expect_failures = [var.pipeline]
}

run "refuses_ranges_as_callers" {
  command = plan

  variables {
    pipeline = {
      repository = "https://example.backlog.com/git/INFRA/estate.git"
      clients    = ["192.0.2.0/24"]
    }
  }

  expect_failures = [var.pipeline]
}

run "refuses_no_account" {
  command = plan

  variables {
    account_id = "12345678901"
  }

  expect_failures = [var.account_id]
}

run "refuses_alarms_that_nobody_hears" {
  command = plan

  variables {
    alarm_subscriptions = {}
  }

  expect_failures = [var.alarm_subscriptions]
}
