# terraform test -test-directory=tests/staging -var-file=../site.staging.tfvars -var-file=staging.tfvars

mock_provider "aws" {
  source          = "../../modules/mocks"
  override_during = plan
}

override_module {
  target  = module.common
  outputs = { outputs = { accelerator = { listener_arn = "arn:aws:globalaccelerator::210987654321:accelerator/1234abcd-abcd-1234-abcd-1234abcdefgh/listener/0123vxyz" } } }
}

override_module {
  target  = module.tokyo_ap_a
  outputs = { outputs = { side = { mode = "live", generation = 1, region = "ap-northeast-1", balancer_arn = "arn:aws:elasticloadbalancing:ap-northeast-1:210987654321:loadbalancer/app/shop-a/0123456789abcdef" } } }
}

override_module {
  target  = module.tokyo_ap_b
  outputs = { outputs = { side = { mode = "absent", generation = 1, region = "ap-northeast-1", balancer_arn = null } } }
}

override_module {
  target  = module.osaka_ap
  outputs = { outputs = { side = { mode = "live", generation = 1, region = "ap-northeast-3", balancer_arn = "arn:aws:elasticloadbalancing:ap-northeast-3:210987654321:loadbalancer/app/shop-osaka/0123456789abcdef" } } }
}

variables {
  listener_arn = "arn:aws:globalaccelerator::210987654321:accelerator/1234abcd-abcd-1234-abcd-1234abcdefgh/listener/0123vxyz"
}

run "in_its_own_account" {
  command = plan

  assert {
    condition     = var.site.account_id == "210987654321" && alltrue([for s in local.states : endswith(s.bucket, var.site.account_id)]) && var.tags.Environment == "staging"
    error_message = "Staging switches production."
  }
}
