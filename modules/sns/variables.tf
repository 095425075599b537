variable "name" {
  description = "Name of the topic."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,240}$", var.name))
    error_message = "name is 1 to 240 letters, digits, _ and -."
  }
}

variable "publishers" {
  description = "Services that may publish for resources of this account, such as cloudwatch.amazonaws.com; they may use the topic's key, too."
  type        = set(string)
  default     = ["cloudwatch.amazonaws.com"]
  nullable    = false

  validation {
    condition     = alltrue([for service in var.publishers : can(regex("^[a-z0-9.-]+\\.amazonaws\\.com$", service))])
    error_message = "publishers are service principals such as cloudwatch.amazonaws.com."
  }
}

variable "subscriptions" {
  description = "Subscriptions by a name of your choice. An email recipient must confirm; until then the subscription cannot be removed."
  type = map(object({
    protocol        = string
    endpoint        = string
    filter_policy   = optional(string)
    raw             = optional(bool, false)
    dead_letter_arn = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for s in var.subscriptions : contains(["email", "email-json", "https", "lambda", "sqs", "sms"], s.protocol)])
    error_message = "protocol is email, email-json, https, lambda, sqs or sms; http is not encrypted."
  }

  validation {
    condition = alltrue([for s in var.subscriptions : can(regex({
      email      = "^[^@ ]+@[^@ ]+$"
      email-json = "^[^@ ]+@[^@ ]+$"
      https      = "^https://"
      lambda     = "^arn:[a-z-]+:lambda:"
      sqs        = "^arn:[a-z-]+:sqs:"
      sms        = "^\\+[0-9]{7,15}$"
    }[s.protocol], s.endpoint)) if contains(["email", "email-json", "https", "lambda", "sqs", "sms"], s.protocol)])
    error_message = "endpoint does not fit its protocol: an address for email, a URL for https, an ARN for lambda and sqs, +819012345678 for sms."
  }

  validation {
    condition     = alltrue([for s in var.subscriptions : s.filter_policy == null || can(jsondecode(s.filter_policy))])
    error_message = "filter_policy is JSON."
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
