# All numbers of a rollout at once, for the tests beside it.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.34"
    }
  }
}

variable "endpoints" {
  description = "As the module's."
  type = map(object({
    region  = string
    standby = optional(bool)
  }))
}

variable "from" {
  description = "As the module's."
  type        = map(number)
}

variable "to" {
  description = "As the module's."
  type        = map(number)
}

locals {
  numbers = [for number in range(101) : tostring(number)]
}

module "at" {
  source   = "../.."
  for_each = toset(local.numbers)

  regions   = ["ap-northeast-1", "ap-northeast-3"]
  endpoints = var.endpoints
  from      = var.from
  to        = var.to
  progress  = tonumber(each.key)
}

# Its preconditions refuse a number at which somebody would not be served.
module "endpoints" {
  source   = "../../../accelerator_endpoint"
  for_each = module.at

  listener_arn = "arn:aws:globalaccelerator::123456789012:accelerator/1234abcd-abcd-1234-abcd-1234abcdefgh/listener/0123vxyz"
  dials        = each.value.dials
  endpoints = { for name, e in var.endpoints : name => {
    region = e.region
    weight = each.value.weights[name]
    arn    = "arn:aws:elasticloadbalancing:${e.region}:123456789012:loadbalancer/app/${name}/0123456789abcdef"
  } }
}

output "shares" {
  description = "The module's output, by number."
  value       = [for number in local.numbers : module.at[number].shares]
}

output "traffic" {
  description = "The output of accelerator_endpoint, by number."
  value       = [for number in local.numbers : module.endpoints[number].traffic]
}
