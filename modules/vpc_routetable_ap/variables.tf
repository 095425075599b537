variable "name" {
  description = "Name of the application, which the names of its tables begin with."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the application."
  type        = string
}

variable "balancer_subnet_ids" {
  description = "Ids of the public subnets, which the load balancer stands in, by name."
  type        = map(string)
  nullable    = false
}

variable "server_subnet_ids" {
  description = "Ids of the servers' subnets by name."
  type        = map(string)
  nullable    = false
}

variable "data_subnet_ids" {
  description = "Ids of the subnets of databases and file systems by name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "internet_gateway_id" {
  description = "Internet gateway of the VPC."
  type        = string
}

variable "transit_gateway_id" {
  description = "Transit gateway that leads to the rest of the estate and out, from the attachment's output, so that it stands first."
  type        = string
}

variable "inside" {
  description = "The estate's ranges by name, reached through the transit gateway."
  type        = map(string)
  default     = { private = "10.0.0.0/8" }
  nullable    = false

  validation {
    condition     = length(var.inside) > 0 && !contains(values(var.inside), "0.0.0.0/0")
    error_message = "inside must name only private ranges: all addresses would cut the load balancer off from its clients."
  }
}

variable "gateway_endpoint_ids" {
  description = "Ids of the gateway endpoints by service, for the servers."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "tags" {
  description = "Tags of all resources in the module: Owner, DataClass (public, internal, confidential or restricted), Environment, and others."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for key in ["Owner", "DataClass", "Environment"] : try(length(var.tags[key]) > 0, false)])
    error_message = "tags needs Owner, DataClass and Environment, none of them empty."
  }

  validation {
    condition     = contains(["public", "internal", "confidential", "restricted"], try(var.tags.DataClass, "public"))
    error_message = "The tag DataClass is public, internal, confidential or restricted."
  }
}
