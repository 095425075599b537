mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name               = "tokyo-osaka"
  transit_gateway_id = "tgw-0tokyo"
  route_table_id     = "tgw-rtb-0tokyo"
  routes             = { osaka = { route_table_id = "tgw-rtb-0tokyo", cidr = "10.128.0.0/9" } }
  tags               = { Owner = "platform", DataClass = "internal", Environment = "test" }

  peer = {
    region             = "ap-northeast-3"
    transit_gateway_id = "tgw-0osaka"
    route_table_id     = "tgw-rtb-0osaka"
    routes             = { tokyo = { route_table_id = "tgw-rtb-0osaka", cidr = "10.0.0.0/9" } }
  }
}

run "both_sides_from_one_place" {
  command = plan

  assert {
    condition = (
      aws_ec2_transit_gateway_peering_attachment_accepter.peer.region == "ap-northeast-3" &&
      aws_ec2_transit_gateway_route_table_association.peer.region == "ap-northeast-3" &&
      aws_ec2_transit_gateway_route.peer["tokyo"].region == "ap-northeast-3"
    )
    error_message = "The other side is not made in its own Region."
  }

  assert {
    condition     = aws_ec2_transit_gateway_route.this["osaka"].destination_cidr_block == "10.128.0.0/9" && aws_ec2_transit_gateway_route.peer["tokyo"].destination_cidr_block == "10.0.0.0/9"
    error_message = "A way is missing."
  }

  assert {
    condition     = aws_ec2_transit_gateway_route.this["osaka"].transit_gateway_attachment_id == aws_ec2_transit_gateway_peering_attachment_accepter.peer.id
    error_message = "A route does not wait until the peering is accepted."
  }
}

run "refuses_a_peer_of_its_own_region" {
  command = plan

  variables {
    peer = { region = "ap-northeast-1", transit_gateway_id = "tgw-0other", route_table_id = "tgw-rtb-0other", routes = {} }
  }

  expect_failures = [aws_ec2_transit_gateway_peering_attachment.this]
}

run "refuses_a_route_off_its_boundary" {
  command = plan

  variables {
    routes = { osaka = { route_table_id = "tgw-rtb-0tokyo", cidr = "10.128.0.1/9" } }
  }

  expect_failures = [var.routes]
}

run "refuses_a_route_back_off_its_boundary" {
  command = plan

  variables {
    peer = {
      region             = "ap-northeast-3"
      transit_gateway_id = "tgw-0osaka"
      route_table_id     = "tgw-rtb-0osaka"
      routes             = { tokyo = { route_table_id = "tgw-rtb-0osaka", cidr = "10.0.0.1/9" } }
    }
  }

  expect_failures = [var.peer]
}

run "refuses_a_circle" {
  command = plan

  variables {
    peer = {
      region             = "ap-northeast-3"
      transit_gateway_id = "tgw-0osaka"
      route_table_id     = "tgw-rtb-0osaka"
      routes             = { tokyo = { route_table_id = "tgw-rtb-0osaka", cidr = "10.128.0.0/9" } }
    }
  }

  expect_failures = [var.peer]
}
