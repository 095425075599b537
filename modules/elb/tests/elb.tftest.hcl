mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name                 = "shop-a"
  vpc_id               = "vpc-0123456789abcdef0"
  security_group_ids   = ["sg-0123456789abcdef0"]
  certificate_arn      = "arn:aws:acm:ap-northeast-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
  log_bucket           = "example-logs"
  default_target_group = "web"
  tags                 = { Owner = "shop", DataClass = "internal", Environment = "test" }

  subnets = {
    public-a = { id = "subnet-0a", zone = "apne1-az4" }
    public-c = { id = "subnet-0c", zone = "apne1-az1" }
  }
  target_groups = {
    web = { name_prefix = "web", port = 8080, health = { path = "/healthz" } }
    api = { name_prefix = "api", port = 8081 }
  }
}

run "tls_logs_and_protection" {
  command = plan

  assert {
    condition     = aws_lb_listener.https.port == 443 && aws_lb_listener.https.protocol == "HTTPS" && aws_lb_listener.https.ssl_policy == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    error_message = "Something older than TLS 1.2 is spoken."
  }

  assert {
    condition     = one(aws_lb.this.access_logs).enabled && one(aws_lb.this.connection_logs).enabled && one(aws_lb.this.access_logs).bucket == "example-logs"
    error_message = "There are no logs."
  }

  assert {
    condition     = aws_lb.this.enable_deletion_protection && aws_lb.this.drop_invalid_header_fields && !aws_lb.this.internal
    error_message = "It can be deleted, or passes on headers that are none."
  }

  assert {
    condition     = one(aws_lb_target_group.this["web"].health_check).path == "/healthz" && aws_lb_target_group.this["web"].name_prefix == "web"
    error_message = "The target group is another."
  }

  assert {
    condition     = length(aws_lb_listener_rule.this) == 0
    error_message = "There is a rule that nobody asked for."
  }
}

run "rules" {
  command = plan

  variables {
    rules = { api = { priority = 10, target_group = "api", hosts = ["shop.example.com"], paths = ["/api/*"] } }
  }

  assert {
    condition     = length(aws_lb_listener_rule.this["api"].condition) == 2 && aws_lb_listener_rule.this["api"].priority == 10
    error_message = "The rule is another."
  }
}

run "goes_when_it_may" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = !aws_lb.this.enable_deletion_protection
    error_message = "It can never go."
  }
}

run "refuses_a_name_of_aws" {
  command = plan

  variables {
    name = "internal-shop"
  }

  expect_failures = [var.name]
}

run "refuses_one_zone" {
  command = plan

  variables {
    subnets = { public-a = { id = "subnet-0a", zone = "apne1-az4" } }
  }

  expect_failures = [var.subnets]
}

run "refuses_a_zone_that_the_accelerator_does" {
  command = plan

  variables {
    subnets = { public-a = { id = "subnet-0a", zone = "apne1-az4" }, public-b = { id = "subnet-0b", zone = "apne1-az3" } }
  }

  expect_failures = [var.subnets]
}

run "refuses_no_security_group" {
  command = plan

  variables {
    security_group_ids = []
  }

  expect_failures = [var.security_group_ids]
}

run "refuses_a_certificate_of_iam" {
  command = plan

  variables {
    certificate_arn = "arn:aws:iam::123456789012:server-certificate/shop"
  }

  expect_failures = [var.certificate_arn]
}

run "refuses_a_long_prefix" {
  command = plan

  variables {
    target_groups = { web = { name_prefix = "website", port = 8080 } }
  }

  expect_failures = [var.target_groups]
}

run "refuses_an_unknown_protocol" {
  command = plan

  variables {
    target_groups = { web = { name_prefix = "web", port = 8080, protocol = "TCP" } }
  }

  expect_failures = [var.target_groups]
}

run "refuses_a_check_longer_than_its_interval" {
  command = plan

  variables {
    target_groups = { web = { name_prefix = "web", port = 8080, health = { interval = 5, timeout = 5 } } }
  }

  expect_failures = [var.target_groups]
}

run "refuses_a_default_that_is_none" {
  command = plan

  variables {
    default_target_group = "app"
  }

  expect_failures = [var.default_target_group]
}

run "refuses_a_rule_to_nowhere" {
  command = plan

  variables {
    rules = { r = { priority = 10, target_group = "app", paths = ["/"] } }
  }

  expect_failures = [var.rules]
}

run "refuses_a_rule_for_everything" {
  command = plan

  variables {
    rules = { r = { priority = 10, target_group = "api" } }
  }

  expect_failures = [var.rules]
}

run "refuses_a_priority_twice" {
  command = plan

  variables {
    rules = { one = { priority = 10, target_group = "api", paths = ["/a"] }, other = { priority = 10, target_group = "api", paths = ["/b"] } }
  }

  expect_failures = [var.rules]
}

run "refuses_an_endless_timeout" {
  command = plan

  variables {
    idle_timeout = 5000
  }

  expect_failures = [var.idle_timeout]
}
