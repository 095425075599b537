output "id" {
  description = "Id of the ACL."
  value       = aws_network_acl.this.id
}

output "rules" {
  description = "Every rule, ways back included, by direction and name: its number, and in words."
  value = { for name, rule in aws_network_acl_rule.this : name => {
    number = rule.rule_number
    words  = "${rule.rule_action} ${rule.protocol} ${rule.cidr_block} ${coalesce(rule.from_port, -1) == -1 ? "all" : "${rule.from_port}-${rule.to_port}"}"
  } }
}
