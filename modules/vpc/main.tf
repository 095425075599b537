data "aws_region" "this" {}

data "aws_availability_zones" "this" {
  # checkov:skip=CKV_AWS_394:It only checks that the zones that are named by id exist.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required", "opted-in"]
  }
}

locals {
  tags = merge(var.tags, { Name = var.name })

  internet = anytrue([for subnet in var.subnets : subnet.public])
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = local.tags
}

# Adopted and emptied: a resource without its own group reaches nothing.
resource "aws_default_security_group" "this" {
  vpc_id  = aws_vpc.this.id
  ingress = []
  egress  = []

  tags = merge(local.tags, { Name = "${var.name}-default-unused" })
}

resource "aws_subnet" "this" {
  for_each = var.subnets

  vpc_id                  = aws_vpc.this.id
  cidr_block              = each.value.cidr
  availability_zone_id    = each.value.zone
  map_public_ip_on_launch = false

  tags = merge(local.tags, { Name = "${var.name}-${each.key}" })

  lifecycle {
    precondition {
      condition     = contains(data.aws_availability_zones.this.zone_ids, each.value.zone)
      error_message = "Subnet ${each.key}: ${each.value.zone} is no zone of ${data.aws_region.this.region}, which has ${join(", ", sort(data.aws_availability_zones.this.zone_ids))}."
    }
  }
}

resource "aws_internet_gateway" "this" {
  count = local.internet ? 1 : 0

  vpc_id = aws_vpc.this.id

  tags = local.tags
}

resource "aws_eip" "nat" {
  for_each = var.nat_subnets

  domain = "vpc"

  tags = merge(local.tags, { Name = "${var.name}-nat-${each.key}" })

  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  for_each = var.nat ? var.nat_subnets : []

  subnet_id     = aws_subnet.this[each.key].id
  allocation_id = aws_eip.nat[each.key].id

  tags = merge(local.tags, { Name = "${var.name}-${each.key}" })

  depends_on = [aws_internet_gateway.this]
}

# Gateway endpoints are free and used through routes: the module vpc_routetable
# associates them with its tables.
resource "aws_vpc_endpoint" "gateway" {
  for_each = var.gateway_endpoints

  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${data.aws_region.this.region}.${each.key}"
  vpc_endpoint_type = "Gateway"

  tags = merge(local.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_vpc_endpoint" "interface" {
  for_each = var.interface_endpoints.services

  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${data.aws_region.this.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for key in var.interface_endpoints.subnets : aws_subnet.this[key].id]
  security_group_ids  = [module.endpoints["https"].id]

  tags = merge(local.tags, { Name = "${var.name}-${each.key}" })
}

module "endpoints" {
  source   = "../security_group"
  for_each = toset(length(var.interface_endpoints.services) > 0 ? ["https"] : [])

  name        = "${var.name}-endpoints"
  description = "Interface endpoints of ${var.name}"
  vpc_id      = aws_vpc.this.id
  ingress = {
    https = { description = "HTTPS from the VPC", ports = "443", cidr = var.cidr }
  }
  tags = var.tags
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  log_destination_type     = "s3"
  log_destination          = var.flow_log_bucket_arn
  max_aggregation_interval = 60

  destination_options {
    file_format                = "parquet"
    hive_compatible_partitions = true
    per_hour_partition         = true
  }

  tags = local.tags
}
