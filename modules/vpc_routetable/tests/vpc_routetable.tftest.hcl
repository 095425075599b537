mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name   = "tokyo"
  vpc_id = "vpc-0123456789abcdef0"
  tags   = { Owner = "platform", DataClass = "internal", Environment = "test" }

  tables = {
    public = {
      subnet_ids = { public-a = "subnet-0a", public-c = "subnet-0c" }
      routes = {
        internet = { cidr = "0.0.0.0/0", internet_gateway_id = "igw-0123456789abcdef0" }
        inside   = { cidr = "10.0.0.0/8", transit_gateway_id = "tgw-0123456789abcdef0" }
      }
    }
    private-a = {
      subnet_ids           = { private-a = "subnet-1a" }
      routes               = { internet = { cidr = "0.0.0.0/0", nat_gateway_id = "nat-0123456789abcdef0" } }
      gateway_endpoint_ids = { s3 = "vpce-0123456789abcdef0" }
    }
  }
}

run "everything_in_resources_of_its_own" {
  command = plan

  assert {
    condition     = keys(aws_route.this) == ["private-a internet", "public inside", "public internet"]
    error_message = "The routes are others."
  }

  assert {
    condition = (
      aws_route.this["public internet"].gateway_id == "igw-0123456789abcdef0" &&
      aws_route.this["public inside"].transit_gateway_id == "tgw-0123456789abcdef0" &&
      aws_route.this["private-a internet"].nat_gateway_id == "nat-0123456789abcdef0"
    )
    error_message = "A route leads elsewhere."
  }

  assert {
    condition     = keys(aws_route_table_association.this) == ["private-a private-a", "public public-a", "public public-c"] && aws_route_table_association.this["public public-c"].subnet_id == "subnet-0c"
    error_message = "A subnet is not where it should be."
  }

  assert {
    condition     = keys(aws_vpc_endpoint_route_table_association.this) == ["private-a s3"]
    error_message = "An endpoint is missing, or where nobody asked for it."
  }

  assert {
    condition     = alltrue([for name, table in aws_route_table.this : table.tags == tomap(merge(var.tags, { Name = "tokyo-${name}" }))])
    error_message = "A tag is missing."
  }
}

run "refuses_a_route_off_its_boundary" {
  command = plan

  variables {
    tables = { t = { routes = { r = { cidr = "10.0.0.1/8", nat_gateway_id = "nat-0123456789abcdef0" } } } }
  }

  expect_failures = [var.tables]
}

run "refuses_a_range_twice" {
  command = plan

  variables {
    tables = { t = { routes = {
      one   = { cidr = "0.0.0.0/0", nat_gateway_id = "nat-0123456789abcdef0" }
      other = { cidr = "0.0.0.0/0", transit_gateway_id = "tgw-0123456789abcdef0" }
    } } }
  }

  expect_failures = [var.tables]
}

run "refuses_two_targets" {
  command = plan

  variables {
    tables = { t = { routes = { r = { cidr = "0.0.0.0/0", nat_gateway_id = "nat-0123456789abcdef0", transit_gateway_id = "tgw-0123456789abcdef0" } } } }
  }

  expect_failures = [var.tables]
}

run "refuses_a_subnet_twice" {
  command = plan

  variables {
    tables = {
      one   = { subnet_ids = { private-a = "subnet-1a" } }
      other = { subnet_ids = { private-a = "subnet-1a" } }
    }
  }

  expect_failures = [var.tables]
}
