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
  endpoints = {
    tokyo-ap-A = { region = "ap-northeast-1" }
    tokyo-ap-B = { region = "ap-northeast-1" }
    osaka-ap   = { region = "ap-northeast-3", standby = true }
  }
  from = { tokyo-ap-A = 100 }
  to   = { tokyo-ap-B = 100 }
}

run "b_is_there_and_gets_nothing" {
  command = plan

  variables {
    progress = 0
  }

  assert {
    condition     = strcontains(output.traffic["ap-northeast-1"], "of it: tokyo-ap-A 100.0 %, tokyo-ap-B 0.0 %") && output.shares == { tokyo-ap-A = 100, tokyo-ap-B = 0, osaka-ap = 0 }
    error_message = output.traffic["ap-northeast-1"]
  }
}

run "b_gets_a_tenth" {
  command = plan

  variables {
    progress = 10
  }

  assert {
    condition     = strcontains(output.traffic["ap-northeast-1"], "of it: tokyo-ap-A 90.0 %, tokyo-ap-B 10.0 %") && output.shares == { tokyo-ap-A = 90, tokyo-ap-B = 10, osaka-ap = 0 }
    error_message = output.traffic["ap-northeast-1"]
  }
}

run "b_gets_all_and_a_may_come_back" {
  command = plan

  variables {
    progress = 100
  }

  assert {
    condition     = strcontains(output.traffic["ap-northeast-1"], "of it: tokyo-ap-A 0.0 %, tokyo-ap-B 100.0 %") && output.shares == { tokyo-ap-A = 0, tokyo-ap-B = 100, osaka-ap = 0 }
    error_message = output.traffic["ap-northeast-1"]
  }
}

run "the_way_back_begins_where_it_ended" {
  command = plan

  variables {
    from     = { tokyo-ap-B = 100 }
    to       = { tokyo-ap-A = 100 }
    progress = 0
  }

  assert {
    condition     = output.traffic == run.b_gets_all_and_a_may_come_back.traffic && output.shares == run.b_gets_all_and_a_may_come_back.shares && output.checked == run.b_gets_all_and_a_may_come_back.checked
    error_message = "At 0 an output is another than after the rollout before."
  }
}

run "osaka_is_raised_before_tokyo_is_lowered" {
  command = plan

  variables {
    to       = { osaka-ap = 100 }
    progress = 50
  }

  assert {
    condition     = output.shares == { tokyo-ap-A = 100, tokyo-ap-B = 0, osaka-ap = 100 }
    error_message = output.traffic["ap-northeast-3"]
  }
}
