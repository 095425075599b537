module "shared" {
  source = "../../modules/shared_vpc"

  name                = "osaka"
  cidr                = var.network.cidr
  zones               = var.network.zones
  asn                 = var.network.asn
  inside              = var.inside
  clients             = var.clients
  flow_log_bucket_arn = module.flow_logs.arn
  tags                = var.tags
}

module "watch" {
  source = "../../modules/cloudwatch"

  kms_key_arn = module.keys["logs"].arn
  log_groups  = { "/shop/servers" = { days = var.retention_days } }
  topic_arns  = [module.alarms.arn]
  alarms = { for zone, id in module.shared.nat_gateway_ids : "osaka-egress-${zone}" => {
    description = "The NAT gateway has no port left: somebody opens too many connections to one address."
    namespace   = "AWS/NATGateway"
    metric      = "ErrorPortAllocation"
    dimensions  = { NatGatewayId = id }
    threshold   = 0
  } }
  tags = var.tags
}
