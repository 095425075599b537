variable "name" {
  description = "Name of the attachment."
  type        = string
}

variable "transit_gateway_id" {
  description = "Transit gateway that the VPC is attached to. Changing it replaces the attachment."
  type        = string
}

variable "vpc_id" {
  description = "VPC that is attached."
  type        = string
}

variable "vpc_cidr" {
  description = "IPv4 range of the VPC."
  type        = string
}

variable "zones" {
  description = "Ids of the zones that the VPC has subnets in. Each needs one of the attachment's: from a zone without, nothing reaches the gateway."
  type        = set(string)
  nullable    = false
}

variable "subnets" {
  description = "Subnets of the attachment by name, small ones of its own, one a zone."
  type = map(object({
    id   = string
    zone = string
  }))
  nullable = false

  validation {
    condition     = length(distinct([for s in var.subnets : s.zone])) == length(var.subnets)
    error_message = "Two of subnets are in one zone: AWS takes one."
  }

  validation {
    condition     = length(setsubtract(var.zones, [for s in var.subnets : s.zone])) == 0
    error_message = "No subnet in ${join(", ", sort(setsubtract(var.zones, [for s in var.subnets : s.zone])))}: from there nothing would reach the gateway."
  }
}

variable "route_table_id" {
  description = "Route table of the gateway for packets from the VPC."
  type        = string
}

variable "propagate_to" {
  description = "Ids of the route tables, by name, that learn the way to the VPC."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "routes" {
  description = "Further ranges that are sent to the VPC, by name, such as 0.0.0.0/0 to the one with NAT gateways."
  type = map(object({
    route_table_id = string
    cidr           = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for r in var.routes : try(cidrsubnet(r.cidr, 0, 0) == r.cidr, false)])
    error_message = "A route's cidr is an IPv4 range that begins on its own boundary."
  }
}

variable "blackholes" {
  description = "Ranges that a route table drops, by name: what its neighbours must not reach through a wider route."
  type = map(object({
    route_table_id = string
    cidr           = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for r in var.blackholes : try(cidrsubnet(r.cidr, 0, 0) == r.cidr, false)])
    error_message = "A blackhole's cidr is an IPv4 range that begins on its own boundary."
  }

  # The longest prefix wins. Among equal prefixes a static route wins, and a
  # blackhole is one.
  validation {
    condition = !anytrue([for r in var.blackholes : try(
      tonumber(split("/", r.cidr)[1]) >= tonumber(split("/", var.vpc_cidr)[1]) &&
      cidrhost("${cidrhost(r.cidr, 0)}/${split("/", var.vpc_cidr)[1]}", 0) == cidrhost(var.vpc_cidr, 0)
    , false)])
    error_message = "A blackhole lies within the VPC's own range and would cut it off."
  }

  validation {
    condition     = length(setintersection([for r in var.blackholes : r.cidr], [for r in var.routes : r.cidr])) == 0
    error_message = "A range is both a route and a blackhole."
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
