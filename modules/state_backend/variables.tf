variable "name" {
  description = "Name of the bucket, unique in all of AWS."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name is 3 to 63 lower-case letters, digits and hyphens; a dot would break TLS."
  }
}

variable "kms_key_arn" {
  description = "Customer-managed key of the states."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, not an id or alias."
  }
}

variable "history_days" {
  description = "Days until replaced states are deleted. Each lock leaves a version too, so the time must be limited."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.history_days >= 30 && floor(var.history_days) == var.history_days
    error_message = "history_days must be at least 30, in whole days, because a lost state may be noticed late."
  }
}

variable "replica" {
  description = "Copy in another Region, which outlives the loss of this one: name of its bucket, its Region, and a key there. Null: none."
  type = object({
    name        = string
    region      = string
    kms_key_arn = string
  })

  validation {
    condition     = var.replica == null || try(split(":", var.replica.kms_key_arn)[3] == var.replica.region, false)
    error_message = "The replica's kms_key_arn is the ARN of a key in the replica's Region."
  }

  validation {
    condition     = var.replica == null || try(split(":", var.kms_key_arn)[3] != var.replica.region, true)
    error_message = "The replica is in the Region of the states: it would be lost with them."
  }
}

variable "access_log_bucket" {
  description = "Bucket of the same Region that is told of every request, by name; it lets logging.s3.amazonaws.com in. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.access_log_bucket == null || var.access_log_bucket != var.name
    error_message = "A bucket cannot be the target of its own access logs: each log would cause another."
  }
}

variable "permissions_boundary" {
  description = "Permissions boundary of the role that replicates."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary is the ARN of a policy."
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
