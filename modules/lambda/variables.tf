variable "name" {
  description = "Name of the function."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "name is 1 to 64 letters, digits, _ and -."
  }
}

variable "description" {
  description = "What the function does."
  type        = string
}

variable "role_arn" {
  description = "Role of the function, which may write to its log group."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", var.role_arn))
    error_message = "role_arn is the ARN of a role."
  }
}

variable "package" {
  description = "Zip file with the program. Either a local file, with the base64 of its SHA-256 (filebase64sha256(filename)), which shows a new file; or an object in S3, whose newest version is used, with the SHA-256 of its upload (aws s3 cp --checksum-algorithm SHA256)."
  type = object({
    filename = optional(string)
    hash     = optional(string)
    object = optional(object({
      bucket = string
      key    = string
    }))
  })
  nullable = false

  validation {
    condition     = (var.package.filename == null) != (var.package.object == null) && (var.package.filename == null) == (var.package.hash == null)
    error_message = "package must be a filename with its hash, or an object whose hash is known."
  }

  validation {
    condition     = endswith(coalesce(var.package.filename, try(var.package.object.key, null), "-"), ".zip") && (var.package.hash == null || can(regex("^[A-Za-z0-9+/]{43}=$", var.package.hash)))
    error_message = "package is a .zip file, and hash its filebase64sha256()."
  }
}

variable "runtime" {
  description = "Runtime; programs that are compiled, Go's among them, use provided.al2023."
  type        = string
  default     = "provided.al2023"
  nullable    = false

  validation {
    condition     = !contains(["go1.x", "provided", "provided.al2"], var.runtime)
    error_message = "This runtime is at its end: use provided.al2023."
  }
}

variable "handler" {
  description = "Where the runtime enters the program."
  type        = string
  default     = "bootstrap"
  nullable    = false
}

variable "architecture" {
  description = "arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is arm64 or x86_64."
  }
}

variable "timeout" {
  description = "Seconds after which a call is ended; API Gateway waits no longer than 29."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900
    error_message = "timeout is 1 to 900 seconds."
  }
}

variable "memory" {
  description = "MB of memory, with which the share of a processor grows."
  type        = number
  default     = 128
  nullable    = false

  validation {
    condition     = var.memory >= 128 && var.memory <= 10240
    error_message = "memory is 128 to 10240 MB."
  }
}

variable "concurrency" {
  description = "Calls at once, taken from the account's share; -1 does not bound them, and 0 stops the function."
  type        = number
  default     = -1
  nullable    = false
}

variable "environment" {
  description = "Environment variables. Names of secrets, not secrets: the function fetches them."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = !anytrue([for name, value in var.environment :
      can(regex("(?i)(password|passwd|secret|token|api_?key|private_?key)", name)) && !can(regex("^(arn:|secretsmanager://)", value)) && !can(regex("(?i)_(arn|name|id)$", name))
    ])
    error_message = "A variable seems to contain a secret, which everybody who may read functions could see. Put the secret into Secrets Manager and its ARN into a variable named …_ARN."
  }
}

variable "kms_key_arn" {
  description = "Customer-managed key of the environment variables."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, not an id or alias."
  }
}

variable "callers" {
  description = "Services that may call the function, by name, each for one source. Without a source, anybody's could call. The permission of an API is created with the API."
  type = map(object({
    service    = string
    source_arn = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for c in var.callers : can(regex("^[a-z0-9.-]+\\.amazonaws\\.com$", c.service)) && startswith(c.source_arn, "arn:")])
    error_message = "A caller is a service such as sns.amazonaws.com, and the ARN of its source."
  }
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
