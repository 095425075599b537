variables {
  regions = ["ap-northeast-1", "ap-northeast-3"]
  endpoints = {
    a     = { region = "ap-northeast-1" }
    b     = { region = "ap-northeast-1" }
    osaka = { region = "ap-northeast-3", standby = true }
  }
  from = { a = 100 }
  to   = { b = 100 }
}

run "a_tenth" {
  command = plan

  variables {
    progress = 10
  }

  assert {
    condition     = output.weights == { a = 90, b = 10, osaka = 100 } && output.dials == { ap-northeast-1 = 100, ap-northeast-3 = 0 }
    error_message = "A weight or a dial is another."
  }

  assert {
    condition     = output.shares == { a = 90, b = 10, osaka = 0 }
    error_message = "A share is another."
  }
}

run "without_a_number_it_goes_to_the_end" {
  command = plan

  assert {
    condition     = output.weights == { a = 0, b = 100, osaka = 100 }
    error_message = "An apply by hand stops on the way."
  }
}

run "the_next_rollout_begins_where_this_one_ends" {
  command = plan

  variables {
    from     = { b = 100 }
    to       = { osaka = 100 }
    progress = 0
  }

  assert {
    condition     = output.weights == run.without_a_number_it_goes_to_the_end.weights && output.dials == run.without_a_number_it_goes_to_the_end.dials && output.shares == run.without_a_number_it_goes_to_the_end.shares
    error_message = "At 0 it is not what the rollout before has left."
  }
}

run "a_standby_has_a_weight_and_no_dial" {
  command = plan

  variables {
    endpoints = {
      a     = { region = "ap-northeast-1", standby = true }
      b     = { region = "ap-northeast-1" }
      osaka = { region = "ap-northeast-3" }
    }
    to = { osaka = 100 }
  }

  assert {
    condition     = output.weights == { a = 100, b = 0, osaka = 100 } && output.dials == { ap-northeast-1 = 0, ap-northeast-3 = 100 }
    error_message = "Nobody takes over from Osaka, or somebody does who is not to."
  }
}

run "a_region_can_wait_without_endpoints" {
  command = plan

  variables {
    endpoints = { a = { region = "ap-northeast-1" } }
    to        = { a = 100 }
  }

  assert {
    condition     = output.dials == { ap-northeast-1 = 100, ap-northeast-3 = 0 } && output.weights == { a = 100 }
    error_message = "A Region without endpoints has no group."
  }
}

run "a_lost_region_keeps_its_dial" {
  command = plan

  variables {
    endpoints = { osaka = { region = "ap-northeast-3", standby = true } }
    from      = { osaka = 100 }
    to        = { osaka = 100 }
    raised    = ["ap-northeast-1"]
  }

  assert {
    condition     = output.dials == { ap-northeast-1 = 100, ap-northeast-3 = 100 } && output.shares == { osaka = 100 }
    error_message = "A dial is lowered in the apply that raises another."
  }
}

run "a_region_that_is_left_keeps_its_dial" {
  command = plan

  variables {
    from   = { osaka = 100 }
    to     = { a = 100 }
    raised = ["ap-northeast-3"]
  }

  assert {
    condition     = output.dials == { ap-northeast-1 = 100, ap-northeast-3 = 100 } && output.shares == { a = 100, b = 0, osaka = 100 }
    error_message = "A dial is lowered in the apply that raises another."
  }
}

run "refuses_to_raise_a_standby" {
  command = plan

  variables {
    raised = ["ap-northeast-3"]
  }

  expect_failures = [var.raised]
}

run "refuses_to_raise_what_has_no_group" {
  command = plan

  variables {
    raised = ["ap-northeast-2"]
  }

  expect_failures = [var.raised]
}

run "refuses_a_region_that_is_none" {
  command = plan

  variables {
    regions = ["ap-northeast-1", "ap-northeast-3", "tokyo"]
  }

  expect_failures = [var.regions]
}

run "refuses_an_endpoint_without_group" {
  command = plan

  variables {
    regions = ["ap-northeast-1"]
  }

  expect_failures = [var.endpoints]
}

run "refuses_to_serve_nobody" {
  command = plan

  variables {
    to = { a = 0 }
  }

  expect_failures = [var.to]
}

run "refuses_shares_that_are_not_all" {
  command = plan

  variables {
    from = { a = 50, b = 49 }
  }

  expect_failures = [var.from]
}

run "refuses_a_part_of_a_percent" {
  command = plan

  variables {
    to = { a = 0.5, b = 99.5 }
  }

  expect_failures = [var.to]
}

run "refuses_a_share_below_nothing" {
  command = plan

  variables {
    from = { a = 110, b = -10 }
  }

  expect_failures = [var.from]
}

run "refuses_a_share_of_what_is_no_endpoint" {
  command = plan

  variables {
    to = { c = 100 }
  }

  expect_failures = [var.to]
}

run "refuses_to_begin_at_what_is_no_endpoint" {
  command = plan

  variables {
    from = { c = 100 }
  }

  expect_failures = [var.from]
}

run "refuses_a_number_above_100" {
  command = plan

  variables {
    progress = 101
  }

  expect_failures = [var.progress]
}

run "refuses_a_number_between_two" {
  command = plan

  variables {
    progress = 12.5
  }

  expect_failures = [var.progress]
}
