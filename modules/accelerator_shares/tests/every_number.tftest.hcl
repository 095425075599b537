# Every number from 0 to 100. A plan that succeeds has met the preconditions at each of
# them: somebody is served, and no dial is above 0 where no weight is.

mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  endpoints = {
    a     = { region = "ap-northeast-1", standby = true }
    b     = { region = "ap-northeast-1" }
    c     = { region = "ap-northeast-1" }
    osaka = { region = "ap-northeast-3", standby = true }
  }
}

run "in_a_region_weights_move" {
  command = plan

  module {
    source = "./tests/every_number"
  }

  variables {
    from = { a = 100 }
    to   = { b = 100 }
  }

  assert {
    condition     = alltrue([for n in range(101) : output.shares[n] == { a = 100 - n, b = n, c = 0, osaka = 0 }])
    error_message = "A weight does not follow the number."
  }
}

run "between_regions_dials_are_raised_first" {
  command = plan

  module {
    source = "./tests/every_number"
  }

  variables {
    from = { a = 100 }
    to   = { osaka = 100 }
  }

  assert {
    condition     = alltrue([for n in range(101) : output.shares[n] == { a = min(100, 200 - 2 * n), b = 0, c = 0, osaka = min(100, 2 * n) }])
    error_message = "A dial is lowered before 50, or raised after it."
  }
}

run "and_on_the_way_to_tokyo" {
  command = plan

  module {
    source = "./tests/every_number"
  }

  variables {
    from = { osaka = 100 }
    to   = { a = 100 }
  }

  assert {
    condition     = alltrue([for n in range(101) : output.shares[n] == { a = min(100, 2 * n), b = 0, c = 0, osaka = min(100, 200 - 2 * n) }])
    error_message = "A dial is lowered before 50, or raised after it."
  }
}

run "to_a_side_that_does_not_stand_by" {
  command = plan

  module {
    source = "./tests/every_number"
  }

  variables {
    from = { osaka = 100 }
    to   = { b = 100 }
  }

  assert {
    condition     = alltrue([for n in range(101) : output.shares[n].b == min(100, 2 * n) && output.shares[n].a == 0])
    error_message = "The standby takes traffic that is another's."
  }
}

run "a_rollout_to_what_is_stays" {
  command = plan

  module {
    source = "./tests/every_number"
  }

  variables {
    from = { a = 60, osaka = 40 }
    to   = { a = 60, osaka = 40 }
  }

  assert {
    condition     = length(distinct(output.shares)) == 1 && length(distinct(output.traffic)) == 1
    error_message = "A number moves what is not to move."
  }
}

run "a_part_of_the_way" {
  command = plan

  module {
    source = "./tests/every_number"
  }

  variables {
    from = { a = 34, b = 33, c = 33 }
    to   = { a = 1, b = 0, osaka = 99 }
  }

  assert {
    condition     = alltrue([for n in range(101) : sum(values(output.shares[n])) >= 100])
    error_message = "Less than all traffic is served."
  }
}

run "the_smallest_shares" {
  command = plan

  module {
    source = "./tests/every_number"
  }

  variables {
    from = { a = 1, osaka = 99 }
    to   = { b = 1, osaka = 99 }
  }

  assert {
    condition     = alltrue([for n in range(101) : output.shares[n].a + output.shares[n].b >= 1])
    error_message = "Both weights are 0 on the way."
  }
}

run "no_dial_is_lowered_before_all_are_raised" {
  command = plan

  module {
    source = "./tests/every_number"
  }

  variables {
    from = { a = 70, osaka = 30 }
    to   = { c = 10, osaka = 90 }
  }

  assert {
    condition     = alltrue([for n in range(100) : n < 50 ? output.shares[n].a + output.shares[n].b + output.shares[n].c >= 70 && output.shares[n + 1].osaka >= output.shares[n].osaka : output.shares[n].osaka == 90])
    error_message = "A dial is lowered before 50, or raised after it."
  }
}
