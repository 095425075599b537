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
  description = "Id and DNS name of the file system, and id of the access point of the application's logs."
  value = {
    id              = module.files.id
    dns_name        = module.files.dns_name
    access_point_id = module.files.access_points["logs"].id
  }
}
