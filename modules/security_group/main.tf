locals {
  # Ports in AWS's form: none for "all" protocols, every type for ICMP.
  ports = { for direction, rules in { in = var.ingress, out = var.egress } : direction => {
    for name, rule in rules : name => {
      protocol = rule.protocol == "all" ? "-1" : rule.protocol
      from     = rule.protocol == "icmp" ? -1 : try(tonumber(split("-", rule.ports)[0]), null)
      to       = rule.protocol == "icmp" ? -1 : try(tonumber(reverse(split("-", rule.ports))[0]), null)
    }
  } }
}

resource "aws_security_group" "this" {
  # checkov:skip=CKV2_AWS_5:Who calls the module attaches it.
  name        = var.name
  description = var.description
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = var.name })
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = var.ingress

  security_group_id            = aws_security_group.this.id
  description                  = each.value.description
  ip_protocol                  = local.ports.in[each.key].protocol
  from_port                    = local.ports.in[each.key].from
  to_port                      = local.ports.in[each.key].to
  cidr_ipv4                    = each.value.cidr
  prefix_list_id               = each.value.prefix_list_id
  referenced_security_group_id = each.value.self ? aws_security_group.this.id : each.value.group_id

  tags = merge(var.tags, { Name = each.key })
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = var.egress

  security_group_id            = aws_security_group.this.id
  description                  = each.value.description
  ip_protocol                  = local.ports.out[each.key].protocol
  from_port                    = local.ports.out[each.key].from
  to_port                      = local.ports.out[each.key].to
  cidr_ipv4                    = each.value.cidr
  prefix_list_id               = each.value.prefix_list_id
  referenced_security_group_id = each.value.self ? aws_security_group.this.id : each.value.group_id

  tags = merge(var.tags, { Name = each.key })
}
