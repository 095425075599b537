variable "name" {
  description = "Name of the project."
  type        = string
}

variable "description" {
  description = "What the project does."
  type        = string
}

variable "image" {
  description = "Image that it runs in, for ARM64, by digest."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image ends in @sha256: and a digest: a tag moves."
  }
}

variable "commands" {
  description = "Commands of a build."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.commands) > 0
    error_message = "A build without commands does nothing, with success."
  }
}

variable "run_as" {
  description = "User of the image, by name, that runs the commands; root if null."
  type        = string
  default     = null

  validation {
    condition     = var.run_as == null || can(regex("^[a-z_][a-z0-9_-]*$", var.run_as))
    error_message = "run_as is the name of a user in the image, such as reconcile, not its number."
  }
}

variable "role_arn" {
  description = "Role of the builds, which may pull the image and write to the log group."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", var.role_arn))
    error_message = "role_arn is the ARN of a role."
  }
}

variable "kms_key_arn" {
  description = "Customer-managed key of what builds leave."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, not an id or alias."
  }
}

variable "compute" {
  description = "Size of its machine: SMALL, MEDIUM or LARGE."
  type        = string
  default     = "SMALL"
  nullable    = false

  validation {
    condition     = contains(["SMALL", "MEDIUM", "LARGE"], var.compute)
    error_message = "compute is SMALL, MEDIUM or LARGE."
  }
}

variable "timeout_minutes" {
  description = "Minutes after which a build is ended."
  type        = number
  default     = 120
  nullable    = false

  validation {
    condition     = var.timeout_minutes >= 5 && var.timeout_minutes <= 480
    error_message = "timeout_minutes is 5 to 480."
  }
}

variable "environment" {
  description = "Environment variables in plain text."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = !anytrue([for name, value in var.environment :
      can(regex("(?i)(password|passwd|secret|token|api_?key|private_?key)", name)) && !can(regex("^(arn:|secretsmanager://)", value))
    ])
    error_message = "A variable seems to hold a secret: use secrets."
  }
}

variable "secrets" {
  description = "Environment variables from Secrets Manager: the secret's ARN, a colon, and the key in it if it is JSON."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secrets : can(regex("^arn:[a-z-]+:secretsmanager:", arn))])
    error_message = "secrets are ARNs of secrets in Secrets Manager, not secrets."
  }
}

variable "vpc" {
  description = "Network that builds stand in, by whose addresses they go out; none if null."
  type = object({
    id                 = string
    subnet_ids         = map(string)
    security_group_ids = set(string)
  })
  default = null
}

variable "log_group_arn" {
  description = "Log group, from the module cloudwatch: evidence, which outlives what writes it."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:logs:[a-z0-9-]+:[0-9]{12}:log-group:[^:]+$", var.log_group_arn))
    error_message = "log_group_arn is the ARN of a log group, without :* at its end."
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
