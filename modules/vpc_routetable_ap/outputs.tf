output "ids" {
  description = "Ids of the tables: balancer, servers, data."
  value       = module.tables.ids
}

output "routes" {
  description = "Range and target of each route by \"table route\"."
  value       = module.tables.routes
}
