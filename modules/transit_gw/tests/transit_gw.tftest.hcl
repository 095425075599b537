mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name                = "tokyo"
  asn                 = 64512
  route_tables        = ["shared", "applications"]
  flow_log_bucket_arn = "arn:aws:s3:::example-flow-logs"
  tags                = { Owner = "platform", DataClass = "internal", Environment = "test" }
}

run "only_tables_of_its_own" {
  command = plan

  assert {
    condition = (
      aws_ec2_transit_gateway.this.default_route_table_association == "disable" &&
      aws_ec2_transit_gateway.this.default_route_table_propagation == "disable" &&
      aws_ec2_transit_gateway.this.auto_accept_shared_attachments == "disable"
    )
    error_message = "Whatever is attached would reach everything."
  }

  assert {
    condition     = keys(output.route_table_ids) == ["applications", "shared"]
    error_message = "The route tables are others."
  }

  assert {
    condition     = aws_flow_log.this.log_destination == "arn:aws:s3:::example-flow-logs"
    error_message = "There is no flow log."
  }
}

run "refuses_a_public_number" {
  command = plan

  variables {
    asn = 16509
  }

  expect_failures = [var.asn]
}

run "refuses_no_tables" {
  command = plan

  variables {
    route_tables = []
  }

  expect_failures = [var.route_tables]
}

run "refuses_a_log_group_for_a_bucket" {
  command = plan

  variables {
    flow_log_bucket_arn = "arn:aws:logs:ap-northeast-1:123456789012:log-group:flow"
  }

  expect_failures = [var.flow_log_bucket_arn]
}
