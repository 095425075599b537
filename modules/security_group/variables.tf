variable "name" {
  description = "Name of the group, unique in its VPC. Changing it replaces the group."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9 ._:/()#,@+=&;{}!$*\\[\\]-]{1,255}$", var.name)) && !startswith(var.name, "sg-")
    error_message = "name is up to 255 letters, digits and ._-:/()#,@[]+=&;{}!$*, and does not begin with sg-."
  }
}

variable "description" {
  description = "What the group is for. Changing it replaces the group."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9 ._:/()#,@+=&;{}!$*\\[\\]-]{1,255}$", var.description))
    error_message = "description is up to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*."
  }
}

variable "vpc_id" {
  description = "VPC of the group."
  type        = string
}

variable "ingress" {
  description = "Traffic let in, by a name of your choice: protocol tcp, udp, icmp or all; ports as 443 or 8000-8080; and one of cidr, prefix_list_id, group_id and self."
  type = map(object({
    description    = string
    protocol       = optional(string, "tcp")
    ports          = optional(string)
    cidr           = optional(string)
    prefix_list_id = optional(string)
    group_id       = optional(string)
    self           = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for r in var.ingress : contains(["tcp", "udp", "icmp", "all"], r.protocol) && (contains(["tcp", "udp"], r.protocol) == (r.ports != null))])
    error_message = "protocol is tcp or udp, with ports, or icmp or all, without."
  }

  validation {
    condition = alltrue([for r in var.ingress : r.ports == null || try(
      tonumber(split("-", r.ports)[0]) >= 0 &&
      tonumber(split("-", r.ports)[0]) <= tonumber(reverse(split("-", r.ports))[0]) &&
      tonumber(reverse(split("-", r.ports))[0]) <= 65535 &&
      length(split("-", r.ports)) <= 2
    , false)])
    error_message = "ports is one port, such as 443, or a range, such as 8000-8080, within 0-65535."
  }

  validation {
    condition     = alltrue([for r in var.ingress : length(compact([r.cidr, r.prefix_list_id, r.group_id, r.self ? "self" : null])) == 1])
    error_message = "A rule names one source: cidr, prefix_list_id, group_id or self."
  }

  validation {
    condition     = alltrue([for r in var.ingress : r.cidr == null || try(cidrsubnet(r.cidr, 0, 0) == r.cidr, false)])
    error_message = "cidr is an IPv4 range that begins on its own boundary, such as 10.0.0.0/16."
  }

  validation {
    condition     = alltrue([for r in var.ingress : r.cidr != "0.0.0.0/0" || (r.protocol == "tcp" && contains(["80", "443"], coalesce(r.ports, "-")))])
    error_message = "From anywhere only ports 80 and 443 are let in."
  }
}

variable "egress" {
  description = "Traffic let out, by a name of your choice: protocol tcp, udp, icmp or all; ports as 443 or 8000-8080; and one of cidr, prefix_list_id, group_id and self."
  type = map(object({
    description    = string
    protocol       = optional(string, "tcp")
    ports          = optional(string)
    cidr           = optional(string)
    prefix_list_id = optional(string)
    group_id       = optional(string)
    self           = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for r in var.egress : contains(["tcp", "udp", "icmp", "all"], r.protocol) && (contains(["tcp", "udp"], r.protocol) == (r.ports != null))])
    error_message = "protocol is tcp or udp, with ports, or icmp or all, without."
  }

  validation {
    condition = alltrue([for r in var.egress : r.ports == null || try(
      tonumber(split("-", r.ports)[0]) >= 0 &&
      tonumber(split("-", r.ports)[0]) <= tonumber(reverse(split("-", r.ports))[0]) &&
      tonumber(reverse(split("-", r.ports))[0]) <= 65535 &&
      length(split("-", r.ports)) <= 2
    , false)])
    error_message = "ports is one port, such as 443, or a range, such as 8000-8080, within 0-65535."
  }

  validation {
    condition     = alltrue([for r in var.egress : length(compact([r.cidr, r.prefix_list_id, r.group_id, r.self ? "self" : null])) == 1])
    error_message = "A rule names one target: cidr, prefix_list_id, group_id or self."
  }

  validation {
    condition     = alltrue([for r in var.egress : r.cidr == null || try(cidrsubnet(r.cidr, 0, 0) == r.cidr, false)])
    error_message = "cidr is an IPv4 range that begins on its own boundary, such as 10.0.0.0/16."
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
