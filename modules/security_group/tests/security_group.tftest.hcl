mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name        = "app"
  description = "Servers of the application"
  vpc_id      = "vpc-0123456789abcdef0"
  tags        = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "closed_by_default" {
  command = plan

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.this) + length(aws_vpc_security_group_egress_rule.this) == 0
    error_message = "Something is let through that nobody asked for."
  }
}

run "rules_as_resources_of_their_own" {
  command = plan

  variables {
    ingress = {
      https = { description = "HTTPS from anywhere", ports = "443", cidr = "0.0.0.0/0" }
      peers = { description = "Among themselves", ports = "7946-7947", protocol = "udp", self = true }
      ping  = { description = "Path MTU and ping", protocol = "icmp", cidr = "10.0.0.0/8" }
    }
    egress = {
      database = { description = "PostgreSQL", ports = "5432", group_id = "sg-0fedcba9876543210" }
      rest     = { description = "Everything else", protocol = "all", cidr = "0.0.0.0/0" }
    }
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.this["https"].from_port == 443 &&
      aws_vpc_security_group_ingress_rule.this["https"].to_port == 443 &&
      aws_vpc_security_group_ingress_rule.this["https"].ip_protocol == "tcp"
    )
    error_message = "One port is not that port."
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.this["peers"].from_port == 7946 &&
      aws_vpc_security_group_ingress_rule.this["peers"].to_port == 7947 &&
      aws_vpc_security_group_ingress_rule.this["peers"].referenced_security_group_id == aws_security_group.this.id
    )
    error_message = "The group does not admit itself."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.this["ping"].from_port == -1 && aws_vpc_security_group_ingress_rule.this["ping"].to_port == -1
    error_message = "Not every type of ICMP is let in."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.this["rest"].ip_protocol == "-1" && aws_vpc_security_group_egress_rule.this["rest"].from_port == null
    error_message = "All protocols have no ports."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.this["database"].referenced_security_group_id == "sg-0fedcba9876543210"
    error_message = "The database is not reached."
  }
}

run "refuses_a_name_like_an_id" {
  command = plan

  variables {
    name = "sg-app"
  }

  expect_failures = [var.name]
}

run "refuses_a_description_that_aws_would" {
  command = plan

  variables {
    description = "Servers <app>"
  }

  expect_failures = [var.description]
}

run "refuses_ingress_of_tcp_without_ports" {
  command = plan

  variables {
    ingress = { rule = { description = "No ports", cidr = "10.0.0.0/8" } }
  }

  expect_failures = [var.ingress]
}

run "refuses_ingress_of_ports_backwards" {
  command = plan

  variables {
    ingress = { rule = { description = "Backwards", ports = "443-80", cidr = "10.0.0.0/8" } }
  }

  expect_failures = [var.ingress]
}

run "refuses_ingress_with_two_sources" {
  command = plan

  variables {
    ingress = { rule = { description = "Two", ports = "443", cidr = "10.0.0.0/8", self = true } }
  }

  expect_failures = [var.ingress]
}

run "refuses_ingress_off_its_boundary" {
  command = plan

  variables {
    ingress = { rule = { description = "One address", ports = "443", cidr = "10.0.0.1/8" } }
  }

  expect_failures = [var.ingress]
}

run "refuses_egress_of_tcp_without_ports" {
  command = plan

  variables {
    egress = { rule = { description = "No ports", cidr = "10.0.0.0/8" } }
  }

  expect_failures = [var.egress]
}

run "refuses_egress_of_ports_backwards" {
  command = plan

  variables {
    egress = { rule = { description = "Backwards", ports = "443-80", cidr = "10.0.0.0/8" } }
  }

  expect_failures = [var.egress]
}

run "refuses_egress_with_two_targets" {
  command = plan

  variables {
    egress = { rule = { description = "Two", ports = "443", cidr = "10.0.0.0/8", self = true } }
  }

  expect_failures = [var.egress]
}

run "refuses_egress_off_its_boundary" {
  command = plan

  variables {
    egress = { rule = { description = "One address", ports = "443", cidr = "10.0.0.1/8" } }
  }

  expect_failures = [var.egress]
}

run "refuses_ssh_from_anywhere" {
  command = plan

  variables {
    ingress = { ssh = { description = "SSH", ports = "22", cidr = "0.0.0.0/0" } }
  }

  expect_failures = [var.ingress]
}
