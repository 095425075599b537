locals {
  groups = { for region, dial in var.dials : region => {
    dial      = dial
    endpoints = { for name, e in var.endpoints : name => e if e.region == region }
    sum       = sum(concat([0], [for e in var.endpoints : e.weight if e.region == region]))
  } }

  # Regions that would get traffic if the others had no endpoint left.
  able = [for region, group in local.groups : region if group.sum > 0]

  shares = { for region, group in local.groups : region => group.sum == 0 ? "no endpoint takes traffic" : join(", ", [
    for name, e in group.endpoints : "${name} ${format("%.1f", 100 * e.weight / group.sum)} %"
  ]) }

  failover = { for region, group in local.groups : region => join(" or ", [for other in local.able : other if other != region]) }
}

# There is no resource for one endpoint: a group is always written completely.
# So all endpoints of a Region are here, and only here. The provider sends 0 for
# a missing weight and false for missing preservation, so both are always set.
resource "aws_globalaccelerator_endpoint_group" "this" {
  for_each = local.groups

  listener_arn            = var.listener_arn
  endpoint_group_region   = each.key
  traffic_dial_percentage = each.value.dial

  dynamic "endpoint_configuration" {
    for_each = each.value.endpoints

    content {
      endpoint_id                    = endpoint_configuration.value.arn
      weight                         = endpoint_configuration.value.weight
      client_ip_preservation_enabled = endpoint_configuration.value.preserve_client_ip
    }
  }

  lifecycle {
    precondition {
      condition     = anytrue([for group in local.groups : group.dial > 0 && group.sum > 0])
      error_message = "Nobody is served: no Region has both a dial and a weight above 0."
    }

    precondition {
      condition     = each.value.dial == 0 || each.value.sum > 0 || length(each.value.endpoints) == 0
      error_message = "${each.key} has a dial of ${each.value.dial} and no endpoint with a weight above 0: raise a weight, or set the dial to 0."
    }
  }
}
