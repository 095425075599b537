mock_provider "aws" {
  source          = "../../modules/mocks"
  override_during = plan
}

override_module {
  target = module.common
  outputs = { outputs = {
    kms_key_arns = { data = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
    log_buckets  = { balancer = "example-balancer-logs-123456789012", flow_arn = "arn:aws:s3:::example-flow-logs-123456789012" }
    topic_arn    = "arn:aws:sns:ap-northeast-1:123456789012:alarms"
    log_groups   = ["/aws/rds/instance/shop/postgresql", "/aws/rds/instance/shop/upgrade"]
    backup       = { vault_arn = "arn:aws:backup:ap-northeast-1:123456789012:backup-vault:daily", tag = { Backup = "daily" } }
  } }
}

override_module {
  target = module.common_os
  outputs = { outputs = {
    vpg     = { id = "vgw-0123456789abcdef0", cidr = "10.16.0.0/16" }
    transit = { gateway_id = "tgw-0000000000000osaka", route_table_ids = { outside = "tgw-rtb-outside", shared = "tgw-rtb-shared", sides = "tgw-rtb-sides" } }
  } }
}

run "sides_go_out_here_and_find_their_data" {
  command = plan

  assert {
    condition     = length(output.addresses) == 2 && keys(output.transit.route_table_ids) == ["outside", "shared", "sides"]
    error_message = "Sides do not go out by addresses of their own, one a zone."
  }

  assert {
    condition     = output.database.port == 5432 && output.database.final_snapshot == "shop-final-1" && output.files.id != null
    error_message = "Database and files are not here."
  }

  assert {
    condition     = module.shared.vpc.data_cidr == "10.0.8.0/22"
    error_message = "The data lie elsewhere than the sides' rules say."
  }
}

run "premises_reach_the_data_and_nothing_else" {
  command = plan

  assert {
    condition     = keys(module.vpg) == ["premises"] && length(module.direct_connect["premises"].hosted_interface_arns) == 2
    error_message = "Nobody comes in from on premises, or by one way alone."
  }

  assert {
    condition     = keys(module.direct_connect_attachment["premises"].association_ids) == ["osaka", "tokyo"]
    error_message = "The premises lose the data with Tokyo."
  }
}
