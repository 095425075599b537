# terraform test -test-directory=tests/dr-osaka -var-file=dr-osaka.tfvars

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

run "all_go_to_osaka_and_nothing_of_tokyo_is_asked" {
  command = plan

  assert {
    condition     = length(module.common) == 0 && length(module.tokyo_ap_a) == 0 && length(module.tokyo_ap_b) == 0
    error_message = "Tokyo is asked, and does not answer."
  }

  assert {
    condition     = output.traffic["ap-northeast-3"] == "takes all traffic that is on its way here; of it: osaka-ap 100.0 %; when none here is healthy, nobody is served"
    error_message = output.traffic["ap-northeast-3"]
  }

  assert {
    condition     = output.traffic["ap-northeast-1"] == "has no endpoint: what is on its way here goes to ap-northeast-3, whatever the dial there" && output.checked == { osaka-ap = "live, generation 1" }
    error_message = output.traffic["ap-northeast-1"]
  }
}
