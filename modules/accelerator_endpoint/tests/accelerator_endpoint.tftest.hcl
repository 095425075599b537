mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  listener_arn = "arn:aws:globalaccelerator::123456789012:accelerator/1234abcd-abcd-1234-abcd-1234abcdefgh/listener/0123vxyz"
  dials        = { ap-northeast-1 = 100, ap-northeast-3 = 0 }
  endpoints = {
    a     = { region = "ap-northeast-1", weight = 90, arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/a/0123456789abcdef" }
    b     = { region = "ap-northeast-1", weight = 0, arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/b/0123456789abcdef", preserve_client_ip = false }
    osaka = { region = "ap-northeast-3", weight = 100, arn = "arn:aws:elasticloadbalancing:ap-northeast-3:123456789012:loadbalancer/app/osaka/0123456789abcdef" }
  }
}

run "a_region_has_its_whole_list" {
  command = plan

  assert {
    condition = { for region, group in aws_globalaccelerator_endpoint_group.this : region => { for e in group.endpoint_configuration : split("/", e.endpoint_id)[2] => [e.weight, e.client_ip_preservation_enabled] } } == {
      ap-northeast-1 = { a = [90, true], b = [0, false] }
      ap-northeast-3 = { osaka = [100, true] }
    }
    error_message = "An endpoint is missing, or has another weight."
  }

  assert {
    condition     = { for region, group in aws_globalaccelerator_endpoint_group.this : group.endpoint_group_region => group.traffic_dial_percentage } == { ap-northeast-1 = 100, ap-northeast-3 = 0 }
    error_message = "A dial is another."
  }
}

run "says_who_gets_what" {
  command = plan

  assert {
    condition = output.traffic == {
      ap-northeast-1 = "takes all traffic that is on its way here; of it: a 100.0 %, b 0.0 %; when none here is healthy, all goes to ap-northeast-3, whatever the dial there"
      ap-northeast-3 = "takes no traffic while others can; of it: osaka 100.0 %; when none here is healthy, all goes to ap-northeast-1, whatever the dial there; stands by: takes over when ap-northeast-1 fails, in spite of the dial"
    }
    error_message = "The plan tells people something else."
  }
}

run "says_that_nobody_takes_over" {
  command = plan

  variables {
    dials = { ap-northeast-1 = 50 }
    endpoints = {
      a = { region = "ap-northeast-1", weight = 1, arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/a/0123456789abcdef" }
      b = { region = "ap-northeast-1", weight = 2, arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/b/0123456789abcdef" }
    }
  }

  assert {
    condition     = output.traffic == { ap-northeast-1 = "takes 50 % of the traffic that is on its way here; of it: a 33.3 %, b 66.7 %; when none here is healthy, nobody is served" }
    error_message = "The plan tells people something else."
  }
}

run "says_where_the_rest_goes" {
  command = plan

  variables {
    dials = { ap-northeast-1 = 90, ap-northeast-3 = 100 }
  }

  assert {
    condition     = strcontains(output.traffic["ap-northeast-1"], "takes 90 % of the traffic that is on its way here; of it: a 100.0 %, b 0.0 %; the rest goes to ap-northeast-3;")
    error_message = "The plan tells people something else."
  }
}

run "a_region_can_wait_without_endpoints" {
  command = plan

  variables {
    endpoints = {
      a = { region = "ap-northeast-1", weight = 1, arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/a/0123456789abcdef" }
    }
  }

  assert {
    condition     = length(aws_globalaccelerator_endpoint_group.this["ap-northeast-3"].endpoint_configuration) == 0
    error_message = "There is an endpoint that nobody asked for."
  }
}

run "a_region_without_endpoints_can_keep_its_dial" {
  command = plan

  variables {
    dials     = { ap-northeast-1 = 100, ap-northeast-3 = 100 }
    endpoints = { osaka = { region = "ap-northeast-3", weight = 100, arn = "arn:aws:elasticloadbalancing:ap-northeast-3:123456789012:loadbalancer/app/osaka/0123456789abcdef" } }
  }

  assert {
    condition     = output.traffic["ap-northeast-1"] == "has no endpoint: what is on its way here goes to ap-northeast-3, whatever the dial there"
    error_message = output.traffic["ap-northeast-1"]
  }
}

run "refuses_an_accelerator_as_listener" {
  command = plan

  variables {
    listener_arn = "arn:aws:globalaccelerator::123456789012:accelerator/1234abcd-abcd-1234-abcd-1234abcdefgh"
  }

  expect_failures = [var.listener_arn]
}

run "refuses_a_region_that_is_none" {
  command = plan

  variables {
    dials     = { tokyo = 100 }
    endpoints = {}
  }

  expect_failures = [var.dials]
}

run "refuses_a_dial_above_100" {
  command = plan

  variables {
    dials = { ap-northeast-1 = 110, ap-northeast-3 = 0 }
  }

  expect_failures = [var.dials]
}

run "refuses_a_weight_of_300" {
  command = plan

  variables {
    endpoints = { a = { region = "ap-northeast-1", weight = 300, arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/a/0123456789abcdef" } }
  }

  expect_failures = [var.endpoints]
}

run "refuses_a_balancer_of_another_region" {
  command = plan

  variables {
    endpoints = { a = { region = "ap-northeast-3", weight = 100, arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/a/0123456789abcdef" } }
  }

  expect_failures = [var.endpoints]
}

run "refuses_an_endpoint_without_dial" {
  command = plan

  variables {
    dials = { ap-northeast-1 = 100 }
  }

  expect_failures = [var.endpoints]
}

run "refuses_a_balancer_twice" {
  command = plan

  variables {
    endpoints = { a = { region = "ap-northeast-1", weight = 50, arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/a/0123456789abcdef" }, b = { region = "ap-northeast-1", weight = 50, arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/a/0123456789abcdef" } }
  }

  expect_failures = [var.endpoints]
}

run "refuses_eleven_in_a_region" {
  command = plan

  variables {
    endpoints = { for n in range(11) : "e${n}" => { region = "ap-northeast-1", weight = 1, arn = "${"arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/a/0123456789abcdef"}${n}" } }
  }

  expect_failures = [var.endpoints]
}

run "refuses_to_serve_nobody" {
  command = plan

  variables {
    dials = { ap-northeast-1 = 0, ap-northeast-3 = 0 }
  }

  expect_failures = [aws_globalaccelerator_endpoint_group.this]
}

run "refuses_weights_that_add_up_to_nothing" {
  command = plan

  variables {
    endpoints = {
      a     = { region = "ap-northeast-1", weight = 0, arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/a/0123456789abcdef" }
      osaka = { region = "ap-northeast-3", weight = 0, arn = "arn:aws:elasticloadbalancing:ap-northeast-3:123456789012:loadbalancer/app/a/0123456789abcdef" }
    }
  }

  expect_failures = [aws_globalaccelerator_endpoint_group.this]
}

run "refuses_a_dial_for_endpoints_without_weight" {
  command = plan

  variables {
    dials = { ap-northeast-1 = 10, ap-northeast-3 = 100 }
    endpoints = {
      a     = { region = "ap-northeast-1", weight = 0, arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/a/0123456789abcdef" }
      osaka = { region = "ap-northeast-3", weight = 1, arn = "arn:aws:elasticloadbalancing:ap-northeast-3:123456789012:loadbalancer/app/a/0123456789abcdef" }
    }
  }

  expect_failures = [aws_globalaccelerator_endpoint_group.this]
}
