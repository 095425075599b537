mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name   = "shop-a"
  vpc_id = "vpc-0123456789abcdef0"
  tags   = { Owner = "shop", DataClass = "internal", Environment = "test" }
}

run "servers_are_reached_through_the_balancer_alone" {
  command = plan

  assert {
    condition     = keys(module.servers.ingress) == ["balancer"] && module.servers.ingress["balancer"].referenced_security_group_id == module.balancer.id
    error_message = "The servers admit others."
  }

  assert {
    condition     = keys(module.balancer.ingress) == ["https 0.0.0.0/0"] && module.balancer.ingress["https 0.0.0.0/0"].from_port == 443
    error_message = "The load balancer admits others than HTTPS."
  }

  assert {
    condition     = keys(module.balancer.egress) == ["servers"]
    error_message = "The load balancer reaches more than servers."
  }

  assert {
    condition     = output.database_id == null && output.files_id == null
    error_message = "There are groups that nobody asked for."
  }
}

run "data_is_reached_by_servers_alone" {
  command = plan

  variables {
    database_port = 5432
    files         = true
    egress        = { reports = { description = "Reports database", ports = "5432", cidr = "10.0.48.0/20" } }
  }

  assert {
    condition     = keys(module.database[0].ingress) == ["servers"] && module.database[0].ingress["servers"].from_port == 5432
    error_message = "The database admits others."
  }

  assert {
    condition     = keys(module.files[0].ingress) == ["servers"] && module.files[0].ingress["servers"].from_port == 2049
    error_message = "The file system admits others."
  }

  assert {
    condition     = length(module.database[0].egress) + length(module.files[0].egress) == 0
    error_message = "Data can leave."
  }

  assert {
    condition     = keys(module.servers.egress) == ["database", "files", "https", "reports"]
    error_message = "The servers reach others."
  }
}

run "nobody_gets_past_the_accelerator" {
  command = plan

  variables {
    accelerator = { group_id = "sg-0123456789abcdef0" }
  }

  assert {
    condition = { for name, rule in module.balancer.ingress : name => [rule.from_port, rule.referenced_security_group_id] } == {
      "https accelerator" = [443, "sg-0123456789abcdef0"]
    }
    error_message = "Clients reach the load balancer without the accelerator, or the accelerator does not."
  }
}

run "refuses_a_privileged_port" {
  command = plan

  variables {
    port = 80
  }

  expect_failures = [var.port]
}

run "refuses_no_clients" {
  command = plan

  variables {
    clients = []
  }

  expect_failures = [var.clients]
}

run "refuses_a_taken_name" {
  command = plan

  variables {
    egress = { https = { description = "Elsewhere", ports = "443", cidr = "10.0.0.0/8" } }
  }

  expect_failures = [var.egress]
}
