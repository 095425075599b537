variable "name" {
  description = "Name of the vault and its plan. Resources with the tag Backup of this value are backed up. Changing it replaces the vault, which must be empty."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{2,50}$", var.name))
    error_message = "name is 2 to 50 letters, digits, _ and -."
  }
}

variable "kms_key_arn" {
  description = "Customer-managed key of the vault."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, not an id or alias."
  }
}

variable "lock" {
  description = "Minimum and maximum days that the vault retains backups, whatever a request says."
  type = object({
    min_days = optional(number, 7)
    max_days = optional(number, 400)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.lock.min_days >= 1 && var.lock.min_days <= var.lock.max_days
    error_message = "lock.min_days is 1 to lock.max_days."
  }
}

variable "rules" {
  description = "Schedule of backups in the six fields of AWS's cron, and how long backups and copies are retained, by name. Without rules the vault only receives copies."
  type = map(object({
    cron           = string
    time_zone      = optional(string, "Asia/Tokyo")
    keep_days      = number
    copy_keep_days = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for r in var.rules : length(regexall("\\S+", r.cron)) == 6])
    error_message = "cron has six fields: minute, hour, day, month, day of the week, year."
  }

  validation {
    condition     = alltrue([for r in var.rules : r.keep_days >= var.lock.min_days && r.keep_days <= var.lock.max_days])
    error_message = "keep_days lies within the lock, or every backup would fail."
  }

  validation {
    condition     = alltrue([for r in var.rules : r.copy_keep_days == null || var.copy_vault_arn != null])
    error_message = "copy_keep_days needs copy_vault_arn."
  }
}

variable "copy_vault_arn" {
  description = "Vault in another Region that copies go to. Its lock holds for copy_keep_days."
  type        = string
  default     = null

  validation {
    condition     = var.copy_vault_arn == null || can(regex("^arn:[a-z-]+:backup:[a-z0-9-]+:[0-9]{12}:backup-vault:.+$", var.copy_vault_arn))
    error_message = "copy_vault_arn is the ARN of a vault."
  }
}

variable "role_arn" {
  description = "Role that AWS Backup assumes; needed with rules."
  type        = string
  default     = null

  validation {
    condition     = length(var.rules) == 0 || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", var.role_arn))
    error_message = "With rules, role_arn is the ARN of a role."
  }
}

variable "topic_arn" {
  description = "Topic that is told of failed backups and copies; backup.amazonaws.com must be one of its publishers."
  type        = string
  nullable    = false
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
