# terraform test -test-directory=tests/staging -var-file=../site.staging.tfvars -var-file=staging.tfvars

mock_provider "aws" {
  source          = "../../modules/mocks"
  override_during = plan
}

override_module {
  target = module.common
  outputs = { outputs = {
    kms_key_arns = { data = "arn:aws:kms:ap-northeast-1:210987654321:key/11111111-2222-3333-4444-555555555555" }
    log_buckets  = { balancer = "example-balancer-logs-210987654321", flow_arn = "arn:aws:s3:::example-flow-logs-210987654321" }
    topic_arn    = "arn:aws:sns:ap-northeast-1:210987654321:alarms"
    log_groups   = ["/aws/rds/instance/shop/postgresql", "/aws/rds/instance/shop/upgrade"]
    backup       = { vault_arn = "arn:aws:backup:ap-northeast-1:210987654321:backup-vault:daily", tag = { Backup = "daily" } }
  } }
}

override_module {
  target = module.common_os
  outputs = { outputs = {
    transit = { gateway_id = "tgw-0000000000000osaka", route_table_ids = { outside = "tgw-rtb-outside", shared = "tgw-rtb-shared", sides = "tgw-rtb-sides" } }
  } }
}

run "smaller_and_in_its_own_account" {
  command = plan

  assert {
    condition     = var.site.account_id == "210987654321" && alltrue([for s in local.states : endswith(s.bucket, var.site.account_id)])
    error_message = "Staging reads or writes production."
  }

  assert {
    condition     = var.tags.Environment == "staging" && length(output.addresses) == 1 && length(module.vpg) == 0
    error_message = "Staging costs as much as production."
  }
}
