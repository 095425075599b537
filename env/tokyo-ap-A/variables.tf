variable "account_id" {
  description = "AWS account of this workspace; the provider refuses any other."
  type        = string
}

variable "states" {
  description = "Buckets of the states by Region: tokyo, and osaka, which works when Tokyo is lost."
  type        = map(object({ bucket = string, region = string }))
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
  description = "Zones by letter: id, and number."
  type        = map(object({ id = string, number = number }))
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
  description = "Servers: image, type, and minimum and maximum number."
  type        = object({ image_id = string, instance_type = string, min = number, max = number })
}

variable "tags" {
  description = "Tags of all resources: Owner, DataClass, Environment."
  type        = map(string)
}
