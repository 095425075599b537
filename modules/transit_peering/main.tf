data "aws_region" "this" {}

resource "aws_ec2_transit_gateway_peering_attachment" "this" {
  transit_gateway_id      = var.transit_gateway_id
  peer_transit_gateway_id = var.peer.transit_gateway_id
  peer_region             = var.peer.region

  tags = merge(var.tags, { Name = var.name })

  lifecycle {
    precondition {
      condition     = var.peer.region != data.aws_region.this.region
      error_message = "The peer is in ${var.peer.region} too: gateways of one Region cannot be told apart by their routes. Attach to one."
    }
  }
}

resource "aws_ec2_transit_gateway_peering_attachment_accepter" "peer" {
  region = var.peer.region

  transit_gateway_attachment_id = aws_ec2_transit_gateway_peering_attachment.this.id

  tags = merge(var.tags, { Name = var.name })
}

# A peering supports only static routes. Everything that uses it waits for the
# acceptance, because it takes the id from the accepter.
resource "aws_ec2_transit_gateway_route_table_association" "this" {
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_peering_attachment_accepter.peer.id
  transit_gateway_route_table_id = var.route_table_id
}

resource "aws_ec2_transit_gateway_route_table_association" "peer" {
  region = var.peer.region

  transit_gateway_attachment_id  = aws_ec2_transit_gateway_peering_attachment_accepter.peer.id
  transit_gateway_route_table_id = var.peer.route_table_id
}

resource "aws_ec2_transit_gateway_route" "this" {
  for_each = var.routes

  transit_gateway_route_table_id = each.value.route_table_id
  destination_cidr_block         = each.value.cidr
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_peering_attachment_accepter.peer.id
}

resource "aws_ec2_transit_gateway_route" "peer" {
  for_each = var.peer.routes
  region   = var.peer.region

  transit_gateway_route_table_id = each.value.route_table_id
  destination_cidr_block         = each.value.cidr
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_peering_attachment_accepter.peer.id
}
