variable "name" {
  description = "Name of the API."
  type        = string
}

variable "function" {
  description = "Function that answers: its name, and the ARN by which an API calls it."
  type = object({
    name       = string
    invoke_arn = string
  })
  nullable = false
}

variable "path" {
  description = "The two parts of the path that is answered, such as hook and {token}."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.path) == 2 && alltrue([for part in var.path : can(regex("^([A-Za-z0-9._-]+|\\{[a-z]+\\})$", part))])
    error_message = "path is two parts, each a word or a {name}."
  }
}

variable "method" {
  description = "HTTP method that is answered."
  type        = string
  default     = "POST"
  nullable    = false
}

variable "clients" {
  description = "Ranges that may call."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.clients) > 0
    error_message = "clients must not be empty: nobody could call."
  }

  validation {
    condition     = alltrue([for cidr in var.clients : try(tonumber(split("/", cidr)[1]) >= 8 && cidrsubnet(cidr, 0, 0) == cidr, false)])
    error_message = "clients are IPv4 ranges of /8 or narrower that begin on their own boundary; one address is 192.0.2.1/32."
  }
}

variable "throttle" {
  description = "Limits of calls per second and of concurrent calls. Each call costs, and anybody can call."
  type = object({
    rate  = optional(number, 5)
    burst = optional(number, 10)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.throttle.rate > 0 && var.throttle.burst > 0
    error_message = "throttle.rate and throttle.burst are above 0, at which nothing comes through."
  }
}

variable "account_role_arn" {
  description = "Role by which API Gateway writes logs, one for the account and Region: set it in one workspace alone."
  type        = string
  default     = null
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
