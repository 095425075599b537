mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name       = "private"
  vpc_id     = "vpc-0123456789abcdef0"
  subnet_ids = { a = "subnet-0123456789abcdef0", c = "subnet-0123456789abcdef1" }
  tags       = { Owner = "platform", DataClass = "internal", Environment = "test" }

  inbound = {
    app  = { number = 100, ports = "8080", cidr = "10.0.0.0/24" }
    ping = { number = 200, protocol = "icmp", cidr = "10.0.0.0/8" }
  }
  outbound = {
    blocked = { number = 10, allow = false, protocol = "all", cidr = "198.51.100.0/24" }
    https   = { number = 100, ports = "443", cidr = "0.0.0.0/0" }
    http    = { number = 110, ports = "80", cidr = "0.0.0.0/0" }
    dns     = { number = 120, protocol = "udp", ports = "53", cidr = "10.0.0.2/32" }
  }
}

run "what_goes_out_comes_back" {
  command = plan

  assert {
    condition = keys(aws_network_acl_rule.this) == [
      "in app", "in back tcp 0.0.0.0/0", "in back udp 10.0.0.2/32", "in ping",
      "out back tcp 10.0.0.0/24", "out blocked", "out dns", "out http", "out https",
    ]
    error_message = "The rules are others."
  }

  assert {
    condition = alltrue([for rule in [aws_network_acl_rule.this["in back tcp 0.0.0.0/0"], aws_network_acl_rule.this["out back tcp 10.0.0.0/24"]] :
      rule.rule_action == "allow" && rule.protocol == "tcp" && rule.from_port == 1024 && rule.to_port == 65535
    ])
    error_message = "Answers are not let back to ports 1024-65535."
  }

  assert {
    condition     = aws_network_acl_rule.this["in back tcp 0.0.0.0/0"].rule_number == 10100 && aws_network_acl_rule.this["in back udp 10.0.0.2/32"].rule_number == 10121
    error_message = "The ways back are not numbered after the rules that need them."
  }

  assert {
    condition     = aws_network_acl_rule.this["out https"].egress && !aws_network_acl_rule.this["in app"].egress && aws_network_acl_rule.this["out blocked"].rule_action == "deny"
    error_message = "A rule points the wrong way."
  }

  assert {
    condition     = aws_network_acl_rule.this["in ping"].icmp_type == -1 && aws_network_acl_rule.this["in ping"].icmp_code == -1
    error_message = "Not every type of ICMP passes."
  }

  assert {
    condition     = aws_network_acl_association.this["c"].subnet_id == "subnet-0123456789abcdef1"
    error_message = "A subnet is not guarded."
  }
}

run "all_protocols_come_back_as_tcp_and_udp" {
  command = plan

  variables {
    inbound  = {}
    outbound = { all = { number = 100, protocol = "all", cidr = "10.0.0.0/8" } }
  }

  assert {
    condition     = keys(aws_network_acl_rule.this) == ["in back tcp 10.0.0.0/8", "in back udp 10.0.0.0/8", "out all"]
    error_message = "The rules are others."
  }
}

run "refuses_more_rules_than_aws_takes" {
  command = plan

  variables {
    max_rules = 4
  }

  expect_failures = [aws_network_acl.this]
}

run "refuses_inbound_number_between" {
  command = plan

  variables {
    inbound = {
      rule = { number = 105, ports = "443", cidr = "10.0.0.0/8" }
    }
  }

  expect_failures = [var.inbound]
}

run "refuses_inbound_number_twice" {
  command = plan

  variables {
    inbound = {
      one   = { number = 100, ports = "443", cidr = "10.0.0.0/8" }
      other = { number = 100, ports = "80", cidr = "10.0.0.0/8" }
    }
  }

  expect_failures = [var.inbound]
}

run "refuses_inbound_tcp_without_ports" {
  command = plan

  variables {
    inbound = {
      rule = { number = 100, cidr = "10.0.0.0/8" }
    }
  }

  expect_failures = [var.inbound]
}

run "refuses_inbound_ports_backwards" {
  command = plan

  variables {
    inbound = {
      rule = { number = 100, ports = "443-80", cidr = "10.0.0.0/8" }
    }
  }

  expect_failures = [var.inbound]
}

run "refuses_inbound_range_off_its_boundary" {
  command = plan

  variables {
    inbound = {
      rule = { number = 100, ports = "443", cidr = "10.0.0.1/8" }
    }
  }

  expect_failures = [var.inbound]
}

run "refuses_outbound_number_between" {
  command = plan

  variables {
    outbound = {
      rule = { number = 105, ports = "443", cidr = "10.0.0.0/8" }
    }
  }

  expect_failures = [var.outbound]
}

run "refuses_outbound_number_twice" {
  command = plan

  variables {
    outbound = {
      one   = { number = 100, ports = "443", cidr = "10.0.0.0/8" }
      other = { number = 100, ports = "80", cidr = "10.0.0.0/8" }
    }
  }

  expect_failures = [var.outbound]
}

run "refuses_outbound_tcp_without_ports" {
  command = plan

  variables {
    outbound = {
      rule = { number = 100, cidr = "10.0.0.0/8" }
    }
  }

  expect_failures = [var.outbound]
}

run "refuses_outbound_ports_backwards" {
  command = plan

  variables {
    outbound = {
      rule = { number = 100, ports = "443-80", cidr = "10.0.0.0/8" }
    }
  }

  expect_failures = [var.outbound]
}

run "refuses_outbound_range_off_its_boundary" {
  command = plan

  variables {
    outbound = {
      rule = { number = 100, ports = "443", cidr = "10.0.0.1/8" }
    }
  }

  expect_failures = [var.outbound]
}
