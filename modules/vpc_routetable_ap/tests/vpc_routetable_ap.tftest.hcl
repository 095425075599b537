mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name                 = "shop-a"
  vpc_id               = "vpc-0123456789abcdef0"
  balancer_subnet_ids  = { public-a = "subnet-0a" }
  server_subnet_ids    = { private-a = "subnet-1a" }
  data_subnet_ids      = { data-a = "subnet-2a" }
  internet_gateway_id  = "igw-0123456789abcdef0"
  transit_gateway_id   = "tgw-0123456789abcdef0"
  gateway_endpoint_ids = { s3 = "vpce-0123456789abcdef0" }
  tags                 = { Owner = "shop", DataClass = "internal", Environment = "test" }
}

run "clients_directly_the_rest_through_the_shared_vpc" {
  command = plan

  assert {
    condition = { for name, route in output.routes : name => "${route.cidr} ${route.target}" } == {
      "balancer internet"       = "0.0.0.0/0 igw-0123456789abcdef0"
      "balancer inside private" = "10.0.0.0/8 tgw-0123456789abcdef0"
      "servers all"             = "0.0.0.0/0 tgw-0123456789abcdef0"
      "data inside private"     = "10.0.0.0/8 tgw-0123456789abcdef0"
    }
    error_message = "The routes are others."
  }

  assert {
    condition     = keys(output.ids) == ["balancer", "data", "servers"]
    error_message = "The tables are others."
  }
}

run "refuses_to_route_clients_inside" {
  command = plan

  variables {
    inside = { everything = "0.0.0.0/0" }
  }

  expect_failures = [var.inside]
}
