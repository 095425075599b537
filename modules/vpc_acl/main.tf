locals {
  # A network ACL is stateless: an allowed connection needs a return rule, to
  # the ports from which connections start. One rule per protocol and range is
  # enough, numbered after the first rule that needs it.
  back = { for direction, rules in { in = var.outbound, out = var.inbound } : direction => {
    for key, numbers in merge([for protocol in ["tcp", "udp"] : {
      for rule in values(rules) : "${protocol} ${rule.cidr}" => rule.number... if rule.allow && contains([protocol, "all"], rule.protocol)
      }]...) : "back ${key}" => {
      number   = 10000 + min(numbers...) + (startswith(key, "udp") ? 1 : 0)
      allow    = true
      protocol = split(" ", key)[0]
      ports    = "1024-65535"
      cidr     = split(" ", key)[1]
    }
  } }

  rules = {
    in  = merge(var.inbound, local.back.in)
    out = merge(var.outbound, local.back.out)
  }
}

resource "aws_network_acl" "this" {
  # checkov:skip=CKV2_AWS_1:By associations of their own, one a subnet.
  vpc_id = var.vpc_id

  tags = merge(var.tags, { Name = var.name })

  lifecycle {
    precondition {
      condition     = max(length(local.rules.in), length(local.rules.out)) <= var.max_rules
      error_message = "With the ways back there are ${length(local.rules.in)} rules inbound and ${length(local.rules.out)} outbound: AWS takes ${var.max_rules}."
    }
  }
}

resource "aws_network_acl_rule" "this" {
  for_each = merge([for direction, rules in local.rules : { for name, rule in rules : "${direction} ${name}" => rule }]...)

  network_acl_id = aws_network_acl.this.id
  egress         = startswith(each.key, "out ")
  rule_number    = each.value.number
  rule_action    = each.value.allow ? "allow" : "deny"
  protocol       = each.value.protocol == "all" ? "-1" : each.value.protocol
  cidr_block     = each.value.cidr
  from_port      = try(tonumber(split("-", each.value.ports)[0]), null)
  to_port        = try(tonumber(reverse(split("-", each.value.ports))[0]), null)
  icmp_type      = each.value.protocol == "icmp" ? -1 : null
  icmp_code      = each.value.protocol == "icmp" ? -1 : null
}

resource "aws_network_acl_association" "this" {
  for_each = var.subnet_ids

  network_acl_id = aws_network_acl.this.id
  subnet_id      = each.value

  # A subnet that is associated before the rules exist would be cut off.
  depends_on = [aws_network_acl_rule.this]
}
