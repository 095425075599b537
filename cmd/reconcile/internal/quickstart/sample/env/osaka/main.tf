module "network" {
  source = "../../modules/network"
  name   = "osaka"
  cidr   = "10.2.0.0/16"
}

output "network_id" {
  value       = module.network.id
  description = "Id of the network in Osaka."
}

output "network_cidr" {
  value       = module.network.cidr
  description = "Address range of the network in Osaka."
}
