resource "aws_ec2_transit_gateway_vpc_attachment" "this" {
  transit_gateway_id = var.transit_gateway_id
  vpc_id             = var.vpc_id
  subnet_ids         = [for subnet in var.subnets : subnet.id]

  # If not set, these would manage the default tables of the gateway.
  transit_gateway_default_route_table_association = false
  transit_gateway_default_route_table_propagation = false

  tags = merge(var.tags, { Name = var.name })
}

resource "aws_ec2_transit_gateway_route_table_association" "this" {
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.this.id
  transit_gateway_route_table_id = var.route_table_id
}

resource "aws_ec2_transit_gateway_route_table_propagation" "this" {
  for_each = var.propagate_to

  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.this.id
  transit_gateway_route_table_id = each.value
}

resource "aws_ec2_transit_gateway_route" "this" {
  for_each = var.routes

  transit_gateway_route_table_id = each.value.route_table_id
  destination_cidr_block         = each.value.cidr
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.this.id
}

resource "aws_ec2_transit_gateway_route" "blackhole" {
  for_each = var.blackholes

  transit_gateway_route_table_id = each.value.route_table_id
  destination_cidr_block         = each.value.cidr
  blackhole                      = true
}
