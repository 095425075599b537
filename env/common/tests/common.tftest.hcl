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

  mock_data "aws_s3_object" {
    defaults = {
      version_id      = "3HL4kqtJvjVBH40Nrjfkd"
      checksum_sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    }
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

run "clients_find_the_accelerator_by_name" {
  command = plan

  assert {
    condition     = [for record in aws_route53_record.shop : [record.name, record.type, one(record.alias).name]] == [["shop.example.com", "A", output.accelerator.dns_name]]
    error_message = "The domain leads elsewhere."
  }
}

run "operators_may_write_the_record_themselves" {
  command = plan

  variables {
    site = merge(var.site, { record = false })
  }

  assert {
    condition     = length(aws_route53_record.shop) == 0
    error_message = "A record of the name that is still in use would be taken."
  }
}

run "evidence_is_locked_and_copied" {
  command = plan

  assert {
    condition     = local.locked.lock_days == 400 && keys(module.logs) == ["balancer", "flow"] && keys(module.logs_copy) == ["access", "balancer", "flow"]
    error_message = "Logs can be deleted within 400 days, or are in one Region alone."
  }

  assert {
    condition = output.log_groups == concat(
      ["/aws/apigateway/welcome"],
      flatten([for database in ["shop-2", "shop-3", "shop"] : [for log in ["postgresql", "upgrade"] : "/aws/rds/instance/${database}/${log}"]]),
      ["/reconcile/webhook", "/shop/servers"],
    )
    error_message = "A log group comes and goes with what writes to it."
  }
}

run "backlog_is_let_in" {
  command = plan

  assert {
    condition     = output.webhook_url == "https://a1b2c3d4e5.execute-api.ap-northeast-1.amazonaws.com/live/hook/TOKEN"
    error_message = "Operators are not told what to type into Backlog."
  }
}

run "webhook_can_be_switched_off" {
  command = plan

  variables {
    webhook = false
  }

  assert {
    condition     = output.webhook_url == null && length(module.api) + length(module.webhook) == 0
    error_message = "Something can be called from outside."
  }
}

run "refuses_ranges_as_callers" {
  command = plan

  variables {
    pipeline = {
      clients = ["192.0.2.0/24"]
    }
  }

  expect_failures = [var.pipeline]
}

run "refuses_no_account" {
  command = plan

  variables {
    site = merge(var.site, { account_id = "12345678901" })
  }

  expect_failures = [var.site]
}

run "refuses_alarms_that_nobody_hears" {
  command = plan

  variables {
    site = merge(var.site, { alarm_subscriptions = {} })
  }

  expect_failures = [var.site]
}
