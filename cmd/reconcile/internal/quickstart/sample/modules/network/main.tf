# What every Region's network is made of. It is a stand-in: terraform_data
# lives in Terraform's state alone, so nothing real is made.

variable "name" {
  type        = string
  description = "Name of the network."
}

variable "cidr" {
  type        = string
  description = "Its address range."
}

resource "terraform_data" "vpc" {
  input = {
    name = var.name
    cidr = var.cidr
  }
}

output "id" {
  value       = terraform_data.vpc.id
  description = "Id of the network."
}

output "cidr" {
  value       = var.cidr
  description = "Address range of the network."
}
