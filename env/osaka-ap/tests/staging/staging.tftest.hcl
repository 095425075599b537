# terraform test -test-directory=tests/staging -var-file=../site.staging.tfvars -var-file=staging.tfvars

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

override_module {
  target = module.common_os
  outputs = { outputs = {
    certificate_arn = "arn:aws:acm:ap-northeast-3:210987654321:certificate/11111111-2222-3333-4444-555555555555"
    kms_key_arns    = { data = "arn:aws:kms:ap-northeast-3:210987654321:key/11111111-2222-3333-4444-555555555555" }
    log_buckets     = { balancer = "example-balancer-logs-osaka-210987654321", flow_arn = "arn:aws:s3:::example-flow-logs-osaka-210987654321" }
    topic_arn       = "arn:aws:sns:ap-northeast-3:210987654321:alarms"
    log_groups      = ["/aws/rds/instance/shop/postgresql", "/aws/rds/instance/shop/upgrade"]
    transit         = { gateway_id = "tgw-0123456789abcdef0", route_table_ids = { outside = "tgw-rtb-outside", shared = "tgw-rtb-shared", sides = "tgw-rtb-sides" } }
    vpc = { id = "vpc-0123456789abcdef0", data_subnets = {
      a = { id = "subnet-0123456789abcdef0", zone = "apne3-az3" }
      b = { id = "subnet-0123456789abcdef1", zone = "apne3-az1" }
    } }
  } }
}

override_module {
  target  = module.tokyo
  outputs = { outputs = { database = { address = "shop.abcdefghijkl.ap-northeast-1.rds.amazonaws.com", port = 5432 } } }
}

run "smaller_and_in_its_own_account" {
  command = plan

  assert {
    condition     = var.site.account_id == "210987654321" && alltrue([for s in local.states : endswith(s.bucket, var.site.account_id)]) && strcontains(local.database.replica_of, ":${var.site.account_id}:")
    error_message = "Staging reads, writes or follows production."
  }

  assert {
    condition     = var.tags.Environment == "staging" && var.servers.instance_type == "t4g.small" && !var.database.multi_az
    error_message = "Staging costs as much as production."
  }
}
