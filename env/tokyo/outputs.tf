output "transit" {
  description = "Transit gateway that sides join: its id, and its route tables by name."
  value       = module.shared.transit
}

output "database" {
  description = "Database of the application: address and port for the sides; for operators its ARN and its final snapshot."
  value       = module.data.database
}

output "files" {
  description = "File system of the application: its id and that of the logs' access point for the sides, and its DNS name for operators who mount it by hand."
  value       = module.data.files
}

output "addresses" {
  description = "Fixed outgoing addresses of every side, by zone; operators give them to partners with an allow-list."
  value       = module.shared.addresses
}
