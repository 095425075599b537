# Each refers to the other groups, never to ranges, so that a moved server stays
# allowed.

module "balancer" {
  source = "../security_group"

  name        = "${var.name}-balancer"
  description = "Load balancer of ${var.name}"
  vpc_id      = var.vpc_id
  ingress = merge(
    { for cidr in var.accelerator == null ? var.clients : [] : "https ${cidr}" => {
      description = "Clients, whose addresses the accelerator keeps", ports = "443", cidr = cidr
    } },
    { for accelerator in var.accelerator[*] : "https accelerator" => {
      description = "The accelerator, whose clients come in no other way", ports = "443", group_id = accelerator.group_id
    } },
  )
  egress = {
    servers = { description = "Servers", ports = tostring(var.port), group_id = module.servers.id }
  }
  tags = var.tags
}

module "servers" {
  source = "../security_group"

  name        = "${var.name}-servers"
  description = "Servers of ${var.name}"
  vpc_id      = var.vpc_id
  ingress = {
    balancer = { description = "Load balancer", ports = tostring(var.port), group_id = module.balancer.id }
  }
  egress = merge(
    { https = { description = "HTTPS, to AWS and beyond", ports = "443", cidr = "0.0.0.0/0" } },
    { for db in module.database[*] : "database" => { description = "Database", ports = tostring(var.database_port), group_id = db.id } },
    { for fs in module.files[*] : "files" => { description = "NFS", ports = "2049", group_id = fs.id } },
    var.egress,
  )
  tags = var.tags
}

module "database" {
  source = "../security_group"
  count  = var.database_port == null ? 0 : 1

  name        = "${var.name}-database"
  description = "Database of ${var.name}"
  vpc_id      = var.vpc_id
  ingress = {
    servers = { description = "Servers", ports = tostring(var.database_port), group_id = module.servers.id }
  }
  tags = var.tags
}

module "files" {
  source = "../security_group"
  count  = var.files ? 1 : 0

  name        = "${var.name}-files"
  description = "File system of ${var.name}"
  vpc_id      = var.vpc_id
  ingress = {
    servers = { description = "NFS from the servers", ports = "2049", group_id = module.servers.id }
  }
  tags = var.tags
}
