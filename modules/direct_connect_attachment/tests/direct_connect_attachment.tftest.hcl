mock_provider "aws" {
  source          = "../mocks"
  override_during = plan

  mock_resource "aws_dx_gateway_association" {
    defaults = { dx_gateway_association_id = "11111111-2222-3333-4444-555555555555" }
  }

  mock_resource "aws_dx_gateway_association_proposal" {
    defaults = { id = "66666666-7777-8888-9999-000000000000" }
  }
}

variables {
  gateway = { id = "345508c3-7215-4aef-9832-07c125d5bd0f" }
  tags    = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "leads_to_transit_gateways_of_both_regions" {
  command = plan

  variables {
    associations = {
      tokyo = { gateway_id = "tgw-0123456789abcdef0", allowed_prefixes = ["10.0.0.0/12"] }
      osaka = { gateway_id = "tgw-0123456789abcdef1", allowed_prefixes = ["10.16.0.0/12"], region = "ap-northeast-3" }
    }
  }

  assert {
    condition     = { for name, a in aws_dx_gateway_association.this : name => "${a.associated_gateway_id} ${one(a.allowed_prefixes)}" } == { osaka = "tgw-0123456789abcdef1 10.16.0.0/12", tokyo = "tgw-0123456789abcdef0 10.0.0.0/12" }
    error_message = "The gateway leads elsewhere, or tells of other ranges."
  }

  assert {
    condition     = aws_dx_gateway_association.this["osaka"].region == "ap-northeast-3" && length(aws_dx_gateway_association_proposal.this) == 0
    error_message = "The association is in another Region, or only proposed."
  }

  assert {
    condition     = keys(output.association_ids) == ["osaka", "tokyo"] && output.proposal_ids == {} && output.interfaces == {}
    error_message = "The outputs are others."
  }
}

run "proposes_to_another_account" {
  command = plan

  variables {
    gateway      = { id = "345508c3-7215-4aef-9832-07c125d5bd0f", owner_account_id = "210987654321", kind = "private" }
    associations = { vpc = { gateway_id = "vgw-0123456789abcdef0", allowed_prefixes = ["10.0.0.0/16"] } }
  }

  assert {
    condition     = aws_dx_gateway_association_proposal.this["vpc"].dx_gateway_owner_account_id == "210987654321" && length(aws_dx_gateway_association.this) == 0 && output.proposal_ids == { vpc = "66666666-7777-8888-9999-000000000000" }
    error_message = "What only another account can do is tried."
  }
}

run "accepts_what_another_account_proposed" {
  command = plan

  variables {
    accepted_proposals = { partner = { proposal_id = "66666666-7777-8888-9999-000000000000", account_id = "210987654321", allowed_prefixes = ["10.32.0.0/16"] } }
  }

  assert {
    condition     = aws_dx_gateway_association.accepted["partner"].associated_gateway_owner_account_id == "210987654321" && aws_dx_gateway_association.accepted["partner"].allowed_prefixes == toset(["10.32.0.0/16"])
    error_message = "Another proposal is accepted, or more of it."
  }

  assert {
    condition     = output.association_ids == { partner = "11111111-2222-3333-4444-555555555555" }
    error_message = "The outputs are others."
  }
}

run "an_interface_ends_at_the_gateway" {
  command = plan

  variables {
    interfaces = { tokyo-2 = { connection_id = "dxcon-fgh0hcrk", vlan = 100, bgp_asn = 65000, amazon_address = "169.254.0.1/30", customer_address = "169.254.0.2/30", mtu = 8500 } }
  }

  assert {
    condition = (
      aws_dx_transit_virtual_interface.this["tokyo-2"].dx_gateway_id == var.gateway.id &&
      aws_dx_transit_virtual_interface.this["tokyo-2"].vlan == 100 && aws_dx_transit_virtual_interface.this["tokyo-2"].mtu == 8500 &&
      length(aws_dx_private_virtual_interface.this) == 0
    )
    error_message = "The interface is another."
  }
}

run "an_interface_is_of_the_gateways_kind" {
  command = plan

  variables {
    gateway    = { id = "345508c3-7215-4aef-9832-07c125d5bd0f", kind = "private" }
    interfaces = { tokyo-2 = { connection_id = "dxlag-fgh0hcrk", vlan = 100, bgp_asn = 65000, amazon_address = "169.254.0.0/31", customer_address = "169.254.0.1/31", mtu = 9001 } }
  }

  assert {
    condition     = aws_dx_private_virtual_interface.this["tokyo-2"].dx_gateway_id == var.gateway.id && length(aws_dx_transit_virtual_interface.this) == 0
    error_message = "The interface is of another kind."
  }
}

run "refuses_a_gateway_by_name" {
  command = plan

  variables {
    gateway = { id = "example" }
  }

  expect_failures = [var.gateway]
}

run "refuses_a_kind_that_is_none" {
  command = plan

  variables {
    gateway = { id = "345508c3-7215-4aef-9832-07c125d5bd0f", kind = "public" }
  }

  expect_failures = [var.gateway]
}

run "refuses_an_account_by_name" {
  command = plan

  variables {
    gateway = { id = "345508c3-7215-4aef-9832-07c125d5bd0f", owner_account_id = "partner" }
  }

  expect_failures = [var.gateway]
}

run "refuses_both_kinds_at_one_gateway" {
  command = plan

  variables {
    associations = { a = { gateway_id = "tgw-0123456789abcdef0", allowed_prefixes = ["10.0.0.0/16"] }, b = { gateway_id = "vgw-0123456789abcdef0", allowed_prefixes = ["10.1.0.0/16"] } }
  }

  expect_failures = [var.associations]
}

run "refuses_to_tell_of_nothing" {
  command = plan

  variables {
    associations = { a = { gateway_id = "tgw-0123456789abcdef0", allowed_prefixes = [] } }
  }

  expect_failures = [var.associations]
}

run "refuses_too_many_ranges" {
  command = plan

  variables {
    associations = { a = { gateway_id = "tgw-0123456789abcdef0", allowed_prefixes = [for n in range(201) : "10.0.${n}.0/24"] } }
  }

  expect_failures = [var.associations]
}

run "refuses_a_gateway_twice" {
  command = plan

  variables {
    associations = { a = { gateway_id = "tgw-0123456789abcdef0", allowed_prefixes = ["10.0.0.0/16"] }, b = { gateway_id = "tgw-0123456789abcdef0", allowed_prefixes = ["10.1.0.0/16"] } }
  }

  expect_failures = [var.associations]
}

run "refuses_a_range_twice" {
  command = plan

  variables {
    associations = { a = { gateway_id = "tgw-0123456789abcdef0", allowed_prefixes = ["10.0.0.0/16"] }, b = { gateway_id = "tgw-0123456789abcdef1", allowed_prefixes = ["10.0.0.0/16"] } }
  }

  expect_failures = [var.associations]
}

run "refuses_a_proposal_by_name" {
  command = plan

  variables {
    accepted_proposals = { p = { proposal_id = "partner", account_id = "210987654321", allowed_prefixes = ["10.0.0.0/16"] } }
  }

  expect_failures = [var.accepted_proposals]
}

run "refuses_a_proposal_of_everything" {
  command = plan

  variables {
    accepted_proposals = { p = { proposal_id = "66666666-7777-8888-9999-000000000000", account_id = "210987654321", allowed_prefixes = [] } }
  }

  expect_failures = [var.accepted_proposals]
}

run "refuses_to_accept_for_another_account" {
  command = plan

  variables {
    gateway            = { id = "345508c3-7215-4aef-9832-07c125d5bd0f", owner_account_id = "210987654321" }
    accepted_proposals = { p = { proposal_id = "66666666-7777-8888-9999-000000000000", account_id = "210987654321", allowed_prefixes = ["10.0.0.0/16"] } }
  }

  expect_failures = [aws_dx_gateway_association.accepted]
}

run "refuses_a_connection_by_name" {
  command = plan

  variables {
    interfaces = { a = { connection_id = "tokyo", vlan = 100, bgp_asn = 65000, amazon_address = "169.254.0.1/30", customer_address = "169.254.0.2/30" } }
  }

  expect_failures = [var.interfaces]
}

run "refuses_a_vlan_of_5000" {
  command = plan

  variables {
    interfaces = { a = { connection_id = "dxcon-fgh0hcrk", vlan = 5000, bgp_asn = 65000, amazon_address = "169.254.0.1/30", customer_address = "169.254.0.2/30" } }
  }

  expect_failures = [var.interfaces]
}

run "refuses_an_asn_of_zero" {
  command = plan

  variables {
    interfaces = { a = { connection_id = "dxcon-fgh0hcrk", vlan = 100, bgp_asn = 0, amazon_address = "169.254.0.1/30", customer_address = "169.254.0.2/30" } }
  }

  expect_failures = [var.interfaces]
}

run "refuses_ends_that_do_not_meet" {
  command = plan

  variables {
    interfaces = { a = { connection_id = "dxcon-fgh0hcrk", vlan = 100, bgp_asn = 65000, amazon_address = "169.254.0.1/30", customer_address = "169.254.0.6/30" } }
  }

  expect_failures = [var.interfaces]
}

run "refuses_frames_of_another_kind" {
  command = plan

  variables {
    interfaces = { a = { connection_id = "dxcon-fgh0hcrk", vlan = 100, bgp_asn = 65000, amazon_address = "169.254.0.1/30", customer_address = "169.254.0.2/30", mtu = 9001 } }
  }

  expect_failures = [var.interfaces]
}

run "refuses_a_vlan_twice" {
  command = plan

  variables {
    interfaces = { b = { connection_id = "dxcon-fgh0hcrk", vlan = 100, bgp_asn = 65000, amazon_address = "169.254.0.1/30", customer_address = "169.254.0.2/30" }, a = { connection_id = "dxcon-fgh0hcrk", vlan = 100, bgp_asn = 65000, amazon_address = "169.254.0.1/30", customer_address = "169.254.0.2/30" } }
  }

  expect_failures = [var.interfaces]
}
