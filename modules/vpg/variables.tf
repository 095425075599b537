variable "name" {
  description = "Name of the gateway."
  type        = string
}

variable "vpc_id" {
  description = "VPC that it is attached to, which takes one such gateway."
  type        = string
}

variable "asn" {
  description = "Private autonomous system number, other than its peers have. Changing it replaces the gateway."
  type        = number

  validation {
    condition     = floor(var.asn) == var.asn && (var.asn >= 64512 && var.asn <= 65534 || var.asn >= 4200000000 && var.asn <= 4294967294)
    error_message = "asn is private: 64512 to 65534, or 4200000000 to 4294967294."
  }
}

variable "route_table_ids" {
  description = "Ids of the route tables, by name, that learn the routes of the other end."
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
