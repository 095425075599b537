mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name                = "tokyo"
  cidr                = "10.0.0.0/16"
  zones               = { a = { id = "apne1-az4", number = 0 }, c = { id = "apne1-az1", number = 1 } }
  asn                 = 64512
  clients             = { a = "10.1.0.0/16", b = "10.2.0.0/16" }
  flow_log_bucket_arn = "arn:aws:s3:::example-flow-logs"
  tags                = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "network" {
  command = plan

  assert {
    condition = { for name, subnet in module.vpc.subnets : name => subnet.cidr } == {
      egress-a  = "10.0.0.0/24", egress-c = "10.0.1.0/24"
      transit-a = "10.0.4.0/28", transit-c = "10.0.4.16/28"
      data-a    = "10.0.8.0/24", data-c = "10.0.9.0/24"
    } && output.vpc.data_cidr == "10.0.8.0/22"
    error_message = "The subnets lie elsewhere."
  }

  assert {
    condition     = keys(output.transit.route_table_ids) == ["outside", "shared", "sides"]
    error_message = "A route table of the transit gateway is missing."
  }

  assert {
    condition     = output.transit.gateway_id != null && keys(output.addresses) == ["a", "c"] && keys(output.nat_gateway_ids) == ["a", "c"]
    error_message = "A zone has no way out of its own."
  }

  assert {
    condition     = output.data_route_table_id != null && keys(output.vpc.data_subnets) == ["a", "c"]
    error_message = "Who makes the data does not learn where."
  }
}

run "routes" {
  command = plan

  override_resource {
    target          = module.vpc.aws_nat_gateway.this["egress-a"]
    override_during = plan
    values          = { id = "nat-a" }
  }

  override_resource {
    target          = module.vpc.aws_nat_gateway.this["egress-c"]
    override_during = plan
    values          = { id = "nat-c" }
  }

  assert {
    condition     = module.routes.routes["egress internet"].target == "igw-0123456789abcdef0" && module.routes.routes["egress inside private"].cidr == "10.0.0.0/8"
    error_message = "Answers from the internet do not come back to the sides."
  }

  assert {
    condition     = module.routes.routes["transit-a internet"].target == "nat-a" && module.routes.routes["transit-c internet"].target == "nat-c"
    error_message = "A zone goes out through another's NAT gateway."
  }

  assert {
    condition     = !anytrue([for name, route in module.routes.routes : route.cidr == "0.0.0.0/0" if startswith(name, "data ")])
    error_message = "Data reaches the internet."
  }
}

run "rules" {
  command = plan

  assert {
    condition     = module.data_acl.rules["in a 5432"].words == "allow tcp 10.1.0.0/16 5432-5432" && module.data_acl.rules["in b 2049"].words == "allow tcp 10.2.0.0/16 2049-2049"
    error_message = "A side does not reach the data."
  }

  assert {
    condition     = module.data_acl.rules["out back tcp 10.1.0.0/16"].words == "allow tcp 10.1.0.0/16 1024-65535" && length([for name in keys(module.data_acl.rules) : name if startswith(name, "out ")]) == 2
    error_message = "Data does not answer, or starts something."
  }

  assert {
    condition     = module.transit_acl.rules["out data 5432"].words == "allow tcp 10.0.8.0/22 5432-5432" && module.transit_acl.rules["in back tcp 0.0.0.0/0"].words == "allow tcp 0.0.0.0/0 1024-65535"
    error_message = "What comes from a side does not pass."
  }

  assert {
    condition     = module.egress_acl.rules["in https private"].words == "allow tcp 10.0.0.0/8 443-443" && module.egress_acl.rules["out https"].words == "allow tcp 0.0.0.0/0 443-443"
    error_message = "Sides do not get out."
  }
}

run "one_nat_gateway_for_all_zones" {
  command = plan

  override_resource {
    target          = module.vpc.aws_nat_gateway.this["egress-a"]
    override_during = plan
    values          = { id = "nat-a" }
  }

  variables {
    zones = { a = { id = "apne1-az4", number = 0 }, c = { id = "apne1-az1", number = 1, nat = false } }
  }

  assert {
    condition     = keys(output.addresses) == ["a"] && module.routes.routes["transit-c internet"].target == "nat-a"
    error_message = "A zone without a NAT gateway has no way out."
  }
}

run "refuses_a_narrow_range" {
  command = plan

  variables {
    cidr = "10.0.0.0/20"
  }

  expect_failures = [var.cidr]
}

run "refuses_one_zone" {
  command = plan

  variables {
    zones = { a = { id = "apne1-az4", number = 0 } }
  }

  expect_failures = [var.zones]
}

run "refuses_a_number_twice" {
  command = plan

  variables {
    zones = { a = { id = "apne1-az4", number = 0 }, c = { id = "apne1-az1", number = 0 } }
  }

  expect_failures = [var.zones]
}

run "refuses_no_way_out" {
  command = plan

  variables {
    zones = { a = { id = "apne1-az4", number = 0, nat = false }, c = { id = "apne1-az1", number = 1, nat = false } }
  }

  expect_failures = [var.zones]
}

run "what_is_beyond_has_no_route_to_the_transit_gateway" {
  command = plan

  variables {
    beyond = { premises = "172.16.0.0/12" }
  }

  assert {
    condition     = !anytrue([for route in module.routes.routes : route.cidr == "172.16.0.0/12"])
    error_message = "A static route would hide the one that the other gateway brings."
  }
}

run "refuses_a_range_inside_and_beyond" {
  command = plan

  variables {
    beyond = { private = "10.0.0.0/8" }
  }

  expect_failures = [var.beyond]
}

run "refuses_a_client_off_its_boundary" {
  command = plan

  variables {
    clients = { a = "10.1.2.3/16" }
  }

  expect_failures = [var.clients]
}

run "refuses_data_for_everybody" {
  command = plan

  variables {
    clients = { all = "0.0.0.0/0" }
  }

  expect_failures = [var.clients]
}

run "refuses_a_port_twice" {
  command = plan

  variables {
    data_ports = [5432, 5432]
  }

  expect_failures = [var.data_ports]
}
