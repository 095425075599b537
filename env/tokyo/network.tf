module "shared" {
  source = "../../modules/shared_vpc"

  name                = "tokyo"
  cidr                = var.network.cidr
  zones               = { for letter, z in var.network.zones : letter => merge(z, { id = var.site.zones.tokyo[letter] }) }
  asn                 = var.network.asn
  inside              = var.inside
  beyond              = var.beyond
  clients             = var.clients
  flow_log_bucket_arn = local.common.log_buckets.flow_arn
  tags                = var.tags

  # It uses few of their outputs. Without this dependency it would be created
  # partly when an upstream is missing.
  depends_on = [module.common.outputs, module.common_os.outputs]
}

# Only Osaka's sides reach the data here and get its responses.
module "osaka" {
  source = "../../modules/transit_peering"

  name               = "tokyo-osaka"
  transit_gateway_id = module.shared.transit.gateway_id
  route_table_id     = module.shared.transit.route_table_ids["outside"]
  routes = {
    osaka = { route_table_id = module.shared.transit.route_table_ids["shared"], cidr = var.osaka.cidr }
  }
  peer = {
    region             = var.site.regions.osaka
    transit_gateway_id = local.common_os.transit.gateway_id
    route_table_id     = local.common_os.transit.route_table_ids["outside"]
    routes = {
      tokyo = { route_table_id = local.common_os.transit.route_table_ids["sides"], cidr = var.network.cidr }
    }
  }
  tags = var.tags
}

module "watch" {
  source = "../../modules/cloudwatch"

  topic_arns = [local.common.topic_arn]
  alarms = { for zone, id in module.shared.nat_gateway_ids : "tokyo-egress-${zone}" => {
    description = "The NAT gateway has no port left: somebody opens too many connections to one address."
    namespace   = "AWS/NATGateway"
    metric      = "ErrorPortAllocation"
    dimensions  = { NatGatewayId = id }
    threshold   = 0
  } }
  tags = var.tags
}
