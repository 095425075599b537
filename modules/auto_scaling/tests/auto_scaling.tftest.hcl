mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name              = "shop-a"
  subnet_ids        = { private-a = "subnet-1a", private-c = "subnet-1c" }
  size              = { min = 2, max = 6 }
  launch_template   = { id = "lt-0123456789abcdef0", version = "3" }
  target_group_arns = { web = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/web/0123456789abcdef" }
  tags              = { Owner = "shop", DataClass = "internal", Environment = "test" }
}

run "rolls_without_a_gap" {
  command = plan

  assert {
    condition     = aws_autoscaling_group.this.launch_template[0].version == "3"
    error_message = "Servers would not learn of a new version."
  }

  assert {
    condition = (
      aws_autoscaling_group.this.instance_refresh[0].preferences[0].min_healthy_percentage == 100 &&
      aws_autoscaling_group.this.instance_refresh[0].preferences[0].auto_rollback
    )
    error_message = "A refresh takes servers away before others stand, or is not taken back."
  }

  assert {
    condition     = aws_autoscaling_group.this.health_check_type == "ELB" && toset(aws_autoscaling_group.this.vpc_zone_identifier) == toset(["subnet-1a", "subnet-1c"])
    error_message = "The load balancer's checks do not count, or a zone is left out."
  }

  assert {
    condition     = { for t in aws_autoscaling_group.this.tag : t.key => t.value if t.propagate_at_launch } == { Owner = "shop", DataClass = "internal", Environment = "test", Name = "shop-a" }
    error_message = "Servers have other tags."
  }

  assert {
    condition     = keys(aws_autoscaling_policy.this) == ["cpu"]
    error_message = "It does not scale."
  }
}

run "schedules_hooks_and_targets" {
  command = plan

  variables {
    target_group_arns = {}
    schedules         = { night = { cron = "0 22 * * *", min = 1, max = 2, desired = 1 } }
    lifecycle_hooks   = { drain = { on = "terminating", seconds = 120 } }
    targets           = { requests = { metric = "ALBRequestCountPerTarget", value = 1000, resource_label = "app/shop-a/0123456789abcdef/targetgroup/web/0123456789abcdef" } }
  }

  assert {
    condition     = aws_autoscaling_schedule.this["night"].time_zone == "Asia/Tokyo" && aws_autoscaling_schedule.this["night"].min_size == 1
    error_message = "The schedule is another."
  }

  assert {
    condition     = aws_autoscaling_lifecycle_hook.this["drain"].lifecycle_transition == "autoscaling:EC2_INSTANCE_TERMINATING"
    error_message = "The hook is another."
  }

  assert {
    condition     = aws_autoscaling_group.this.health_check_type == "EC2"
    error_message = "Checks of a load balancer that there is not."
  }
}

run "refuses_one_zone" {
  command = plan

  variables {
    subnet_ids = { private-a = "subnet-1a" }
  }

  expect_failures = [var.subnet_ids]
}

run "refuses_more_at_least_than_at_most" {
  command = plan

  variables {
    size = { min = 3, max = 2 }
  }

  expect_failures = [var.size]
}

run "refuses_the_latest_version" {
  command = plan

  variables {
    launch_template = { id = "lt-0123456789abcdef0", version = "$Latest" }
  }

  expect_failures = [var.launch_template]
}

run "refuses_an_endless_warmup" {
  command = plan

  variables {
    warmup_seconds = 7200
  }

  expect_failures = [var.warmup_seconds]
}

run "refuses_an_unknown_metric" {
  command = plan

  variables {
    targets = { cpu = { metric = "CPUUtilization", value = 50 } }
  }

  expect_failures = [var.targets]
}

run "refuses_requests_of_no_balancer" {
  command = plan

  variables {
    targets = { requests = { metric = "ALBRequestCountPerTarget", value = 50 } }
  }

  expect_failures = [var.targets]
}

run "refuses_a_schedule_beyond_its_bounds" {
  command = plan

  variables {
    schedules = { night = { cron = "0 22 * * *", min = 1, max = 2, desired = 3 } }
  }

  expect_failures = [var.schedules]
}

run "refuses_a_rate_for_cron" {
  command = plan

  variables {
    schedules = { night = { cron = "rate(1 day)", min = 1, max = 2 } }
  }

  expect_failures = [var.schedules]
}

run "refuses_a_hook_on_nothing" {
  command = plan

  variables {
    lifecycle_hooks = { drain = { on = "stopping" } }
  }

  expect_failures = [var.lifecycle_hooks]
}

run "refuses_a_hook_without_time" {
  command = plan

  variables {
    lifecycle_hooks = { drain = { on = "terminating", seconds = 5 } }
  }

  expect_failures = [var.lifecycle_hooks]
}
