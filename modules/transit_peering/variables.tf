variable "name" {
  description = "Name of the peering."
  type        = string
}

variable "transit_gateway_id" {
  description = "Transit gateway of this Region."
  type        = string
}

variable "route_table_id" {
  description = "Route table of this Region for packets from the peer."
  type        = string
}

variable "routes" {
  description = "Ranges of the peer's Region, by name, and the route tables here that send them there."
  type = map(object({
    route_table_id = string
    cidr           = string
  }))
  nullable = false

  validation {
    condition     = alltrue([for r in var.routes : try(cidrsubnet(r.cidr, 0, 0) == r.cidr, false)])
    error_message = "A route's cidr is an IPv4 range that begins on its own boundary."
  }
}

variable "peer" {
  description = "The other side, in another Region of this account: its gateway, route table, and ranges of this Region that its tables send here."
  type = object({
    region             = string
    transit_gateway_id = string
    route_table_id     = string
    routes = map(object({
      route_table_id = string
      cidr           = string
    }))
  })
  nullable = false

  validation {
    condition     = alltrue([for r in var.peer.routes : try(cidrsubnet(r.cidr, 0, 0) == r.cidr, false)])
    error_message = "A route's cidr is an IPv4 range that begins on its own boundary."
  }

  validation {
    condition     = length(setintersection([for r in var.routes : r.cidr], [for r in var.peer.routes : r.cidr])) == 0
    error_message = "A range is sent there and back: packets would circle."
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
