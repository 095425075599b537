variable "name" {
  description = "Name of the network, such as tokyo, which all its names begin with."
  type        = string
}

variable "cidr" {
  description = "IPv4 range of the shared VPC, a /16, which no side or other network has."
  type        = string

  validation {
    condition     = endswith(var.cidr, "/16") && try(cidrsubnet(var.cidr, 0, 0) == var.cidr, false)
    error_message = "cidr is a /16 that begins on its own boundary, such as 10.0.0.0/16."
  }
}

variable "zones" {
  description = "Zones by letter: the zone's id, a number from 0 to 3 that determines its subnets and must not change, and whether it has a NAT gateway with a fixed address. A zone without one uses another zone's."
  type = map(object({
    id     = string
    number = number
    nat    = optional(bool, true)
  }))
  nullable = false

  validation {
    condition     = length(var.zones) >= 2
    error_message = "With one zone, the zone's end is everybody's: databases need two."
  }

  validation {
    condition     = length(distinct([for z in var.zones : z.number])) == length(var.zones) && alltrue([for z in var.zones : contains([0, 1, 2, 3], z.number)])
    error_message = "Each zone has a number of its own, from 0 to 3."
  }

  validation {
    condition     = anytrue([for z in var.zones : z.nat])
    error_message = "Without a NAT gateway no side can go out."
  }
}

variable "asn" {
  description = "Private autonomous system number of the transit gateway, another in each Region. Changing it replaces what is attached."
  type        = number
}

variable "inside" {
  description = "Ranges that are not the internet, by name: answers to them go back through the transit gateway, and sides do not reach each other through them."
  type        = map(string)
  default     = { private = "10.0.0.0/8" }
  nullable    = false
}

variable "beyond" {
  description = "Further ranges that sides do not reach, by name, such as those on premises: a gateway that brings them to the VPC brings their routes."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(values(var.beyond), values(var.inside))) == 0
    error_message = "A range is inside and beyond: its route to the transit gateway would hide the other gateway's."
  }
}

variable "clients" {
  description = "Ranges that reach the data in the VPC, by name, such as the sides'."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.clients : try(cidrsubnet(cidr, 0, 0) == cidr, false)])
    error_message = "clients are IPv4 ranges that begin on their own boundary."
  }

  validation {
    condition     = !contains(values(var.clients), "0.0.0.0/0")
    error_message = "Data must not be open to everybody."
  }
}

variable "data_ports" {
  description = "Ports at which the data is reached: 5432 of PostgreSQL, 2049 of NFS."
  type        = list(number)
  default     = [5432, 2049]
  nullable    = false

  validation {
    condition     = length(var.data_ports) > 0 && length(distinct(var.data_ports)) == length(var.data_ports)
    error_message = "data_ports are one or more, each once."
  }
}

variable "flow_log_bucket_arn" {
  description = "Bucket, or bucket and prefix, that flow logs go to. It outlives the network, so that evidence does."
  type        = string
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
