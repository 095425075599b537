output "transit" {
  description = "Transit gateway that sides join: its id, and its route tables by name."
  value       = module.shared.transit
}

output "database" {
  description = "Database of the application: address and port for the sides; for operators its ARN, and the snapshot that it would leave."
  value       = module.data.database
}

output "files" {
  description = "File system of the application: id for the sides, and its DNS name for whoever mounts it by hand."
  value       = module.data.files
}

output "addresses" {
  description = "Fixed addresses from which every side goes out, by zone: operators give them to whoever lets only known ones in."
  value       = module.shared.addresses
}
