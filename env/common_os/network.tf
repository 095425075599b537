module "shared" {
  source = "../../modules/shared_vpc"

  name                = "osaka"
  cidr                = var.network.cidr
  zones               = { for letter, z in var.network.zones : letter => merge(z, { id = var.site.zones.osaka[letter] }) }
  asn                 = var.network.asn
  inside              = var.inside
  beyond              = var.beyond
  clients             = var.clients
  flow_log_bucket_arn = module.logs["flow"].arn
  tags                = var.tags
}

# Hosts on premises reach the data here, too, when Tokyo is lost. tokyo connects
# this gateway to the Direct Connect gateway, which is global.
module "vpg" {
  source   = "../../modules/vpg"
  for_each = { for name in var.premises == null ? [] : ["premises"] : name => var.premises }

  name            = "osaka"
  vpc_id          = module.shared.vpc.id
  asn             = each.value.vpg_asn
  route_table_ids = { data = module.shared.data_route_table_id }
  tags            = var.tags
}

# RDS would make these by itself, without our key and without an end. Each
# generation of a database has its own (modules/application_data).
locals {
  database_log_groups = flatten([for name, d in var.databases : [
    for number in range(1, d.generations + 1) : [
      for log in d.logs : "/aws/rds/instance/${name}${number == 1 ? "" : "-${number}"}/${log}"
    ]
  ]])
}

module "watch" {
  source = "../../modules/cloudwatch"

  kms_key_arn = module.key["logs"].arn
  # The second webhook's log groups exist even while it is disabled, so that its
  # logs stay.
  log_groups = merge(
    { for name in ["/reconcile/standby-api", "/reconcile/standby-webhook", "/shop/servers"] : name => {} },
    { for name in local.database_log_groups : name => {} },
  )
  topic_arns = [module.alarms.arn]
  alarms = { for zone, id in module.shared.nat_gateway_ids : "osaka-egress-${zone}" => {
    description = "The NAT gateway has no port left: somebody opens too many connections to one address."
    namespace   = "AWS/NATGateway"
    metric      = "ErrorPortAllocation"
    dimensions  = { NatGatewayId = id }
    threshold   = 0
  } }
  tags = var.tags
}
