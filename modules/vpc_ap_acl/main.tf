locals {
  cidrs = { for tier, subnets in var.subnets : tier => { for name, subnet in subnets : name => subnet.cidr } }
  ids   = { for tier, subnets in var.subnets : tier => { for name, subnet in subnets : name => subnet.id } }

  # Subnets are numbered by name: one that sorts last leaves the others' rules alone.
  from = { for tier, subnets in local.cidrs : tier => { for i, name in sort(keys(subnets)) : name => 10 * i } }
}

# Clients reach only the load balancer.
module "balancer" {
  source = "../vpc_acl"

  name       = "${var.name}-balancer"
  vpc_id     = var.vpc_id
  subnet_ids = local.ids.balancer
  inbound = { for i, cidr in sort(var.clients) : "https ${cidr}" => {
    number = 100 + 10 * i, ports = "443", cidr = cidr
  } }
  outbound = { for name, cidr in local.cidrs.servers : "servers ${name}" => {
    number = 100 + local.from.servers[name], ports = tostring(var.port), cidr = cidr
  } }
  tags = var.tags
}

# Servers respond to the load balancer, and reach their data and the other
# configured targets.
module "servers" {
  source = "../vpc_acl"

  name       = "${var.name}-servers"
  vpc_id     = var.vpc_id
  subnet_ids = local.ids.servers
  inbound = { for name, cidr in local.cidrs.balancer : "balancer ${name}" => {
    number = 100 + local.from.balancer[name], ports = tostring(var.port), cidr = cidr
  } }
  outbound = merge(
    { https = { number = 100, ports = "443", cidr = "0.0.0.0/0" } },
    merge([for i, port in var.data_ports : { for name, cidr in local.cidrs.data : "data ${name} ${port}" => {
      number = 200 + 100 * i + local.from.data[name], ports = tostring(port), cidr = cidr
    } }]...),
    var.outbound,
  )
  tags = var.tags
}

# Servers reach the data, which opens no connections.
module "data" {
  source = "../vpc_acl"
  count  = length(var.subnets.data) > 0 ? 1 : 0

  name       = "${var.name}-data"
  vpc_id     = var.vpc_id
  subnet_ids = local.ids.data
  inbound = merge([for i, port in var.data_ports : { for name, cidr in local.cidrs.servers : "servers ${name} ${port}" => {
    number = 100 + 100 * i + local.from.servers[name], ports = tostring(port), cidr = cidr
  } }]...)
  tags = var.tags
}
