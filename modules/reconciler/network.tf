# Network with a fixed address for allow-lists.

module "vpc" {
  source = "../vpc"

  name = var.name
  cidr = var.network.cidr
  subnets = merge(
    { for name, zone in var.network.zones : "public-${name}" => { zone = zone.id, cidr = zone.public, public = true } },
    { for name, zone in var.network.zones : "private-${name}" => { zone = zone.id, cidr = zone.private } },
  )
  nat_subnets         = [for name in keys(var.network.zones) : "public-${name}"]
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
      }
    },
    { for name in keys(var.network.zones) : "private-${name}" => {
      subnet_ids           = { "private-${name}" = module.vpc.subnets["private-${name}"].id }
      routes               = { internet = { cidr = "0.0.0.0/0", nat_gateway_id = module.vpc.nat_gateway_ids["public-${name}"] } }
      gateway_endpoint_ids = module.vpc.gateway_endpoint_ids
    } },
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
