mock_provider "aws" {
  source          = "../../modules/mocks"
  override_during = plan

  mock_data "aws_region" {
    defaults = { region = "ap-northeast-3" }
  }

  mock_data "aws_availability_zones" {
    defaults = { zone_ids = ["apne3-az1", "apne3-az2", "apne3-az3"] }
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

run "evidence_is_kept" {
  command = plan

  assert {
    condition     = output.log_buckets.balancer != null && output.log_buckets.flow_arn != null && output.backup.vault_arn != null
    error_message = "Logs or backups have no place."
  }

  assert {
    condition     = keys(module.watch.log_groups) == ["/shop/servers"] && output.topic_arn != null && output.key_name == "operators"
    error_message = "Servers' logs have no place, or nobody is told of alarms."
  }
}
