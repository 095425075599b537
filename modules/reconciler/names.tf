# Names: nobody is found by name but who is listed. If the firewall fails,
# nobody is (which is its default).

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
  # Who is listed may lie with a content network, whose names anybody can have.
  firewall_domain_redirection_action = "TRUST_REDIRECTION_DOMAIN"
}

resource "aws_route53_resolver_firewall_rule_group_association" "this" {
  count = var.domains == null ? 0 : 1

  name                   = var.name
  firewall_rule_group_id = aws_route53_resolver_firewall_rule_group.this[0].id
  vpc_id                 = module.vpc.id
  priority               = 101 # 100 and 9900 are AWS's own

  tags = var.tags

  # Before the rules are there, it would let all through.
  depends_on = [aws_route53_resolver_firewall_rule.this]
}
