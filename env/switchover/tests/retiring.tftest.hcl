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
  outputs = { outputs = { side = { mode = "retiring", generation = 1, region = "ap-northeast-1", balancer_arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/shop-b/0123456789abcdef" } } }
}

override_module {
  target  = module.osaka_ap
  outputs = { outputs = { side = { mode = "live", generation = 1, region = "ap-northeast-3", balancer_arn = "arn:aws:elasticloadbalancing:ap-northeast-3:123456789012:loadbalancer/app/shop-osaka/0123456789abcdef" } } }
}

variables {
  listener_arn = "arn:aws:globalaccelerator::123456789012:accelerator/1234abcd-abcd-1234-abcd-1234abcdefgh/listener/0123vxyz"
}

run "retiring_it_may_stay_without_share" {
  command = plan

  variables {
    endpoints = {
      tokyo-ap-A = { region = "ap-northeast-1" }
      tokyo-ap-B = { region = "ap-northeast-1" }
    }
    from = { tokyo-ap-B = 100 }
    to   = { tokyo-ap-A = 100 }
  }

  assert {
    condition     = strcontains(output.traffic["ap-northeast-1"], "tokyo-ap-B 0.0 %")
    error_message = output.traffic["ap-northeast-1"]
  }
}

run "refuses_a_retiring_side_with_a_share" {
  command = plan

  variables {
    endpoints = {
      tokyo-ap-A = { region = "ap-northeast-1" }
      tokyo-ap-B = { region = "ap-northeast-1" }
    }
    from = { tokyo-ap-A = 100 }
    to   = { tokyo-ap-A = 99, tokyo-ap-B = 1 }
  }

  expect_failures = [terraform_data.checked]
}

run "refuses_to_come_from_a_retiring_side" {
  command = plan

  variables {
    endpoints = {
      tokyo-ap-A = { region = "ap-northeast-1" }
      tokyo-ap-B = { region = "ap-northeast-1" }
    }
    from     = { tokyo-ap-B = 100 }
    to       = { tokyo-ap-A = 100 }
    progress = 0
  }

  expect_failures = [terraform_data.checked]
}

run "refuses_a_retiring_standby" {
  command = plan

  variables {
    endpoints = {
      tokyo-ap-A = { region = "ap-northeast-1" }
      tokyo-ap-B = { region = "ap-northeast-1", standby = true }
    }
  }

  expect_failures = [terraform_data.checked]
}
