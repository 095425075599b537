variable "domain" {
  description = "Domain name of the certificate; *.example.com serves all names one level below."
  type        = string

  validation {
    condition     = can(regex("^(\\*\\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain)) && length(var.domain) <= 64
    error_message = "domain is a lower-case domain name of up to 64 characters, with or without *. in front."
  }
}

variable "alternative_names" {
  description = "Further names of the certificate, in the same zone."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.alternative_names : can(regex("^(\\*\\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", name))])
    error_message = "alternative_names are lower-case domain names."
  }

  validation {
    condition     = !contains(var.alternative_names, var.domain)
    error_message = "alternative_names need not repeat domain."
  }
}

variable "zone_id" {
  description = "Public hosted zone in which the names are proven. Null: the module waits for records that another certificate's module writes. A name has one record in an account, which proves it in every Region."
  type        = string

  validation {
    condition     = var.zone_id == null || can(regex("^[A-Z0-9]{8,32}$", var.zone_id))
    error_message = "zone_id is the id of a Route 53 zone, such as Z0123456789ABCDEFGHIJ, not its name."
  }
}

variable "alarm" {
  description = "Topics that are told when so few days are left."
  type = object({
    topic_arns = set(string)
    days       = optional(number, 30)
  })
  nullable = false

  validation {
    condition     = length(var.alarm.topic_arns) > 0
    error_message = "alarm needs a topic: a certificate that runs out takes the service down."
  }

  validation {
    condition     = var.alarm.days >= 7 && var.alarm.days <= 45
    error_message = "alarm.days is 7 to 45: AWS renews from 60 days before the end on."
  }
}

variable "region" {
  description = "Region, if it is not the provider's. Changing it replaces all resources."
  type        = string
  default     = null
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
