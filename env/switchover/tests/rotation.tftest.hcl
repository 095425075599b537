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
  outputs = { outputs = { side = { mode = "live", generation = 1, region = "ap-northeast-1", balancer_arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/shop-b/0123456789abcdef" } } }
}

override_module {
  target  = module.osaka_ap
  outputs = { outputs = { side = { mode = "live", generation = 1, region = "ap-northeast-3", balancer_arn = "arn:aws:elasticloadbalancing:ap-northeast-3:123456789012:loadbalancer/app/shop-osaka/0123456789abcdef" } } }
}

variables {
  listener_arn = "arn:aws:globalaccelerator::123456789012:accelerator/1234abcd-abcd-1234-abcd-1234abcdefgh/listener/0123vxyz"
}

run "b_is_there_and_gets_nothing" {
  command = plan

  variables {
    endpoints = {
      tokyo-ap-A = { region = "ap-northeast-1", weight = 100 }
      tokyo-ap-B = { region = "ap-northeast-1", weight = 0 }
      osaka-ap   = { region = "ap-northeast-3", weight = 100 }
    }
  }

  assert {
    condition     = strcontains(output.traffic["ap-northeast-1"], "of it: tokyo-ap-A 100.0 %, tokyo-ap-B 0.0 %")
    error_message = output.traffic["ap-northeast-1"]
  }
}

run "b_gets_a_tenth" {
  command = plan

  variables {
    endpoints = {
      tokyo-ap-A = { region = "ap-northeast-1", weight = 90 }
      tokyo-ap-B = { region = "ap-northeast-1", weight = 10 }
      osaka-ap   = { region = "ap-northeast-3", weight = 100 }
    }
  }

  assert {
    condition     = strcontains(output.traffic["ap-northeast-1"], "of it: tokyo-ap-A 90.0 %, tokyo-ap-B 10.0 %")
    error_message = output.traffic["ap-northeast-1"]
  }
}

run "b_gets_all_and_a_may_come_back" {
  command = plan

  variables {
    endpoints = {
      tokyo-ap-A = { region = "ap-northeast-1", weight = 0 }
      tokyo-ap-B = { region = "ap-northeast-1", weight = 100 }
      osaka-ap   = { region = "ap-northeast-3", weight = 100 }
    }
  }

  assert {
    condition     = strcontains(output.traffic["ap-northeast-1"], "of it: tokyo-ap-A 0.0 %, tokyo-ap-B 100.0 %")
    error_message = output.traffic["ap-northeast-1"]
  }
}
