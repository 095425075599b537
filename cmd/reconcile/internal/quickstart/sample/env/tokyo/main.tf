module "network" {
  source = "../../modules/network"
  name   = "tokyo"
  cidr   = "10.1.0.0/16"
}

output "network_id" {
  value       = module.network.id
  description = "Id of the network in Tokyo."
}

output "network_cidr" {
  value       = module.network.cidr
  description = "Address range of the network in Tokyo."
}
