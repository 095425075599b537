# terraform test -test-directory=tests/dr-tokyo -var-file=dr-tokyo.tfvars

mock_provider "aws" {
  source          = "../../modules/mocks"
  override_during = plan
}

override_module {
  target  = module.common
  outputs = { outputs = { accelerator = { listener_arn = "arn:aws:globalaccelerator::123456789012:accelerator/1234abcd-abcd-1234-abcd-1234abcdefgh/listener/0123vxyz" } } }
}

override_module {
  target  = module.tokyo_ap_a
  outputs = { outputs = { side = { mode = "live", generation = 1, region = "ap-northeast-1", balancer_arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/shop-a/0123456789abcdef" } } }
}

override_module {
  target  = module.tokyo_ap_b
  outputs = { outputs = { side = { mode = "absent", generation = 1, region = "ap-northeast-1", balancer_arn = null } } }
}

override_module {
  target  = module.osaka_ap
  outputs = { outputs = { side = { mode = "live", generation = 1, region = "ap-northeast-3", balancer_arn = "arn:aws:elasticloadbalancing:ap-northeast-3:123456789012:loadbalancer/app/shop-osaka/0123456789abcdef" } } }
}

variables {
  listener_arn = "arn:aws:globalaccelerator::123456789012:accelerator/1234abcd-abcd-1234-abcd-1234abcdefgh/listener/0123vxyz"
}

run "tokyo_serves_again_and_no_dial_is_lowered" {
  command = plan

  assert {
    condition     = startswith(output.traffic["ap-northeast-1"], "takes all traffic that is on its way here; of it: tokyo-ap-A 100.0 %")
    error_message = output.traffic["ap-northeast-1"]
  }

  assert {
    condition     = startswith(output.traffic["ap-northeast-3"], "takes all traffic that is on its way here; of it: osaka-ap 100.0 %")
    error_message = output.traffic["ap-northeast-3"]
  }
}
