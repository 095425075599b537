locals {
  # Same layout as a side: a zone's number determines its subnets.
  subnets = merge([for zone, z in var.zones : {
    "egress-${zone}"  = { zone = z.id, cidr = cidrsubnet(var.cidr, 8, z.number), public = true }
    "transit-${zone}" = { zone = z.id, cidr = cidrsubnet(var.cidr, 12, 64 + z.number), public = false }
    "data-${zone}"    = { zone = z.id, cidr = cidrsubnet(var.cidr, 8, 8 + z.number), public = false }
  }]...)
  data_cidr = cidrsubnet(var.cidr, 6, 2) # contains the data subnets of all four numbers

  ids = { for tier in ["egress", "transit", "data"] : tier => {
    for zone in keys(var.zones) : "${tier}-${zone}" => module.vpc.subnets["${tier}-${zone}"].id
  } }

  # The NAT gateway that a zone uses: its own, or the first.
  nat_zones = sort([for zone, z in var.zones : zone if z.nat])
  nat       = { for zone, z in var.zones : zone => z.nat ? zone : local.nat_zones[0] }
}

module "vpc" {
  source = "../vpc"

  name                = var.name
  cidr                = var.cidr
  subnets             = local.subnets
  nat_subnets         = [for zone in local.nat_zones : "egress-${zone}"]
  flow_log_bucket_arn = var.flow_log_bucket_arn
  tags                = var.tags
}

module "transit" {
  source = "../transit_gw"

  name                = var.name
  asn                 = var.asn
  route_tables        = ["outside", "shared", "sides"]
  flow_log_bucket_arn = var.flow_log_bucket_arn
  tags                = var.tags
}

# An attachment in `sides` reaches the shared VPC and, through it, the internet,
# but no other side. An attachment in `outside` reaches only propagated routes:
# the routes of the shared VPC.
module "attachment" {
  source = "../transit_gw_attachement"

  name               = "${var.name}-shared"
  transit_gateway_id = module.transit.id
  vpc_id             = module.vpc.id
  vpc_cidr           = var.cidr
  zones              = [for z in var.zones : z.id]
  subnets            = { for zone, z in var.zones : zone => { id = local.ids.transit["transit-${zone}"], zone = z.id } }
  route_table_id     = module.transit.route_table_ids["shared"]
  propagate_to       = { for name in ["outside", "sides"] : name => module.transit.route_table_ids[name] }
  routes             = { egress = { route_table_id = module.transit.route_table_ids["sides"], cidr = "0.0.0.0/0" } }
  blackholes         = { for name, cidr in merge(var.inside, var.beyond) : name => { route_table_id = module.transit.route_table_ids["sides"], cidr = cidr } }
  tags               = var.tags
}

module "routes" {
  source = "../vpc_routetable"

  name   = var.name
  vpc_id = module.vpc.id
  tables = merge(
    {
      # Responses from the internet to a side.
      egress = {
        subnet_ids = local.ids.egress
        routes = merge(
          { internet = { cidr = "0.0.0.0/0", internet_gateway_id = module.vpc.internet_gateway_id } },
          { for name, cidr in var.inside : "inside ${name}" => { cidr = cidr, transit_gateway_id = module.attachment.transit_gateway_id } },
        )
      }
      # Data subnets respond, and open no connections outside of the
      # infrastructure.
      data = {
        subnet_ids = local.ids.data
        routes     = { for name, cidr in var.inside : "inside ${name}" => { cidr = cidr, transit_gateway_id = module.attachment.transit_gateway_id } }
      }
    },
    # Traffic from a side leaves in its own zone if possible.
    { for zone in keys(var.zones) : "transit-${zone}" => {
      subnet_ids = { "transit-${zone}" = local.ids.transit["transit-${zone}"] }
      routes     = { internet = { cidr = "0.0.0.0/0", nat_gateway_id = module.vpc.nat_gateway_ids["egress-${local.nat[zone]}"] } }
    } },
  )
  tags = var.tags
}

module "egress_acl" {
  source = "../vpc_acl"

  name       = "${var.name}-egress"
  vpc_id     = module.vpc.id
  subnet_ids = local.ids.egress
  inbound = { for i, name in sort(keys(var.inside)) : "https ${name}" => {
    number = 100 + 10 * i, ports = "443", cidr = var.inside[name]
  } }
  outbound = { https = { number = 100, ports = "443", cidr = "0.0.0.0/0" } }
  tags     = var.tags
}

module "transit_acl" {
  source = "../vpc_acl"

  name       = "${var.name}-transit"
  vpc_id     = module.vpc.id
  subnet_ids = local.ids.transit
  outbound = merge(
    { https = { number = 100, ports = "443", cidr = "0.0.0.0/0" } },
    { for i, port in var.data_ports : "data ${port}" => { number = 200 + 10 * i, ports = tostring(port), cidr = local.data_cidr } },
  )
  tags = var.tags
}

module "data_acl" {
  source = "../vpc_acl"

  name       = "${var.name}-data"
  vpc_id     = module.vpc.id
  subnet_ids = local.ids.data
  inbound = merge([for i, port in var.data_ports : { for j, name in sort(keys(var.clients)) : "${name} ${port}" => {
    number = 100 + 100 * i + 10 * j, ports = tostring(port), cidr = var.clients[name]
  } }]...)
  tags = var.tags
}
