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

run "tokyo_serves_and_osaka_stands_by" {
  command = plan

  assert {
    condition     = output.traffic["ap-northeast-1"] == "takes all traffic that is on its way here; of it: tokyo-ap-A 100.0 %; when none here is healthy, all goes to ap-northeast-3, whatever the dial there"
    error_message = "Tokyo does not serve, or the plan does not say so: ${output.traffic["ap-northeast-1"]}"
  }

  assert {
    condition     = output.traffic["ap-northeast-3"] == "takes no traffic while others can; of it: osaka-ap 100.0 %; when none here is healthy, all goes to ap-northeast-1, whatever the dial there; stands by: takes over when ap-northeast-1 fails, in spite of the dial"
    error_message = "Osaka does not stand by, or the plan does not say so: ${output.traffic["ap-northeast-3"]}"
  }

  assert {
    condition     = output.checked == { osaka-ap = "live, generation 1", tokyo-ap-A = "live, generation 1" }
    error_message = "A side was not asked."
  }
}

run "says_aloud_that_the_listener_is_not_written_down" {
  command = plan

  variables {
    listener_arn = null
  }

  expect_failures = [check.listener]
}

run "refuses_the_listener_of_another" {
  command = plan

  variables {
    listener_arn = "arn:aws:globalaccelerator::123456789012:accelerator/1234abcd-abcd-1234-abcd-1234abcdefgh/listener/other"
  }

  expect_failures = [terraform_data.checked]
}

run "refuses_an_absent_side" {
  command = plan

  variables {
    endpoints = {
      tokyo-ap-A = { region = "ap-northeast-1" }
      tokyo-ap-B = { region = "ap-northeast-1" }
    }
  }

  expect_failures = [terraform_data.checked]
}

run "refuses_a_side_of_another_region" {
  command = plan

  variables {
    endpoints = {
      osaka-ap = { region = "ap-northeast-1", arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/shop-osaka/0123456789abcdef" }
    }
    from = { osaka-ap = 100 }
    to   = { osaka-ap = 100 }
  }

  expect_failures = [terraform_data.checked]
}

run "refuses_the_balancer_of_an_earlier_generation" {
  command = plan

  variables {
    endpoints = {
      tokyo-ap-A = { region = "ap-northeast-1", arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/shop-a/fedcba9876543210" }
    }
  }

  expect_failures = [terraform_data.checked]
}

run "refuses_what_is_no_side" {
  command = plan

  variables {
    endpoints = {
      tokyo-ap-C = { region = "ap-northeast-1", arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/shop-c/0123456789abcdef" }
    }
    from = { tokyo-ap-C = 100 }
    to   = { tokyo-ap-C = 100 }
  }

  expect_failures = [var.endpoints]
}

run "refuses_to_read_what_is_no_side" {
  command = plan

  variables {
    read = ["common", "tokyo", "tokyo-ap-A", "osaka-ap"]
  }

  expect_failures = [var.read]
}

run "refuses_a_side_that_is_neither_read_nor_written_down" {
  command = plan

  variables {
    read = ["common", "osaka-ap"]
  }

  expect_failures = [var.endpoints]
}

run "refuses_to_go_without_a_listener" {
  command = plan

  variables {
    listener_arn = null
    read         = ["tokyo-ap-A", "tokyo-ap-B", "osaka-ap"]
  }

  expect_failures = [var.listener_arn]
}

run "without_states_the_values_hold" {
  command = plan

  variables {
    read = []
    endpoints = {
      tokyo-ap-A = { region = "ap-northeast-1", arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/shop-a/0123456789abcdef" }
    }
  }

  # Skipped aloud.
  expect_failures = [check.sides]
}
