mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name            = "tokyo"
  vpc_id          = "vpc-0123456789abcdef0"
  asn             = 64620
  route_table_ids = { private = "rtb-0123456789abcdef0" }
  tags            = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "attached_and_made_known" {
  command = plan

  assert {
    condition     = aws_vpn_gateway_attachment.this.vpc_id == var.vpc_id && tostring(aws_vpn_gateway.this.amazon_side_asn) == "64620"
    error_message = "The gateway is not the VPC's."
  }

  assert {
    condition     = aws_vpn_gateway_route_propagation.this["private"].route_table_id == "rtb-0123456789abcdef0"
    error_message = "A route table does not learn its routes."
  }
}

run "refuses_a_public_number" {
  command = plan

  variables {
    asn = 16509
  }

  expect_failures = [var.asn]
}
