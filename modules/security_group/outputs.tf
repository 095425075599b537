output "id" {
  description = "Id of the group."
  value       = aws_security_group.this.id
}

output "ingress" {
  description = "Rules for traffic let in, by name."
  value = { for name, rule in aws_vpc_security_group_ingress_rule.this : name => {
    id                           = rule.id
    from_port                    = rule.from_port
    to_port                      = rule.to_port
    referenced_security_group_id = rule.referenced_security_group_id
    cidr                         = rule.cidr_ipv4
  } }
}

output "egress" {
  description = "Rules for traffic let out, by name."
  value = { for name, rule in aws_vpc_security_group_egress_rule.this : name => {
    id                           = rule.id
    from_port                    = rule.from_port
    to_port                      = rule.to_port
    referenced_security_group_id = rule.referenced_security_group_id
    cidr                         = rule.cidr_ipv4
  } }
}
