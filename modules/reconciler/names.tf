# DNS firewall: only listed names are resolved. If the firewall fails, no name
# is (its default).

locals {
  host = regex("^https://([^/]+)", var.repository)[0]
  names = { for kind, names in {
    allowed = {
      domains  = [for name in setunion(coalesce(var.domains, []), [local.host]) : "${lower(name)}."]
      action   = "ALLOW"
      response = null
      priority = 100
    }
    others = {
      domains  = ["*."]
      action   = "BLOCK"
      response = "NODATA"
      priority = 200
    }
  } : kind => names if var.domains != null }
}

resource "aws_route53_resolver_firewall_domain_list" "this" {
  for_each = local.names

  name    = "${var.name}-${each.key}"
  domains = each.value.domains

  tags = var.tags
}

resource "aws_route53_resolver_firewall_rule_group" "this" {
  count = var.domains == null ? 0 : 1

  name = var.name

  tags = var.tags
}

resource "aws_route53_resolver_firewall_rule" "this" {
  for_each = local.names

  name                    = "${var.name}-${each.key}"
  firewall_rule_group_id  = aws_route53_resolver_firewall_rule_group.this[0].id
  firewall_domain_list_id = aws_route53_resolver_firewall_domain_list.this[each.key].id
  priority                = each.value.priority
  action                  = each.value.action
  block_response          = each.value.response
  # A listed host may be on a content network, where anybody can have names.
  firewall_domain_redirection_action = "TRUST_REDIRECTION_DOMAIN"
}

resource "aws_route53_resolver_firewall_rule_group_association" "this" {
  count = var.domains == null ? 0 : 1

  name                   = var.name
  firewall_rule_group_id = aws_route53_resolver_firewall_rule_group.this[0].id
  vpc_id                 = module.vpc.id
  priority               = 101 # 100 and 9900 are reserved by AWS

  tags = var.tags

  # Without rules it would allow everything.
  depends_on = [aws_route53_resolver_firewall_rule.this]
}
