# Another account owns the connection and has created interfaces on it for this
# account. They lead to the gateways of both shared VPCs, because a Direct
# Connect gateway is global. Hosts on premises reach the data, but no side.
locals {
  premises = { for name in var.premises == null ? [] : ["premises"] : name => var.premises }
}

module "vpg" {
  source   = "../../modules/vpg"
  for_each = local.premises

  name            = "tokyo"
  vpc_id          = module.shared.vpc.id
  asn             = each.value.vpg_asn
  route_table_ids = { data = module.shared.data_route_table_id }
  tags            = var.tags
}

module "direct_connect" {
  source   = "../../modules/direct_connect"
  for_each = local.premises

  name              = var.site.prefix
  kind              = "private"
  amazon_side_asn   = each.value.dx_asn
  hosted_interfaces = var.site.hosted_interfaces
  tags              = var.tags

  # It uses none of their outputs. Without this dependency it would be created
  # even when an upstream is missing.
  depends_on = [module.common.outputs, module.common_os.outputs]
}

module "direct_connect_attachment" {
  source   = "../../modules/direct_connect_attachment"
  for_each = local.premises

  gateway = {
    id   = module.direct_connect[each.key].gateway.id
    kind = "private"
  }
  associations = merge(
    { tokyo = { gateway_id = module.vpg[each.key].id, allowed_prefixes = [var.network.cidr] } },
    { for name in each.value.osaka ? ["osaka"] : [] : name => {
      gateway_id = local.common_os.vpg.id, allowed_prefixes = [local.common_os.vpg.cidr], region = var.site.regions.osaka
    } },
  )
  tags = var.tags
}
