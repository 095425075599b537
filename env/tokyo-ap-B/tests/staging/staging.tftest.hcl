# terraform test -test-directory=tests/staging -var-file=../site.staging.tfvars -var-file=staging.tfvars

mock_provider "aws" {
  source          = "../../modules/mocks"
  override_during = plan
}

override_module {
  target = module.common
  outputs = { outputs = {
    certificate_arn = "arn:aws:acm:ap-northeast-1:210987654321:certificate/11111111-2222-3333-4444-555555555555"
    kms_key_arns    = { data = "arn:aws:kms:ap-northeast-1:210987654321:key/11111111-2222-3333-4444-555555555555" }
    log_buckets     = { balancer = "example-balancer-logs-210987654321", flow_arn = "arn:aws:s3:::example-flow-logs-210987654321" }
    topic_arn       = "arn:aws:sns:ap-northeast-1:210987654321:alarms"
  } }
}

override_module {
  target = module.tokyo
  outputs = { outputs = {
    transit  = { gateway_id = "tgw-0123456789abcdef0", route_table_ids = { outside = "tgw-rtb-outside", shared = "tgw-rtb-shared", sides = "tgw-rtb-sides" } }
    database = { address = "shop.abcdefghijkl.ap-northeast-1.rds.amazonaws.com", port = 5432 }
    files    = { id = "fs-0123456789abcdef0", access_point_id = "fsap-0123456789abcdef0" }
  } }
}

run "smaller_and_in_its_own_account" {
  command = plan

  assert {
    condition     = var.site.account_id == "210987654321" && alltrue([for s in local.states : endswith(s.bucket, var.site.account_id)])
    error_message = "Staging reads or writes production."
  }

  assert {
    condition     = var.tags.Environment == "staging" && var.servers.instance_type == "t4g.small" && output.side.mode == var.mode
    error_message = "Staging costs as much as production."
  }
}
