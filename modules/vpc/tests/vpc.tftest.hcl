mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name                = "shared"
  cidr                = "10.0.0.0/16"
  flow_log_bucket_arn = "arn:aws:s3:::example-logs/flow"
  tags                = { Owner = "platform", DataClass = "internal", Environment = "test" }

  subnets = {
    public-a  = { zone = "apne1-az4", cidr = "10.0.0.0/24", public = true }
    public-b  = { zone = "apne1-az4", cidr = "10.0.1.0/24", public = true }
    private-a = { zone = "apne1-az4", cidr = "10.0.16.0/20" }
    private-c = { zone = "apne1-az1", cidr = "10.0.32.0/20" }
  }
}

run "closed_and_logged" {
  command = plan

  assert {
    condition     = length(aws_default_security_group.this.ingress) + length(aws_default_security_group.this.egress) == 0
    error_message = "The default security group lets something through."
  }

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_flow_log.this.log_destination == var.flow_log_bucket_arn
    error_message = "There is no flow log."
  }

  assert {
    condition     = !anytrue([for s in aws_subnet.this : s.map_public_ip_on_launch])
    error_message = "A subnet gives out public addresses."
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_vpc_endpoint.interface) == 0 && length(module.endpoints) == 0
    error_message = "Something costs by the hour that nobody asked for."
  }

  assert {
    condition     = aws_vpc_endpoint.gateway["s3"].service_name == "com.amazonaws.ap-northeast-1.s3" && contains(keys(aws_vpc_endpoint.gateway), "dynamodb")
    error_message = "A gateway endpoint, which is free, is missing."
  }

  assert {
    condition     = aws_subnet.this["private-c"].availability_zone_id == "apne1-az1" && aws_subnet.this["private-c"].cidr_block == "10.0.32.0/20"
    error_message = "A subnet is not as asked."
  }
}

run "no_internet_without_public_subnets" {
  command = plan

  variables {
    subnets = { private-a = { zone = "apne1-az4", cidr = "10.0.16.0/20" } }
  }

  assert {
    condition     = length(aws_internet_gateway.this) == 0 && output.internet_gateway_id == null
    error_message = "There is an internet gateway."
  }
}

run "nat_and_endpoints_as_asked" {
  command = plan

  variables {
    nat_subnets         = ["public-a"]
    interface_endpoints = { services = ["ssm", "ecr.api"], subnets = ["private-a", "private-c"] }
  }

  assert {
    condition     = keys(aws_nat_gateway.this) == ["public-a"] && keys(output.nat_addresses) == ["public-a"]
    error_message = "The NAT gateway is not where it should be."
  }

  assert {
    condition     = aws_vpc_endpoint.interface["ecr.api"].private_dns_enabled && length(aws_vpc_endpoint.interface) == 2
    error_message = "The endpoints are not as asked."
  }
}

run "addresses_stay_without_nat_gateways" {
  command = plan

  variables {
    nat_subnets = ["public-a"]
    nat         = false
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && keys(output.nat_addresses) == ["public-a"]
    error_message = "A NAT gateway is paid for, or its address is lost."
  }
}

run "refuses_a_range_off_its_boundary" {
  command = plan

  variables {
    cidr    = "10.0.0.1/16"
    subnets = {}
  }

  expect_failures = [var.cidr]
}

run "refuses_a_zone_by_name" {
  command = plan

  variables {
    subnets = { a = { zone = "ap-northeast-1a", cidr = "10.0.0.0/24" } }
  }

  expect_failures = [var.subnets]
}

run "refuses_a_zone_of_another_region" {
  command = plan

  variables {
    subnets = { a = { zone = "apne3-az1", cidr = "10.0.0.0/24" } }
  }

  expect_failures = [aws_subnet.this]
}

run "refuses_a_subnet_that_is_no_range" {
  command = plan

  variables {
    subnets = { a = { zone = "apne1-az4", cidr = "10.0.0.0/33" } }
  }

  expect_failures = [var.subnets]
}

run "refuses_a_subnet_outside" {
  command = plan

  variables {
    subnets = { a = { zone = "apne1-az4", cidr = "10.1.0.0/24" } }
  }

  expect_failures = [var.subnets]
}

run "refuses_subnets_that_overlap" {
  command = plan

  variables {
    subnets = {
      a = { zone = "apne1-az4", cidr = "10.0.0.0/20" }
      b = { zone = "apne1-az1", cidr = "10.0.15.0/24" }
    }
  }

  expect_failures = [var.subnets]
}

run "refuses_nat_in_a_private_subnet" {
  command = plan

  variables {
    nat_subnets = ["private-a"]
  }

  expect_failures = [var.nat_subnets]
}

run "refuses_two_nats_in_a_zone" {
  command = plan

  variables {
    nat_subnets = ["public-a", "public-b"]
  }

  expect_failures = [var.nat_subnets]
}

run "refuses_a_gateway_endpoint_that_is_none" {
  command = plan

  variables {
    gateway_endpoints = ["ssm"]
  }

  expect_failures = [var.gateway_endpoints]
}

run "refuses_endpoints_in_an_unknown_subnet" {
  command = plan

  variables {
    interface_endpoints = { services = ["ssm"], subnets = ["private-z"] }
  }

  expect_failures = [var.interface_endpoints]
}

run "refuses_endpoints_in_no_subnet" {
  command = plan

  variables {
    interface_endpoints = { services = ["ssm"] }
  }

  expect_failures = [var.interface_endpoints]
}

run "refuses_endpoints_twice_in_a_zone" {
  command = plan

  variables {
    interface_endpoints = { services = ["ssm"], subnets = ["public-a", "private-a"] }
  }

  expect_failures = [var.interface_endpoints]
}

run "refuses_a_log_group_for_a_bucket" {
  command = plan

  variables {
    flow_log_bucket_arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:flow"
  }

  expect_failures = [var.flow_log_bucket_arn]
}
