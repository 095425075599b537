output "database" {
  description = "Address, port, and ARN (which a replica follows); and the name of the final snapshot."
  value = {
    address        = local.database.address
    port           = local.database.port
    arn            = local.database.arn
    final_snapshot = local.database.final_snapshot
  }
}

output "files" {
  description = "Id and DNS name of the file system."
  value       = { id = module.files.id, dns_name = module.files.dns_name }
}
