variable "site" {
  description = "What is the company's own, from site.auto.tfvars: its account (the provider refuses any other), its names, Regions and the like."
  type = object({
    account_id = string
    prefix     = string
    regions    = object({ tokyo = string, osaka = string })
    zones      = object({ tokyo = map(string), osaka = map(string) })
    images     = object({ tokyo = string, osaka = string })
  })
}

variable "name" {
  description = "Name of the side."
  type        = string
}

variable "mode" {
  description = "live, retiring or absent, and from live to absent through retiring."
  type        = string
}

variable "admit" {
  description = "Who reaches the load balancer: clients, or accelerator."
  type        = string
}

variable "generation" {
  description = "Number of times that the side has become live."
  type        = number
}

variable "cidr" {
  description = "IPv4 range of the side."
  type        = string
}

variable "zones" {
  description = "Zones by letter: number."
  type        = map(object({ number = number }))
}

variable "inside" {
  description = "Private ranges, by name."
  type        = map(string)
}

variable "reaches" {
  description = "What the servers reach outside of the side besides HTTPS, by name: the data."
  type        = map(object({ description = string, number = number, ports = string, cidr = string }))
}

variable "servers" {
  description = "Servers: image (site's, if there is none here), type, and minimum and maximum number."
  type        = object({ image_id = optional(string), instance_type = string, min = number, max = number })
}

variable "tags" {
  description = "Tags of all resources: Owner, DataClass, Environment."
  type        = map(string)
}
