locals {
  # One map of all, by "table name", so that nothing depends on an order.
  subnets = merge([for table, t in var.tables : { for name, id in t.subnet_ids : "${table} ${name}" => {
    table = table, id = id
  } }]...)
  routes = merge([for table, t in var.tables : { for name, route in t.routes : "${table} ${name}" => merge(route, {
    table = table
  }) }]...)
  endpoints = merge([for table, t in var.tables : { for name, id in t.gateway_endpoint_ids : "${table} ${name}" => {
    table = table, id = id
  } }]...)
}

resource "aws_route_table" "this" {
  for_each = var.tables

  vpc_id = var.vpc_id

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_route" "this" {
  for_each = local.routes

  route_table_id            = aws_route_table.this[each.value.table].id
  destination_cidr_block    = each.value.cidr
  gateway_id                = try(coalesce(each.value.internet_gateway_id, each.value.vpn_gateway_id), null)
  nat_gateway_id            = each.value.nat_gateway_id
  transit_gateway_id        = each.value.transit_gateway_id
  network_interface_id      = each.value.network_interface_id
  vpc_endpoint_id           = each.value.vpc_endpoint_id
  vpc_peering_connection_id = each.value.vpc_peering_connection_id
}

resource "aws_vpc_endpoint_route_table_association" "this" {
  for_each = local.endpoints

  route_table_id  = aws_route_table.this[each.value.table].id
  vpc_endpoint_id = each.value.id
}

resource "aws_route_table_association" "this" {
  for_each = local.subnets

  route_table_id = aws_route_table.this[each.value.table].id
  subnet_id      = each.value.id

  # A subnet that is associated before the routes exist would be cut off.
  depends_on = [aws_route.this, aws_vpc_endpoint_route_table_association.this]
}
