mock_provider "aws" {
  source          = "../mocks"
  override_during = plan

  mock_resource "aws_dx_gateway" {
    defaults = {
      id               = "345508c3-7215-4aef-9832-07c125d5bd0f"
      owner_account_id = "123456789012"
    }
  }

  mock_resource "aws_dx_hosted_transit_virtual_interface_accepter" {
    defaults = { arn = "arn:aws:directconnect:ap-northeast-1:123456789012:dxvif/dxvif-transit0" }
  }

  mock_resource "aws_dx_hosted_private_virtual_interface_accepter" {
    defaults = { arn = "arn:aws:directconnect:ap-northeast-1:123456789012:dxvif/dxvif-private0" }
  }
}

variables {
  name            = "example"
  amazon_side_asn = 64512
  tags            = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "accepts_what_another_account_made" {
  command = plan

  variables {
    hosted_interfaces = { partner = "dxvif-fgh0hcrk" }
  }

  assert {
    condition     = aws_dx_hosted_transit_virtual_interface_accepter.this["partner"].virtual_interface_id == "dxvif-fgh0hcrk" && aws_dx_hosted_transit_virtual_interface_accepter.this["partner"].dx_gateway_id == "345508c3-7215-4aef-9832-07c125d5bd0f"
    error_message = "The interface does not end at the gateway."
  }

  assert {
    condition     = length(aws_dx_hosted_private_virtual_interface_accepter.this) + length(aws_dx_connection.this) == 0 && output.hosted_interface_arns == { partner = "arn:aws:directconnect:ap-northeast-1:123456789012:dxvif/dxvif-transit0" }
    error_message = "Something is made that nobody asked for."
  }

  assert {
    condition     = aws_dx_gateway.this.amazon_side_asn == "64512" && output.gateway == { id = "345508c3-7215-4aef-9832-07c125d5bd0f", owner_account_id = "123456789012", kind = "transit" }
    error_message = "The gateway is another."
  }
}

run "one_kind_a_gateway" {
  command = plan

  variables {
    kind              = "private"
    hosted_interfaces = { partner = "dxvif-fgh0hcrk" }
  }

  assert {
    condition     = keys(aws_dx_hosted_private_virtual_interface_accepter.this) == ["partner"] && length(aws_dx_hosted_transit_virtual_interface_accepter.this) == 0
    error_message = "An interface is accepted as another kind."
  }
}

run "orders_and_never_cancels" {
  command = plan

  variables {
    connections = {
      tokyo = { location = "EqTy2", gbps = 10, macsec = true }
      osaka = { location = "EqOS1", gbps = 1, provider = "Example Networks" }
    }
  }

  assert {
    condition = { for name, c in aws_dx_connection.this : name => [c.location, c.bandwidth, c.request_macsec, c.skip_destroy] } == {
      osaka = ["EqOS1", "1Gbps", false, true]
      tokyo = ["EqTy2", "10Gbps", true, true]
    }
    error_message = "Another line is ordered, or one would be cancelled with its entry."
  }

  assert {
    condition     = aws_dx_connection.this["osaka"].provider_name == "Example Networks"
    error_message = "The provider at the location is not named."
  }
}

run "refuses_a_name_with_a_space" {
  command = plan

  variables {
    name = "my lines"
  }

  expect_failures = [var.name]
}

run "refuses_a_kind_that_is_none" {
  command = plan

  variables {
    kind = "public"
  }

  expect_failures = [var.kind]
}

run "refuses_a_public_asn" {
  command = plan

  variables {
    amazon_side_asn = 7224
  }

  expect_failures = [var.amazon_side_asn]
}

run "refuses_a_location_by_address" {
  command = plan

  variables {
    connections = { tokyo = { location = "Equinix TY2, Tokyo", gbps = 1 } }
  }

  expect_failures = [var.connections]
}

run "refuses_a_bandwidth_of_partners" {
  command = plan

  variables {
    connections = { tokyo = { location = "EqTy2", gbps = 0.5 } }
  }

  expect_failures = [var.connections]
}

run "refuses_macsec_on_a_small_port" {
  command = plan

  variables {
    connections = { tokyo = { location = "EqTy2", gbps = 1, macsec = true } }
  }

  expect_failures = [var.connections]
}

run "refuses_two_lines_in_one_place" {
  command = plan

  variables {
    connections = { a = { location = "EqTy2", gbps = 1 }, b = { location = "EqTy2", gbps = 1 } }
  }

  expect_failures = [var.connections]
}

run "refuses_an_interface_by_name" {
  command = plan

  variables {
    hosted_interfaces = { partner = "partner" }
  }

  expect_failures = [var.hosted_interfaces]
}

run "refuses_an_interface_twice" {
  command = plan

  variables {
    hosted_interfaces = { a = "dxvif-fgh0hcrk", b = "dxvif-fgh0hcrk" }
  }

  expect_failures = [var.hosted_interfaces]
}
