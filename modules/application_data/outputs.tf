output "database" {
  description = "Address, port, ARN (what a replica follows) and the first user's secret, null for a replica; and the name of the snapshot that is left when it goes."
  value = {
    address        = local.database.address
    port           = local.database.port
    arn            = local.database.arn
    secret_arn     = local.database.secret_arn
    final_snapshot = local.database.final_snapshot
  }
}

output "files" {
  description = "Id and DNS name of the file system."
  value       = { id = module.files.id, dns_name = module.files.dns_name }
}
