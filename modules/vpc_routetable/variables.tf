variable "name" {
  description = "Name of the VPC, which the names of its tables begin with."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the tables."
  type        = string
}

variable "tables" {
  description = "Route tables by name: ids of the subnets that use it, its routes (a range and one target), and gateway endpoints by service. Ids may be known only after the apply; names may not."
  type = map(object({
    subnet_ids = optional(map(string), {})
    routes = optional(map(object({
      cidr                      = string
      internet_gateway_id       = optional(string)
      nat_gateway_id            = optional(string)
      network_interface_id      = optional(string)
      transit_gateway_id        = optional(string)
      vpc_endpoint_id           = optional(string)
      vpc_peering_connection_id = optional(string)
      vpn_gateway_id            = optional(string)
    })), {})
    gateway_endpoint_ids = optional(map(string), {})
  }))
  nullable = false

  validation {
    condition     = alltrue(flatten([for t in var.tables : [for r in t.routes : try(cidrsubnet(r.cidr, 0, 0) == r.cidr, false)]]))
    error_message = "A route's cidr is an IPv4 range that begins on its own boundary, such as 10.0.0.0/8."
  }

  validation {
    condition     = alltrue([for t in var.tables : length(distinct([for r in t.routes : r.cidr])) == length(t.routes)])
    error_message = "Two routes of one table have the same cidr: AWS takes one."
  }

  validation {
    condition     = alltrue(flatten([for t in var.tables : [for r in t.routes : length([for key, value in r : key if key != "cidr" && value != null]) == 1]]))
    error_message = "A route has one target: internet_gateway_id, nat_gateway_id, network_interface_id, transit_gateway_id, vpc_endpoint_id, vpc_peering_connection_id or vpn_gateway_id."
  }

  validation {
    condition     = length(distinct(flatten([for t in var.tables : keys(t.subnet_ids)]))) == length(flatten([for t in var.tables : keys(t.subnet_ids)]))
    error_message = "A subnet is in two tables: AWS takes one."
  }
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
