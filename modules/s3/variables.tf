variable "name" {
  description = "Name of the bucket, unique in all of AWS."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name is 3 to 63 lower-case letters, digits and hyphens; a dot would break TLS."
  }
}

variable "kms_key_arn" {
  description = "Customer-managed key of the objects. Null, which must be written out, means S3's own key: load balancers and S3 access logs can deliver to no other bucket."
  type        = string

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, not an id or alias."
  }
}

variable "retention" {
  description = "Days until objects expire (never if null; by prefix, with all their versions), days until replaced or deleted versions expire, and days in which nobody may delete a version (lock_mode GOVERNANCE, or COMPLIANCE, which nobody can remove). The lock can only be chosen when the bucket is created, and not where S3 or load balancers deliver logs."
  type = object({
    expire_days     = optional(number)
    prefixes        = optional(map(number), {})
    noncurrent_days = optional(number, 90)
    lock_days       = optional(number)
    lock_mode       = optional(string, "GOVERNANCE")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for days in concat(values(var.retention.prefixes), [var.retention.expire_days, var.retention.noncurrent_days, var.retention.lock_days]) : try(days >= 1 && floor(days) == days, days == null)])
    error_message = "retention is in whole days, at least one."
  }

  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.retention.lock_mode)
    error_message = "lock_mode is GOVERNANCE or COMPLIANCE."
  }

  validation {
    condition     = try(var.retention.lock_days <= var.retention.expire_days, true)
    error_message = "lock_days is longer than expire_days: objects would expire and stay."
  }
}

variable "log_services" {
  description = "Services that may deliver logs of this account: delivery.logs.amazonaws.com, logdelivery.elasticloadbalancing.amazonaws.com, logging.s3.amazonaws.com."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition = length(setsubtract(var.log_services, [
      "delivery.logs.amazonaws.com", "logdelivery.elasticloadbalancing.amazonaws.com", "logging.s3.amazonaws.com",
    ])) == 0
    error_message = "log_services are delivery.logs.amazonaws.com, logdelivery.elasticloadbalancing.amazonaws.com and logging.s3.amazonaws.com."
  }

  validation {
    condition     = var.kms_key_arn == null || length(setsubtract(var.log_services, ["delivery.logs.amazonaws.com"])) == 0
    error_message = "Load balancers and S3 access logs cannot deliver to a bucket with a customer-managed key: set kms_key_arn to null."
  }

  # S3 says so for its access logs (S3 User Guide, "Object Lock considerations").
  # No document says whether load balancers can deliver to such a bucket.
  validation {
    condition     = var.retention.lock_days == null || length(setsubtract(var.log_services, ["delivery.logs.amazonaws.com"])) == 0
    error_message = "S3 access logs cannot be delivered to a bucket with Object Lock, and load balancers' logs perhaps not: leave lock_days out, set deny_delete, and lock a copy."
  }
}

variable "readers" {
  description = "Who may read objects besides the account's own roles: CloudFront distributions by ARN (origin access control), and everybody who comes through a VPC endpoint, by id. Nobody by default."
  type = object({
    distribution_arns = optional(set(string), [])
    vpc_endpoint_ids  = optional(set(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for arn in var.readers.distribution_arns : can(regex("^arn:[a-z-]+:cloudfront::[0-9]{12}:distribution/[A-Z0-9]+$", arn))])
    error_message = "readers.distribution_arns are ARNs of CloudFront distributions."
  }

  validation {
    condition     = alltrue([for id in var.readers.vpc_endpoint_ids : can(regex("^vpce-[0-9a-f]{8,17}$", id))])
    error_message = "readers.vpc_endpoint_ids are ids such as vpce-0123456789abcdef0."
  }

  validation {
    condition     = var.kms_key_arn == null || length(var.readers.vpc_endpoint_ids) == 0
    error_message = "Who comes through an endpoint signs nothing, and S3 decrypts only for signed requests: set kms_key_arn to null."
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

variable "deny_delete" {
  description = "Whether the policy denies everybody to delete versions or the bucket; lifecycle rules still do."
  type        = bool
  default     = false
  nullable    = false
}

variable "replication" {
  description = "Target of the copies: a bucket with versioning, the role that copies, the key there (needed if the objects here have a key), and which objects are copied (all if null)."
  type = object({
    bucket_arn  = string
    role_arn    = string
    kms_key_arn = optional(string)
    prefix      = optional(string)
  })
  default = null

  validation {
    condition     = var.replication == null || try((var.replication.kms_key_arn == null) == (var.kms_key_arn == null), false)
    error_message = "replication needs a kms_key_arn of the target's Region if, and only if, the bucket has one."
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
