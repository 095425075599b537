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

variable "routes" {
  description = "Requests that the function gets: method and path, such as POST /hook/{token}."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.routes) > 0
    error_message = "Without routes nothing comes through."
  }

  validation {
    condition     = alltrue([for route in var.routes : can(regex("^(DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /", route))])
    error_message = "A route is a method and a path, such as POST /hook: not all of them."
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
