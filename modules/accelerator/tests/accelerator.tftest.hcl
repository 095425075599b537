mock_provider "aws" {
  source          = "../mocks"
  override_during = plan

  mock_resource "aws_globalaccelerator_accelerator" {
    defaults = {
      arn     = "arn:aws:globalaccelerator::123456789012:accelerator/1234abcd-abcd-1234-abcd-1234abcdefgh"
      ip_sets = [{ ip_addresses = ["192.0.2.250", "198.51.100.52"], ip_family = "IPv4" }]
    }
  }

  mock_resource "aws_globalaccelerator_listener" {
    defaults = { arn = "arn:aws:globalaccelerator::123456789012:accelerator/1234abcd-abcd-1234-abcd-1234abcdefgh/listener/0123vxyz" }
  }
}

variables {
  name      = "example"
  flow_logs = { bucket = "example-logs" }
  tags      = { Owner = "platform", DataClass = "public", Environment = "test" }
}

run "listens_and_logs" {
  command = plan

  assert {
    condition     = aws_globalaccelerator_accelerator.this.enabled && aws_globalaccelerator_accelerator.this.ip_address_type == "IPV4"
    error_message = "It takes no traffic."
  }

  assert {
    condition     = one(aws_globalaccelerator_accelerator.this.attributes).flow_logs_enabled && one(aws_globalaccelerator_accelerator.this.attributes).flow_logs_s3_bucket == "example-logs" && one(aws_globalaccelerator_accelerator.this.attributes).flow_logs_s3_prefix == "global-accelerator"
    error_message = "Flows are not logged."
  }

  assert {
    condition     = [for r in aws_globalaccelerator_listener.this.port_range : "${r.from_port}-${r.to_port}"] == ["443-443"] && aws_globalaccelerator_listener.this.protocol == "TCP" && aws_globalaccelerator_listener.this.client_affinity == "NONE"
    error_message = "It listens on something else than 443."
  }

  assert {
    condition     = output.addresses == ["192.0.2.250", "198.51.100.52"]
    error_message = "The addresses are others."
  }
}

run "ranges" {
  command = plan

  variables {
    ports           = ["443", "8000-8080"]
    protocol        = "UDP"
    client_affinity = "SOURCE_IP"
  }

  assert {
    condition     = sort([for r in aws_globalaccelerator_listener.this.port_range : "${r.from_port}-${r.to_port}"]) == tolist(["443-443", "8000-8080"])
    error_message = "The ranges are others."
  }

  assert {
    condition     = aws_globalaccelerator_listener.this.protocol == "UDP" && aws_globalaccelerator_listener.this.client_affinity == "SOURCE_IP"
    error_message = "The listener is another."
  }
}

run "refuses_a_name_with_a_space" {
  command = plan

  variables {
    name = "my accelerator"
  }

  expect_failures = [var.name]
}

run "refuses_http" {
  command = plan

  variables {
    protocol = "HTTP"
  }

  expect_failures = [var.protocol]
}

run "refuses_no_port" {
  command = plan

  variables {
    ports = []
  }

  expect_failures = [var.ports]
}

run "refuses_a_range_backwards" {
  command = plan

  variables {
    ports = ["8080-8000"]
  }

  expect_failures = [var.ports]
}

run "refuses_an_affinity_that_is_none" {
  command = plan

  variables {
    client_affinity = "COOKIE"
  }

  expect_failures = [var.client_affinity]
}

run "refuses_a_bucket_by_arn" {
  command = plan

  variables {
    flow_logs = { bucket = "arn:aws:s3:::example-logs" }
  }

  expect_failures = [var.flow_logs]
}
