variable "name" {
  description = "Name of the gateway."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,100}$", var.name))
    error_message = "name is up to 100 letters, digits, _ and -."
  }
}

variable "kind" {
  description = "The kind of gateways that it is associated with: transit gateways (transit) or virtual private gateways (private). One gateway cannot have both."
  type        = string
  default     = "transit"
  nullable    = false

  validation {
    condition     = contains(["private", "transit"], var.kind)
    error_message = "kind is transit or private."
  }
}

variable "amazon_side_asn" {
  description = "Private ASN of the gateway, another than those of the transit gateways and of the other side. Changing it replaces the gateway."
  type        = number

  validation {
    condition     = (var.amazon_side_asn >= 64512 && var.amazon_side_asn <= 65534) || (var.amazon_side_asn >= 4200000000 && var.amazon_side_asn <= 4294967294)
    error_message = "amazon_side_asn is 64512 to 65534 or 4200000000 to 4294967294."
  }
}

variable "connections" {
  description = "Dedicated connections of this account to order, by name: location code, bandwidth, the provider at the location, and whether the port is to speak MACsec. Changing location, bandwidth or MACsec orders another."
  type = map(object({
    location = string
    gbps     = number
    provider = optional(string)
    macsec   = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for c in var.connections : can(regex("^[A-Za-z0-9-]+$", c.location))])
    error_message = "location is a code such as EqTy2, as `aws directconnect describe-locations` lists them."
  }

  validation {
    condition     = alltrue([for c in var.connections : contains([1, 10, 100, 400], c.gbps)])
    error_message = "A dedicated connection has 1, 10, 100 or 400 gbps; less is had from a partner, who hosts it."
  }

  validation {
    condition     = alltrue([for c in var.connections : c.gbps >= 10 if c.macsec])
    error_message = "A port of 1 gbps cannot speak MACsec."
  }

  validation {
    condition     = length(var.connections) < 2 || length(distinct([for c in var.connections : c.location])) > 1
    error_message = "All connections are in one location: they would be lost together."
  }
}

variable "hosted_interfaces" {
  description = "Virtual interfaces that another account has created for this one, to accept: ids by name. Their kind is the gateway's."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for id in var.hosted_interfaces : can(regex("^dxvif-[0-9a-z]+$", id))])
    error_message = "hosted_interfaces are ids such as dxvif-fgh0hcrk."
  }

  validation {
    condition     = length(distinct(values(var.hosted_interfaces))) == length(var.hosted_interfaces)
    error_message = "An interface is there twice."
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
