locals {
  foreign = var.gateway.owner_account_id != null
}

resource "aws_dx_gateway_association" "this" {
  for_each = { for name, a in var.associations : name => a if !local.foreign }
  region   = each.value.region

  dx_gateway_id         = var.gateway.id
  associated_gateway_id = each.value.gateway_id
  allowed_prefixes      = each.value.allowed_prefixes
}

# Another account's gateway: that account accepts, and may allow fewer prefixes.
resource "aws_dx_gateway_association_proposal" "this" {
  for_each = { for name, a in var.associations : name => a if local.foreign }
  region   = each.value.region

  dx_gateway_id               = var.gateway.id
  dx_gateway_owner_account_id = var.gateway.owner_account_id
  associated_gateway_id       = each.value.gateway_id
  allowed_prefixes            = each.value.allowed_prefixes
}

resource "aws_dx_gateway_association" "accepted" {
  for_each = var.accepted_proposals

  dx_gateway_id                       = var.gateway.id
  proposal_id                         = each.value.proposal_id
  associated_gateway_owner_account_id = each.value.account_id
  allowed_prefixes                    = each.value.allowed_prefixes

  lifecycle {
    precondition {
      condition     = !local.foreign
      error_message = "A proposal is accepted by the account that owns the gateway, and this one does not."
    }
  }
}

resource "aws_dx_transit_virtual_interface" "this" {
  for_each = { for name, i in var.interfaces : name => i if var.gateway.kind == "transit" }

  name             = each.key
  connection_id    = each.value.connection_id
  dx_gateway_id    = var.gateway.id
  vlan             = each.value.vlan
  address_family   = "ipv4"
  bgp_asn          = each.value.bgp_asn
  amazon_address   = each.value.amazon_address
  customer_address = each.value.customer_address
  mtu              = each.value.mtu
  sitelink_enabled = each.value.sitelink

  tags = merge(var.tags, { Name = each.key })
}

resource "aws_dx_private_virtual_interface" "this" {
  for_each = { for name, i in var.interfaces : name => i if var.gateway.kind == "private" }

  name             = each.key
  connection_id    = each.value.connection_id
  dx_gateway_id    = var.gateway.id
  vlan             = each.value.vlan
  address_family   = "ipv4"
  bgp_asn          = each.value.bgp_asn
  amazon_address   = each.value.amazon_address
  customer_address = each.value.customer_address
  mtu              = each.value.mtu
  sitelink_enabled = each.value.sitelink

  tags = merge(var.tags, { Name = each.key })
}
