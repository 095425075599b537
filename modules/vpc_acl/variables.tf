variable "name" {
  description = "Name of the ACL."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the ACL."
  type        = string
}

variable "subnet_ids" {
  description = "Ids of the subnets that it guards, by name."
  type        = map(string)
  nullable    = false
}

variable "inbound" {
  description = "Rules for traffic coming in, by name, asked in the order of their numbers: multiples of ten, with room between. Ways back are added."
  type = map(object({
    number   = number
    allow    = optional(bool, true)
    protocol = optional(string, "tcp")
    ports    = optional(string)
    cidr     = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for r in var.inbound : r.number >= 10 && r.number <= 9990 && r.number % 10 == 0])
    error_message = "number is a multiple of ten from 10 to 9990."
  }

  validation {
    condition     = length(distinct([for r in var.inbound : r.number])) == length(var.inbound)
    error_message = "Two rules have the same number: AWS would keep only one of them."
  }

  validation {
    condition     = alltrue([for r in var.inbound : contains(["tcp", "udp", "icmp", "all"], r.protocol) && (contains(["tcp", "udp"], r.protocol) == (r.ports != null))])
    error_message = "protocol is tcp or udp, with ports, or icmp or all, without."
  }

  validation {
    condition = alltrue([for r in var.inbound : r.ports == null || try(
      tonumber(split("-", r.ports)[0]) >= 0 &&
      tonumber(split("-", r.ports)[0]) <= tonumber(reverse(split("-", r.ports))[0]) &&
      tonumber(reverse(split("-", r.ports))[0]) <= 65535 &&
      length(split("-", r.ports)) <= 2
    , false)])
    error_message = "ports is one port, such as 443, or a range, such as 8000-8080, within 0-65535."
  }

  validation {
    condition     = alltrue([for r in var.inbound : try(cidrsubnet(r.cidr, 0, 0) == r.cidr, false)])
    error_message = "cidr is an IPv4 range that begins on its own boundary, such as 10.0.0.0/16."
  }
}

variable "outbound" {
  description = "Rules for traffic going out, by name, asked in the order of their numbers: multiples of ten, with room between. Ways back are added."
  type = map(object({
    number   = number
    allow    = optional(bool, true)
    protocol = optional(string, "tcp")
    ports    = optional(string)
    cidr     = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for r in var.outbound : r.number >= 10 && r.number <= 9990 && r.number % 10 == 0])
    error_message = "number is a multiple of ten from 10 to 9990."
  }

  validation {
    condition     = length(distinct([for r in var.outbound : r.number])) == length(var.outbound)
    error_message = "Two rules have the same number: AWS would keep only one of them."
  }

  validation {
    condition     = alltrue([for r in var.outbound : contains(["tcp", "udp", "icmp", "all"], r.protocol) && (contains(["tcp", "udp"], r.protocol) == (r.ports != null))])
    error_message = "protocol is tcp or udp, with ports, or icmp or all, without."
  }

  validation {
    condition = alltrue([for r in var.outbound : r.ports == null || try(
      tonumber(split("-", r.ports)[0]) >= 0 &&
      tonumber(split("-", r.ports)[0]) <= tonumber(reverse(split("-", r.ports))[0]) &&
      tonumber(reverse(split("-", r.ports))[0]) <= 65535 &&
      length(split("-", r.ports)) <= 2
    , false)])
    error_message = "ports is one port, such as 443, or a range, such as 8000-8080, within 0-65535."
  }

  validation {
    condition     = alltrue([for r in var.outbound : try(cidrsubnet(r.cidr, 0, 0) == r.cidr, false)])
    error_message = "cidr is an IPv4 range that begins on its own boundary, such as 10.0.0.0/16."
  }
}

variable "max_rules" {
  description = "AWS's quota of rules a direction."
  type        = number
  default     = 20
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
