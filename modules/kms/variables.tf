variable "name" {
  description = "Alias of the key, without alias/."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9_/-]{1,250}$", var.name)) && !startswith(var.name, "aws/") && !startswith(var.name, "alias/")
    error_message = "name is of letters, digits, _, / and -, without alias/ in front, and aws/ belongs to AWS."
  }
}

variable "description" {
  description = "What the key encrypts."
  type        = string
}

variable "services" {
  description = "Service principals that may use the key for resources of this account, such as sns.amazonaws.com; logs.amazonaws.com stands for CloudWatch Logs in the key's Region."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for service in var.services : can(regex("^[a-z0-9.-]+\\.amazonaws\\.com$", service))])
    error_message = "services are principals such as sns.amazonaws.com."
  }

  validation {
    condition     = !anytrue([for service in var.services : can(regex("^logs\\..+\\.amazonaws\\.com$", service))])
    error_message = "Write logs.amazonaws.com: the module puts the Region in."
  }
}

variable "grantees" {
  description = "ARNs of roles that may use the key and grant it to AWS resources: service-linked roles, such as Auto Scaling's."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.grantees : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", arn))])
    error_message = "grantees are ARNs of IAM roles."
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
