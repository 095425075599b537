locals {
  there    = var.mode != "absent"
  retiring = var.mode == "retiring"

  # A zone's number alone determines its subnets in the range, so zones can be
  # added and removed without moving others.
  subnets = merge([for zone, z in var.zones : {
    "balancer-${zone}" = { zone = z.id, cidr = cidrsubnet(var.cidr, 8, z.number), public = true }
    "transit-${zone}"  = { zone = z.id, cidr = cidrsubnet(var.cidr, 12, 64 + z.number), public = false }
    "data-${zone}"     = { zone = z.id, cidr = cidrsubnet(var.cidr, 8, 8 + z.number), public = false }
    "servers-${zone}"  = { zone = z.id, cidr = cidrsubnet(var.cidr, 4, 1 + z.number), public = false }
  }]...)

  # The resulting subnets, by tier and zone.
  tiers = { for tier in ["balancer", "transit", "data", "servers"] : tier => {
    for zone in keys(var.zones) : zone => module.vpc[0].subnets["${tier}-${zone}"]
  } if local.there }
  ids = { for tier, subnets in local.tiers : tier => { for zone, subnet in subnets : zone => subnet.id } }
}

# A live side has a protected load balancer. AWS would refuse to delete it in
# the middle of the apply, with half of the side deleted. So this is checked
# first.
data "aws_lbs" "left" {
  count = local.there ? 0 : 1

  tags = { Name = var.name }
}

data "aws_lb" "left" {
  for_each = toset(flatten(data.aws_lbs.left[*].arns))

  arn = each.value
}

# Global Accelerator makes a security group in the VPC when the first endpoint
# joins, and never deletes it. The VPC could not be deleted then. So the side
# adopts the group before it goes, or when it admits nothing else. What is read
# here is named by values alone, so that it is known in every plan.
locals {
  adopts = local.there && (local.retiring || var.admit == "accelerator")
}

data "aws_vpcs" "this" {
  count = local.adopts ? 1 : 0

  tags = { Name = var.name }
}

data "aws_security_groups" "accelerator" {
  for_each = toset(flatten(data.aws_vpcs.this[*].ids))

  filter {
    name   = "group-name"
    values = ["GlobalAccelerator"]
  }

  filter {
    name   = "vpc-id"
    values = [each.key]
  }
}

locals {
  accelerator_groups = { for id in flatten([for found in data.aws_security_groups.accelerator : found.ids]) : "GlobalAccelerator" => id }
}

# The workspace imports it (output accelerator_groups).
resource "aws_security_group" "accelerator" {
  # checkov:skip=CKV_AWS_23:Global Accelerator describes its rules.
  # checkov:skip=CKV2_AWS_5:Global Accelerator attaches it.
  for_each = local.accelerator_groups

  name   = each.key
  vpc_id = module.vpc[0].id
  tags   = var.tags

  lifecycle {
    # Everything but its deletion is Global Accelerator's.
    ignore_changes = all
  }
}

resource "terraform_data" "mode" {
  input = { mode = var.mode, generation = var.generation }

  lifecycle {
    precondition {
      condition     = !local.there || var.admit == "clients" || length(local.accelerator_groups) == 1
      error_message = "${var.name} has not been an endpoint yet: set admit to accelerator once switchover has added it."
    }

    precondition {
      condition     = !anytrue([for lb in data.aws_lb.left : lb.enable_deletion_protection])
      error_message = "${var.name} is live. Set mode to retiring and apply that first, once switchover sends it nothing; then absent."
    }
  }
}

module "vpc" {
  source = "../vpc"
  count  = local.there ? 1 : 0

  name                = var.name
  cidr                = var.cidr
  subnets             = local.subnets
  flow_log_bucket_arn = var.logs.flow_bucket_arn
  tags                = var.tags
}

module "attachment" {
  source = "../transit_gw_attachement"
  count  = local.there ? 1 : 0

  name               = var.name
  transit_gateway_id = var.transit.gateway_id
  vpc_id             = module.vpc[0].id
  vpc_cidr           = var.cidr
  zones              = [for z in var.zones : z.id]
  subnets            = { for zone, z in var.zones : zone => { id = local.ids.transit[zone], zone = z.id } }
  route_table_id     = var.transit.route_table_id
  propagate_to       = var.transit.propagate_to
  tags               = var.tags
}

module "routes" {
  source = "../vpc_routetable_ap"
  count  = local.there ? 1 : 0

  name                 = var.name
  vpc_id               = module.vpc[0].id
  balancer_subnet_ids  = { for zone, id in local.ids.balancer : "balancer-${zone}" => id }
  server_subnet_ids    = { for zone, id in local.ids.servers : "servers-${zone}" => id }
  data_subnet_ids      = { for zone, id in local.ids.data : "data-${zone}" => id }
  internet_gateway_id  = module.vpc[0].internet_gateway_id
  transit_gateway_id   = module.attachment[0].transit_gateway_id
  inside               = var.transit.inside
  gateway_endpoint_ids = module.vpc[0].gateway_endpoint_ids
  tags                 = var.tags
}

module "acl" {
  source = "../vpc_ap_acl"
  count  = local.there ? 1 : 0

  name       = var.name
  vpc_id     = module.vpc[0].id
  subnets    = { for tier in ["balancer", "servers", "data"] : tier => local.tiers[tier] }
  port       = var.servers.port
  clients    = var.clients
  data_ports = compact([var.database == null ? null : local.database_port, var.files == null ? null : 2049])
  outbound   = { for name, r in var.reaches : name => { number = r.number, ports = r.ports, cidr = r.cidr } }
  tags       = var.tags
}

module "security_groups" {
  source = "../security_group_ap"
  count  = local.there ? 1 : 0

  name          = var.name
  vpc_id        = module.vpc[0].id
  port          = var.servers.port
  clients       = var.clients
  accelerator   = one([for name in keys(local.accelerator_groups) : { group_id = aws_security_group.accelerator[name].id } if var.admit == "accelerator"])
  database_port = local.database_port
  files         = var.files != null
  egress        = { for name, r in var.reaches : name => { description = r.description, ports = r.ports, cidr = r.cidr } }
  tags          = var.tags
}

module "balancer" {
  source = "../elb"
  count  = local.there ? 1 : 0

  name               = var.name
  vpc_id             = module.vpc[0].id
  subnets            = { for zone, z in var.zones : zone => { id = local.ids.balancer[zone], zone = z.id } }
  security_group_ids = [module.security_groups[0].balancer_id]
  certificate_arn    = var.certificate_arn
  log_bucket         = var.logs.balancer_bucket
  target_groups = {
    servers = { name_prefix = "srv-", port = var.servers.port, health = { path = var.servers.health_path } }
  }
  default_target_group = "servers"
  deletion_protection  = !local.retiring
  tags                 = var.tags

  # Without routes, clients would connect and get no response.
  depends_on = [module.routes, module.acl]
}

# Not every Region, nor every zone of it, has every type of instance. Auto
# Scaling would find that out only after the apply, or in a disaster.
# Its postcondition is all that it is for.
# tflint-ignore: terraform_unused_declarations
data "aws_ec2_instance_type_offerings" "servers" {
  count = var.mode == "live" ? 1 : 0

  location_type = "availability-zone-id"

  filter {
    name   = "instance-type"
    values = [var.servers.instance_type]
  }

  lifecycle {
    postcondition {
      condition     = alltrue([for z in var.zones : contains(self.locations, z.id)])
      error_message = "AWS offers ${var.servers.instance_type} not in all zones of ${var.name} (${join(", ", [for z in var.zones : z.id])}), but in: ${join(", ", self.locations)}. Choose another servers.instance_type, or other zones."
    }
  }
}

module "template" {
  source = "../launch_template"
  count  = local.there ? 1 : 0

  name                 = var.name
  image_id             = var.servers.image_id
  instance_type        = var.servers.instance_type
  instance_profile_arn = var.servers.instance_profile_arn
  security_group_ids   = [module.security_groups[0].servers_id]
  kms_key_arn          = var.kms_key_arn
  user_data            = var.servers.user_data
  tags                 = var.tags
}

module "servers" {
  source = "../auto_scaling"
  count  = local.there ? 1 : 0

  name              = var.name
  subnet_ids        = local.ids.servers
  size              = { min = var.servers.min, max = var.servers.max }
  launch_template   = { id = module.template[0].id, version = module.template[0].version }
  target_group_arns = { servers = module.balancer[0].target_groups["servers"].arn }
  tags              = var.tags

  # A server's start script needs the routes.
  depends_on = [module.routes, module.acl]
}

locals {
  database_port = var.database == null ? null : { postgres = 5432, mysql = 3306 }[var.database.engine]
}

module "database" {
  source = "../rds"
  count  = local.there && var.database != null ? 1 : 0

  name                = var.name
  engine              = var.database.engine
  engine_version      = var.database.engine_version
  instance_class      = var.database.instance_class
  snapshot_identifier = var.database.snapshot_identifier
  replica_of          = var.database.replica_of
  generation          = var.generation
  subnet_ids          = local.ids.data
  security_group_ids  = [module.security_groups[0].database_id]
  kms_key_arn         = var.kms_key_arn
  log_groups          = var.database.log_groups
  deletion_protection = !local.retiring
  tags                = merge(var.tags, var.backup_tag)
}

module "files" {
  source = "../efs"
  count  = local.there && var.files != null ? 1 : 0

  name               = var.name
  kms_key_arn        = var.kms_key_arn
  subnets            = { for zone, z in var.zones : zone => { id = local.ids.data[zone], zone = z.id } }
  security_group_ids = [module.security_groups[0].files_id]
  access_points      = { files = { path = "/files", uid = var.files.uid, gid = var.files.gid } }
  default_backup     = false # the plan selects it by tag
  tags               = merge(var.tags, var.backup_tag)
}

module "watch" {
  source = "../cloudwatch"
  count  = local.there ? 1 : 0

  topic_arns = var.topic_arns
  alarms = {
    "${var.name}-errors" = {
      description = "Servers answer with errors. Was something deployed? If not soon mended, lower the weight in switchover."
      namespace   = "AWS/ApplicationELB"
      metric      = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = module.balancer[0].arn_suffix }
      threshold   = 10
    }
    "${var.name}-unhealthy" = {
      description = "Servers fail their health check: see the group's activity and the servers' logs."
      namespace   = "AWS/ApplicationELB"
      metric      = "UnHealthyHostCount"
      dimensions  = { LoadBalancer = module.balancer[0].arn_suffix, TargetGroup = module.balancer[0].target_groups["servers"].arn_suffix }
      statistic   = "Maximum"
      threshold   = 0
    }
    "${var.name}-none-healthy" = {
      description = "No server is healthy: the accelerator sends everybody elsewhere, or to errors. Act on switchover."
      namespace   = "AWS/ApplicationELB"
      metric      = "HealthyHostCount"
      dimensions  = { LoadBalancer = module.balancer[0].arn_suffix, TargetGroup = module.balancer[0].target_groups["servers"].arn_suffix }
      statistic   = "Maximum"
      when        = "<"
      threshold   = 1
      missing     = "breaching"
    }
  }
  dashboard = var.name
  tags      = var.tags
}
