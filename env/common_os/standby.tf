# The standby's way out. bootstrap keeps its network closed, because a NAT gateway
# costs more than all the rest of the standby. This workspace opens it, since its
# state is in Osaka and bootstrap's is lost with Tokyo.

locals {
  door = toset(var.standby_egress ? ["this"] : [])
}

data "aws_eip" "standby" {
  for_each = local.door

  tags = { Name = "${local.standby}-nat-public-a" }
}

data "aws_subnet" "standby" {
  for_each = local.door

  tags = { Name = "${local.standby}-public-a" }
}

data "aws_route_tables" "standby" {
  for_each = local.door

  filter {
    name   = "tag:Name"
    values = ["${local.standby}-private-*"]
  }
}

resource "aws_nat_gateway" "standby" {
  for_each = local.door

  subnet_id     = data.aws_subnet.standby[each.key].id
  allocation_id = data.aws_eip.standby[each.key].id

  tags = merge(var.tags, { Name = "standby" })
}

resource "aws_route" "standby" {
  for_each = toset(flatten([for tables in data.aws_route_tables.standby : tables.ids]))

  route_table_id         = each.key
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.standby["this"].id
}
