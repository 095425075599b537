mock_provider "aws" {
  source          = "../../modules/mocks"
  override_during = plan

  mock_data "aws_region" {
    defaults = { region = "ap-northeast-3" }
  }

  mock_data "aws_availability_zones" {
    defaults = { zone_ids = ["apne3-az1", "apne3-az2", "apne3-az3"] }
  }

  mock_resource "aws_apigatewayv2_stage" {
    defaults = { invoke_url = "https://a1b2c3d4e5.execute-api.ap-northeast-3.amazonaws.com/" }
  }

  mock_data "aws_s3_object" {
    defaults = {
      version_id      = "3HL4kqtJvjVBH40Nrjfkd"
      checksum_sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    }
  }

  mock_data "aws_vpc" {
    defaults = { id = "vpc-0123456789abcdef0" }
  }

  mock_data "aws_subnets" {
    defaults = { ids = ["subnet-0123456789abcdef1", "subnet-0123456789abcdef0"] }
  }

  mock_data "aws_eip" {
    defaults = { id = "eipalloc-0123456789abcdef0" }
  }

  mock_data "aws_subnet" {
    defaults = { id = "subnet-0123456789abcdef2" }
  }

  mock_data "aws_route_tables" {
    defaults = { ids = ["rtb-0123456789abcdef0"] }
  }

  mock_data "aws_security_group" {
    defaults = { id = "sg-0123456789abcdef0" }
  }
}

run "osaka_stands_by_itself" {
  command = plan

  assert {
    condition     = keys(output.transit.route_table_ids) == ["outside", "shared", "sides"] && length(output.addresses) == 2
    error_message = "A side in Osaka has no way out of its own."
  }

  assert {
    condition     = length(output.vpc.data_subnets) == 2 && output.vpc.data_cidr == "10.16.8.0/22"
    error_message = "Osaka's data has no place, or another than the side's rules say."
  }

  assert {
    condition     = keys(output.kms_key_arns) == ["backup", "data", "logs"] && output.certificate_arn != null
    error_message = "Osaka needs a key or certificate of Tokyo."
  }
}

run "premises_reach_osaka_without_tokyo" {
  command = plan

  assert {
    condition     = keys(module.vpg) == ["premises"] && output.vpg.cidr == "10.16.0.0/16"
    error_message = "The premises lose the data with Tokyo."
  }
}

run "evidence_is_kept" {
  command = plan

  assert {
    condition     = output.log_buckets.balancer != null && output.log_buckets.flow_arn != null && output.backup.vault_arn != null
    error_message = "Logs or backups have no place."
  }

  assert {
    condition = output.log_groups == concat(
      flatten([for database in ["shop-2", "shop-3", "shop"] : [for log in ["postgresql", "upgrade"] : "/aws/rds/instance/${database}/${log}"]]),
      ["/reconcile/standby-api", "/reconcile/standby-webhook", "/shop/servers"],
    ) && output.topic_arn != null && output.key_name == "operators"
    error_message = "Servers' logs have no place, or nobody is told of alarms."
  }
}

run "the_second_door_is_shut_as_shipped" {
  command = plan

  assert {
    condition     = output.webhook_url == null && length(module.api) + length(module.webhook) + length(data.aws_vpc.standby) == 0
    error_message = "The standby could run beside Tokyo."
  }
}

run "the_standby_goes_out_with_its_kept_address" {
  command = plan

  variables {
    standby_egress = true
  }

  assert {
    condition     = aws_nat_gateway.standby["this"].allocation_id == "eipalloc-0123456789abcdef0" && [for route in aws_route.standby : route.destination_cidr_block] == ["0.0.0.0/0"]
    error_message = "The standby has no way out, or another address than Backlog lets in."
  }
}

run "the_standby_costs_nothing_while_tokyo_works" {
  command = plan

  assert {
    condition     = length(aws_nat_gateway.standby) + length(aws_route.standby) + length(data.aws_eip.standby) == 0
    error_message = "A NAT gateway is paid for that nobody uses."
  }
}

run "the_second_door_starts_the_standby" {
  command = plan

  variables {
    webhook = true
  }

  assert {
    condition     = output.webhook_url == "https://a1b2c3d4e5.execute-api.ap-northeast-3.amazonaws.com/hook/TOKEN"
    error_message = "Operators are not told what to type into Backlog."
  }

  assert {
    condition     = local.starts == "ecs://reconcile-standby/reconcile-standby?container=reconcile&subnets=subnet-0123456789abcdef0,subnet-0123456789abcdef1&security_groups=sg-0123456789abcdef0"
    error_message = "Something else is started, or elsewhere."
  }
}

run "the_second_door_leads_to_public_subnets_where_there_are_no_others" {
  command = plan

  variables {
    webhook = true
  }

  override_data {
    target = data.aws_subnets.standby["private"]
    values = { ids = [] }
  }

  assert {
    condition     = endswith(local.starts, "&subnets=subnet-0123456789abcdef0,subnet-0123456789abcdef1&security_groups=sg-0123456789abcdef0&public_ip=true")
    error_message = "The standby has no way out."
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
