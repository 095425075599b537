mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name               = "shop-a"
  transit_gateway_id = "tgw-0123456789abcdef0"
  vpc_id             = "vpc-0123456789abcdef0"
  vpc_cidr           = "10.1.0.0/16"
  zones              = ["apne1-az1", "apne1-az4"]
  route_table_id     = "tgw-rtb-0applications"
  propagate_to       = { shared = "tgw-rtb-0shared" }
  tags               = { Owner = "shop", DataClass = "internal", Environment = "test" }

  subnets = {
    transit-a = { id = "subnet-3a", zone = "apne1-az4" }
    transit-c = { id = "subnet-3c", zone = "apne1-az1" }
  }
}

run "joins_the_tables_it_is_told_and_no_other" {
  command = plan

  assert {
    condition = (
      !aws_ec2_transit_gateway_vpc_attachment.this.transit_gateway_default_route_table_association &&
      !aws_ec2_transit_gateway_vpc_attachment.this.transit_gateway_default_route_table_propagation
    )
    error_message = "The gateway's default tables are managed."
  }

  assert {
    condition     = toset(aws_ec2_transit_gateway_vpc_attachment.this.subnet_ids) == toset(["subnet-3a", "subnet-3c"])
    error_message = "A zone is not attached."
  }

  assert {
    condition = (
      aws_ec2_transit_gateway_route_table_association.this.transit_gateway_route_table_id == "tgw-rtb-0applications" &&
      [for p in aws_ec2_transit_gateway_route_table_propagation.this : p.transit_gateway_route_table_id] == ["tgw-rtb-0shared"]
    )
    error_message = "It joins other tables."
  }
}

run "routes_and_blackholes" {
  command = plan

  variables {
    routes     = { internet = { route_table_id = "tgw-rtb-0applications", cidr = "0.0.0.0/0" } }
    blackholes = { neighbours = { route_table_id = "tgw-rtb-0applications", cidr = "10.0.0.0/8" } }
  }

  assert {
    condition     = aws_ec2_transit_gateway_route.this["internet"].destination_cidr_block == "0.0.0.0/0" && aws_ec2_transit_gateway_route.blackhole["neighbours"].blackhole
    error_message = "The routes are others."
  }
}

run "refuses_a_zone_left_out" {
  command = plan

  variables {
    zones = ["apne1-az1", "apne1-az2", "apne1-az4"]
  }

  expect_failures = [var.subnets]
}

run "refuses_two_subnets_in_a_zone" {
  command = plan

  variables {
    zones   = ["apne1-az4"]
    subnets = { one = { id = "subnet-3a", zone = "apne1-az4" }, other = { id = "subnet-3b", zone = "apne1-az4" } }
  }

  expect_failures = [var.subnets]
}

run "refuses_a_route_off_its_boundary" {
  command = plan

  variables {
    routes = { r = { route_table_id = "tgw-rtb-0applications", cidr = "10.1.2.3/8" } }
  }

  expect_failures = [var.routes]
}

run "refuses_a_blackhole_off_its_boundary" {
  command = plan

  variables {
    blackholes = { r = { route_table_id = "tgw-rtb-0applications", cidr = "10.2.2.3/16" } }
  }

  expect_failures = [var.blackholes]
}

run "refuses_to_cut_its_own_vpc_off" {
  command = plan

  variables {
    blackholes = { r = { route_table_id = "tgw-rtb-0shared", cidr = "10.1.128.0/17" } }
  }

  expect_failures = [var.blackholes]
}

run "refuses_a_range_both_ways" {
  command = plan

  variables {
    routes     = { r = { route_table_id = "tgw-rtb-0applications", cidr = "10.0.0.0/8" } }
    blackholes = { r = { route_table_id = "tgw-rtb-0applications", cidr = "10.0.0.0/8" } }
  }

  expect_failures = [var.blackholes]
}
