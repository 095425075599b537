output "balancer_id" {
  description = "Id of the load balancer's group."
  value       = module.balancer.id
}

output "servers_id" {
  description = "Id of the servers' group."
  value       = module.servers.id
}

output "database_id" {
  description = "Id of the database's group, null if there is none."
  value       = one(module.database[*].id)
}

output "files_id" {
  description = "Id of the file system's group, null if there is none."
  value       = one(module.files[*].id)
}
