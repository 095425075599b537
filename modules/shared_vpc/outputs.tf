output "vpc" {
  description = "Id and range of the VPC, the range that its data lies in, and the subnets for data by zone."
  value = {
    id        = module.vpc.id
    cidr      = module.vpc.cidr
    data_cidr = local.data_cidr
    data_subnets = { for zone, z in var.zones : zone => {
      id   = local.ids.data["data-${zone}"]
      zone = z.id
    } }
  }

  # Data in the subnets must be reachable.
  depends_on = [module.routes, module.data_acl]
}

output "transit" {
  description = "Id of the transit gateway, and of its route tables: sides, shared, outside."
  value = {
    gateway_id      = module.transit.id
    route_table_ids = module.transit.route_table_ids
  }

  # A side that attaches must have its outgoing routes.
  depends_on = [module.attachment, module.routes, module.egress_acl, module.transit_acl]
}

output "addresses" {
  description = "Fixed outgoing addresses by zone, for allow-lists of partners."
  value       = { for zone in local.nat_zones : zone => module.vpc.nat_addresses["egress-${zone}"] }
}

output "nat_gateway_ids" {
  description = "Ids of the NAT gateways by zone, to watch."
  value       = { for zone in local.nat_zones : zone => module.vpc.nat_gateway_ids["egress-${zone}"] }
}

output "data_route_table_id" {
  description = "Route table of the data subnets, for a gateway that brings others to them."
  value       = module.routes.ids["data"]
}
