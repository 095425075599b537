output "ids" {
  description = "Ids of the ACLs by tier; data is null without data subnets."
  value       = { balancer = module.balancer.id, servers = module.servers.id, data = one(module.data[*].id) }
}

output "rules" {
  description = "Every rule in words, by tier, direction and name."
  value       = { balancer = module.balancer.rules, servers = module.servers.rules, data = one(module.data[*].rules) }
}
