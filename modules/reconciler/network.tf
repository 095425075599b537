# Network with fixed addresses for allow-lists, or with none.

locals {
  public    = var.network.egress == "public"
  nat_zones = local.public ? [] : sort([for name, zone in var.network.zones : name if zone.nat])
  addresses = [for name in local.nat_zones : module.vpc.nat_addresses["public-${name}"]]

  # Where tasks run.
  subnets    = { for name in keys(var.network.zones) : name => module.vpc.subnets["${local.public ? "public" : "private"}-${name}"].id }
  subnet_ids = [for name in sort(keys(local.subnets)) : local.subnets[name]]
}

module "vpc" {
  source = "../vpc"

  name = var.name
  cidr = var.network.cidr
  subnets = merge(
    { for name, zone in var.network.zones : "public-${name}" => { zone = zone.id, cidr = zone.public, public = true } },
    { for name, zone in var.network.zones : "private-${name}" => { zone = zone.id, cidr = zone.private } if !local.public },
  )
  nat_subnets         = [for name in local.nat_zones : "public-${name}"]
  nat                 = var.network.egress == "nat"
  gateway_endpoints   = ["dynamodb", "s3"]
  flow_log_bucket_arn = var.network.flow_log_bucket_arn
  tags                = var.tags
}

module "routes" {
  source = "../vpc_routetable"

  name   = var.name
  vpc_id = module.vpc.id
  tables = merge(
    {
      public = {
        subnet_ids = { for name in keys(var.network.zones) : "public-${name}" => module.vpc.subnets["public-${name}"].id }
        routes     = { internet = { cidr = "0.0.0.0/0", internet_gateway_id = module.vpc.internet_gateway_id } }

        gateway_endpoint_ids = local.public ? module.vpc.gateway_endpoint_ids : {}
      }
    },
    # A zone without a NAT gateway uses the first one.
    { for name, zone in var.network.zones : "private-${name}" => {
      subnet_ids = { "private-${name}" = module.vpc.subnets["private-${name}"].id }
      routes = { for route in var.network.egress == "nat" ? ["internet"] : [] : route => {
        cidr           = "0.0.0.0/0"
        nat_gateway_id = module.vpc.nat_gateway_ids["public-${zone.nat ? name : local.nat_zones[0]}"]
      } }
      gateway_endpoint_ids = module.vpc.gateway_endpoint_ids
    } if !local.public },
  )
  tags = var.tags
}

module "security_group" {
  source = "../security_group"

  name        = var.name
  description = "Passes of ${var.name}: out by HTTPS, in by nothing"
  vpc_id      = module.vpc.id
  egress = {
    https = { description = "Git, AWS and registries", ports = "443", cidr = "0.0.0.0/0" }
  }
  tags = var.tags
}

# Separate, so that planners can be restricted without affecting passes.
module "planner_security_group" {
  source   = "../security_group"
  for_each = toset(local.previews ? ["this"] : [])

  name        = "${var.name}-planner"
  description = "Plans of pull requests of ${var.name}: out by HTTPS, in by nothing"
  vpc_id      = module.vpc.id
  egress = {
    https = { description = "AWS and registries", ports = "443", cidr = "0.0.0.0/0" }
  }
  tags = var.tags
}
