# Global. Replacing it also replaces everything that is attached to it.
resource "aws_dx_gateway" "this" {
  name            = var.name
  amazon_side_asn = var.amazon_side_asn

  tags = merge(var.tags, { Name = var.name })

  lifecycle {
    prevent_destroy = true
  }
}

# Ordered in seconds, ready in weeks: Terraform removes a connection from its
# state, but never cancels it.
resource "aws_dx_connection" "this" {
  for_each = var.connections

  name           = each.key
  location       = each.value.location
  bandwidth      = "${each.value.gbps}Gbps"
  provider_name  = each.value.provider
  request_macsec = each.value.macsec
  skip_destroy   = true

  tags = merge(var.tags, { Name = each.key })
}

# The other account owns these; removing one here does not delete it.
resource "aws_dx_hosted_transit_virtual_interface_accepter" "this" {
  for_each = { for name, id in var.hosted_interfaces : name => id if var.kind == "transit" }

  virtual_interface_id = each.value
  dx_gateway_id        = aws_dx_gateway.this.id

  tags = merge(var.tags, { Name = each.key })
}

resource "aws_dx_hosted_private_virtual_interface_accepter" "this" {
  for_each = { for name, id in var.hosted_interfaces : name => id if var.kind == "private" }

  virtual_interface_id = each.value
  dx_gateway_id        = aws_dx_gateway.this.id

  tags = merge(var.tags, { Name = each.key })
}
