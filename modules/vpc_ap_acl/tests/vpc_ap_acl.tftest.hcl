mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name   = "shop-a"
  vpc_id = "vpc-0123456789abcdef0"
  tags   = { Owner = "shop", DataClass = "internal", Environment = "test" }

  subnets = {
    balancer = { public-a = { id = "subnet-0a", cidr = "10.1.0.0/24" }, public-c = { id = "subnet-0c", cidr = "10.1.1.0/24" } }
    servers  = { private-a = { id = "subnet-1a", cidr = "10.1.16.0/20" }, private-c = { id = "subnet-1c", cidr = "10.1.32.0/20" } }
    data     = { data-a = { id = "subnet-2a", cidr = "10.1.48.0/24" }, data-c = { id = "subnet-2c", cidr = "10.1.49.0/24" } }
  }
}

run "each_tier_reaches_the_next" {
  command = plan

  assert {
    condition = { for name, rule in output.rules.balancer : name => rule.words } == {
      "in https 0.0.0.0/0"       = "allow tcp 0.0.0.0/0 443-443"
      "out back tcp 0.0.0.0/0"   = "allow tcp 0.0.0.0/0 1024-65535"
      "out servers private-a"    = "allow tcp 10.1.16.0/20 8080-8080"
      "out servers private-c"    = "allow tcp 10.1.32.0/20 8080-8080"
      "in back tcp 10.1.16.0/20" = "allow tcp 10.1.16.0/20 1024-65535"
      "in back tcp 10.1.32.0/20" = "allow tcp 10.1.32.0/20 1024-65535"
    }
    error_message = "The load balancer's rules are others."
  }

  assert {
    condition = keys(output.rules.servers) == [
      "in back tcp 0.0.0.0/0", "in back tcp 10.1.48.0/24", "in back tcp 10.1.49.0/24",
      "in balancer public-a", "in balancer public-c",
      "out back tcp 10.1.0.0/24", "out back tcp 10.1.1.0/24",
      "out data data-a 2049", "out data data-a 5432", "out data data-c 2049", "out data data-c 5432", "out https",
    ]
    error_message = "The servers' rules are others."
  }

  assert {
    condition = keys(output.rules.data) == [
      "in servers private-a 2049", "in servers private-a 5432", "in servers private-c 2049", "in servers private-c 5432",
      "out back tcp 10.1.16.0/20", "out back tcp 10.1.32.0/20",
    ]
    error_message = "Data is reached by others, or reaches something."
  }
}

run "no_data_no_acl" {
  command = plan

  variables {
    subnets = {
      balancer = { public-a = { id = "subnet-0a", cidr = "10.1.0.0/24" } }
      servers  = { private-a = { id = "subnet-1a", cidr = "10.1.16.0/20" } }
    }
    outbound = { reports = { number = 1000, ports = "5432", cidr = "10.0.48.0/20" } }
  }

  assert {
    condition     = output.ids.data == null && output.rules.servers["out reports"].words == "allow tcp 10.0.48.0/20 5432-5432"
    error_message = "There is an ACL for data, or the database elsewhere is not reached."
  }
}

run "refuses_no_servers" {
  command = plan

  variables {
    subnets = { balancer = {}, servers = {} }
  }

  expect_failures = [var.subnets]
}

run "refuses_no_clients" {
  command = plan

  variables {
    clients = []
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

run "refuses_a_number_of_its_own" {
  command = plan

  variables {
    outbound = { reports = { number = 100, ports = "5432", cidr = "10.0.48.0/20" } }
  }

  expect_failures = [var.outbound]
}
